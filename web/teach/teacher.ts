/**
 * Trains a network on a lesson in the worker, measures it on the validation photos, and packs the model.
 *
 * @module
 */

import {
  AdaptiveExecutor,
  calibrate,
  type Calibration,
  changeSpec,
  fitTemperatures,
  loadModel,
  type Model,
  RanetError,
  readSpec,
  toTensor,
  type Validation,
  withTemperatures,
} from "../library.ts";
import {
  calibrateBudgets,
  changeRecipe,
  type Dataset,
  packModel,
  readRecipe,
  type Recipe,
  type Snapshot,
  splitDataset,
  train,
  type TrainOptions,
} from "../train_library.ts";
import { inputLength, inputSize } from "../../lib/network/common.ts";
import type { Base, Lesson, Outcome } from "./messages.ts";
import { photoDataset } from "./photo_dataset.ts";
import { bestThresholds } from "./thresholds.ts";

/**
 * The models from which lessons start, with the number of epochs, the learning rate, and the number of epochs between
 * validations.
 */
const BASES: Readonly<
  Record<
    Base,
    { readonly model: string; readonly epochs: number; readonly rate: number; readonly validateEvery: number }
  >
> = {
  faster: { model: "ranet-cifar10-micro", epochs: 80, rate: 0.1, validateEvery: 4 },
  better: { model: "ranet-cifar10", epochs: 40, rate: 0.015, validateEvery: 4 },
};
/** Limit of the total number of photos over all epochs. With many photos, the number of epochs is reduced. */
const MOST_TAKEN: Readonly<Record<Base, number>> = { faster: 60_000, better: 24_000 };
/** Maximum batch size. */
const MOST_TOGETHER = 64;
/** Minimum number of validation photos per class. */
const LEAST_ASIDE = 2;
/** Seed of order, augmentation and validation split, so that the same photos give the same model. */
const SEED = 0;

/** A prepared lesson. */
export interface Course {
  readonly lesson: Lesson;
  readonly spec: Awaited<ReturnType<typeof readSpec>>;
  readonly recipe: Recipe;
  readonly training: Dataset;
  readonly aside: Dataset;
  /** State in which it was stopped. */
  moment?: Snapshot;
}

/** The result of a course so far. */
export interface Taught {
  readonly finished: boolean;
  readonly archive: Blob;
  readonly outcome: Outcome;
}

/**
 * Prepares a lesson.
 *
 * @throws {RanetError} If the classes have invalid names or too few photos.
 */
export async function prepare(lesson: Lesson): Promise<Course> {
  const { model, epochs, rate } = BASES[lesson.base];
  const base = await readSpec(model);
  const spec = changeSpec(base, { name: "my-model", classes: lesson.classes });
  const photos = photoDataset(lesson.photos, inputSize(spec.input));
  const { training, validation: aside } = await splitDataset(photos, { seed: SEED, least: LEAST_ASIDE });
  const most = Math.max(1, Math.round(MOST_TAKEN[lesson.base] / training.size));
  const few = await readRecipe("few-images");
  const recipe = changeRecipe(few, {
    epochs: Math.min(epochs, most),
    batch: Math.min(few.batch, training.size),
    learningRate: rate,
    seed: SEED,
  });
  const { augment } = recipe;
  return {
    lesson,
    spec,
    training,
    aside,
    recipe: { ...recipe, augment: augment && { ...augment, flip: lesson.mirror } },
  };
}

/** Trains, continuing a stopped run, until the end or until the signal aborts. */
export async function learn(course: Course, options: TrainOptions): Promise<Taught> {
  const { lesson, spec, recipe, training, aside, moment: resume } = course;
  const { model: base, validateEvery } = BASES[lesson.base];
  const init = await loadModel(base, { calibrated: false });
  const { model, moment, finished } = await train(spec, training, recipe, {
    ...options,
    init,
    resume,
    validation: aside,
    validateEvery,
  });
  course.moment = finished ? undefined : moment;
  return { finished, ...await measure(course, model) };
}

/** Measures a model on the validation photos, and calibrates it with them. */
async function measure({ lesson, spec, recipe, aside }: Course, trained: Model): Promise<Omit<Taught, "finished">> {
  const validation = await logitsOf(trained, aside);
  const { tensors, network } = trained;
  const temperatures = await unlessFew(() => fitTemperatures(network, validation));
  const model = temperatures ? withTemperatures(trained, temperatures) : trained;
  const own = temperatures ? await logitsOf(model, aside) : validation;
  const calibrations = await unlessFew(() => findCalibrations(model, own)) ?? [];
  const archive = new Blob([await packModel(spec, tensors, { temperatures, calibrations })], {
    type: "application/zip",
  });
  const { flops, answers } = decide(model, own, bestThresholds(calibrations, network));
  const judged = await Promise.all(answers.map(async (answer, index) => {
    const { name, label } = await aside.read(index);
    return { id: Number(name), label, answer };
  }));
  const outcome: Outcome = {
    classes: spec.classes,
    judged,
    isFitted: calibrations.length > 0,
    cost: flops / answers.length,
    fullCost: network.exits.at(-1)!.cumulativeFlops,
    command: commandOf(lesson.base, recipe),
  };
  return { archive, outcome };
}

/** Thresholds for round budgets, and the cheapest ones with the accuracy of the last exit. */
async function findCalibrations(model: Model, validation: Validation): Promise<Calibration[]> {
  const options = { dataset: "validation photos" };
  const found = await calibrateBudgets(model, validation, options);
  const answers = answersOf(model, validation, model.network.exits.length - 1);
  const accuracy = answers.filter((answer, i) => answer === validation.labels[i]).length / answers.length;
  if (accuracy > 0) found.push(await calibrate(model, validation, { accuracy }, options));
  return found.toSorted((a, b) => a.expectedCost - b.expectedCost);
}

/** The logits of every exit for photos. */
async function logitsOf(model: Model, photos: Dataset): Promise<Validation> {
  const batchSize = Math.min(MOST_TOGETHER, photos.size);
  using executor = await AdaptiveExecutor.create(model, { device: "cpu", batchSize });
  const { input } = model.spec;
  const length = inputLength(input);
  const images = new Float32Array(photos.size * length);
  for (let index = 0; index < photos.size; index++) {
    images.set(toTensor((await photos.read(index)).image, input), index * length);
  }
  return { logits: await executor.forward(images), labels: await photos.labels() };
}

/** The exit and the prediction of each photo. */
function decide(
  model: Model,
  validation: Validation,
  thresholds: readonly number[],
): { readonly flops: number; readonly answers: readonly number[] } {
  const { exits } = model.network;
  let flops = 0;
  const answers = Array.from(validation.labels, (_, sample) => {
    const at = exits.findIndex((_, exit) =>
      exit === exits.length - 1 || surenessOf(model, validation, exit, sample) >= thresholds[exit]
    );
    flops += exits[at].cumulativeFlops;
    return answersOf(model, validation, at)[sample];
  });
  return { flops, answers };
}

function rowOf({ network }: Model, { logits }: Validation, exit: number, sample: number): Float32Array {
  const classes = network.spec.classes.length;
  return logits[exit].subarray(sample * classes, (sample + 1) * classes);
}

function answersOf(model: Model, validation: Validation, exit: number): number[] {
  return Array.from(validation.labels, (_, sample) => {
    const row = rowOf(model, validation, exit, sample);
    return row.indexOf(Math.max(...row));
  });
}

function surenessOf(model: Model, validation: Validation, exit: number, sample: number): number {
  const row = rowOf(model, validation, exit, sample);
  const most = Math.max(...row);
  return 1 / row.reduce((sum, value) => sum + Math.exp(value - most), 0);
}

/** Calls a function that fails with too few photos; `undefined` in that case. */
async function unlessFew<T>(find: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await find();
  } catch (error) {
    if (error instanceof RanetError) return undefined;
    throw error;
  }
}

function commandOf(base: Base, { length, batch, augment, schedule: { learningRate: rate } }: Recipe): string {
  const { model } = BASES[base];
  const epochs = "epochs" in length ? ` --epochs ${length.epochs}` : "";
  const mirrored = augment && augment.flip ? " # with flip: true in the recipe" : "";
  return `./ranet train my-model/spec.yaml --init ${model} --recipe few-images${epochs} --rate ${rate} --batch ${batch} --data photos ` +
    `--out my-other-model${mirrored}`;
}
