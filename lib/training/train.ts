/**
 * Training from code.
 *
 * @module
 */

import type { Dataset } from "../data/dataset.ts";
import type { DeviceChoice } from "../device/fallback.ts";
import type { DeviceInfo } from "../device/runner.ts";
import { createModel, type Model } from "../model/model.ts";
import { type ArchitectureSpec, SPEC_PARTS } from "../network/architecture.ts";
import type { Tensor } from "../weights/tensor.ts";
import type { Given } from "./initial_weights.ts";
import { boundAverage, type RunOutcome, type Snapshot, weightsOf } from "./loop.ts";
import { nameClassesOf } from "./name_classes.ts";
import { type Recipe, RECIPE_PARTS } from "./recipe.ts";
import type { EpochRecord, StepRecord } from "./records.ts";
import { DEFAULT_CACHE, Session, type SessionOptions } from "./session.ts";
import { expectObject } from "../text/expect.ts";

/** How {@linkcode train} runs. */
export interface TrainOptions {
  /** Images that are not trained on, to tell how good the network has become after each epoch. Default: none. */
  readonly validation?: Dataset;
  /**
   * Epochs from one validation to the next; after the last one it is validated in any case.
   *
   * @default {1}
   */
  readonly validateEvery?: number;
  /**
   * A trained model to go on from: classes that both know keep its weights. Of tensors alone, the classes are taken for the
   * spec's. Default: weights are drawn anew, by the recipe's seed.
   */
  readonly init?: Pick<Model, "spec" | "tensors"> | ReadonlyMap<string, Tensor>;
  /** Where an earlier call with the same spec, images and recipe stopped (`Trained.moment`), to go on from there. */
  readonly resume?: Snapshot;
  /**
   * What it runs on. Default `auto`: a real GPU that opens and computes rightly, else the CPU; and the CPU, from the last whole epoch on,
   * where the GPU fails meanwhile.
   */
  readonly device?: DeviceChoice;
  /** Threads that the CPU uses. Default: as many as there are cores. */
  readonly threads?: number;
  /** Bytes of decoded images that are kept in memory; others are decoded in every epoch. Default 2e9. */
  readonly cache?: number;
  /** Once aborted, the step is finished and what has been learned is returned. */
  readonly signal?: AbortSignal;
  /** Told after each step. */
  readonly onStep?: (step: StepRecord) => void;
  /** Told after each epoch. */
  readonly onEpoch?: (epoch: EpochRecord) => void;
  /** Told what it runs on, before the first step and where that changes. */
  readonly onDevice?: (device: DeviceInfo) => void;
  /** Told why `auto` goes on on the CPU. Default: a warning on the console. */
  readonly onFallback?: (message: string) => void;
  /** Told what is wrong with an image that cannot be read, which is left out. Without it, the first one throws. */
  readonly onBad?: (message: string) => void;
  /** Told what might surprise: classes without images, say, or classifiers that start anew. */
  readonly onNote?: (message: string) => void;
}

/** What {@linkcode train} has made. */
export interface Trained {
  /** The network with its weights: the last ones, or their average where the recipe asks for one. */
  readonly model: Model;
  /** What each epoch gave. */
  readonly epochs: readonly EpochRecord[];
  /** Whether the recipe was followed to its end, not stopped by the signal. */
  readonly finished: boolean;
  /** Where it stopped: `resume` goes on from there, to the same weights as if it had not stopped. */
  readonly moment: Snapshot;
}

/**
 * Trains a network.
 *
 * The same spec, data and recipe give the same weights on the same device with the same number of threads.
 *
 * @param spec The architecture.
 * @param dataset Images to train on, whose labels are the spec's classes.
 * @param recipe How: see `readRecipe` and `parseRecipe`.
 * @param options Where it runs, and whom it tells.
 * @returns The trained model, to be classified with or saved (`writeSafetensors(model.tensors, …)`).
 * @throws {RanetError} If the data cannot be trained on, the device is not there, or a loss is not finite.
 *
 * @example
 * ```ts ignore
 * import { readSpec } from "@ranet/ranet";
 * import { changeSpec } from "@ranet/ranet/spec";
 * import { openDataset, readRecipe, splitDataset, train } from "@ranet/ranet/train";
 *
 * const spec = changeSpec(await readSpec("ranet-cifar10-micro"), { classes: ["cat", "dog"] });
 * const photos = await openDataset("photos", { labels: spec.classes, inputSize: spec.input.size });
 * const { training, validation } = await splitDataset(photos, { seed: 0 });
 * const { model } = await train(spec, training, await readRecipe("short"), {
 *   validation,
 *   onEpoch: ({ epoch, validation }) => console.log(epoch, validation?.top1),
 * });
 * ```
 */
export async function train(
  spec: ArchitectureSpec,
  dataset: Dataset,
  recipe: Recipe,
  options: TrainOptions = {},
): Promise<Trained> {
  expectObject("train", { spec }, ...SPEC_PARTS);
  expectObject("train", { dataset }, "size", "labels");
  expectObject("train", { recipe }, ...RECIPE_PARTS);
  expectObject("train", { options });
  const { init, resume, device = "auto", cache = DEFAULT_CACHE, ...rest } = options;
  const bounded = boundAverage(recipe, dataset.size);
  const named = nameClassesOf(spec, dataset);
  const outcome = await follow({
    ...rest,
    spec: named,
    recipe: bounded,
    training: dataset,
    init: init && givenBy(init),
    snapshot: resume,
    device,
    onFallback: options.onFallback ?? console.warn,
    cache,
  }, options);
  return {
    model: createModel(named, weightsOf(outcome, bounded), { source: "in training" }),
    epochs: outcome.position.epochs,
    finished: outcome.finished,
    moment: { position: outcome.position, state: outcome.state },
  };
}

function givenBy(init: NonNullable<TrainOptions["init"]>): Given {
  const source = "in init";
  return "tensors" in init ? { tensors: init.tensors, classes: init.spec.classes, source } : { tensors: init, source };
}

/** Follows the recipe; where `auto` has taken a GPU that is lost, the CPU goes on from the last epoch. */
export async function follow(
  options: SessionOptions,
  hooks: Pick<TrainOptions, "validateEvery" | "onStep" | "onEpoch" | "onDevice" | "onFallback" | "onNote">,
): Promise<RunOutcome> {
  const { device, signal } = options;
  const { validateEvery, onStep, onEpoch, onDevice, onFallback = console.warn } = hooks;
  let last = options.snapshot;
  using session = await Session.open(options);
  onDevice?.(session.trainer.device);
  for (const warning of session.warnings) hooks.onNote?.(warning);
  const mayFail = device === "auto" && session.trainer.device.kind === "gpu";
  const onSave = (moment: Snapshot): Promise<void> => {
    if (moment.position.sums.images === 0) last = moment;
    return Promise.resolve();
  };
  try {
    return await session.run({ saveEvery: Infinity, validateEvery, signal, onStep, onEpoch, ...mayFail && { onSave } });
  } catch (error) {
    if (!mayFail || await works(session)) throw error;
    onFallback(`Training goes on on the CPU: ${(error as Error).message}`);
  }
  return await follow({ ...options, device: "cpu", snapshot: last }, hooks);
}

/** Whether the trainer's device is still there. */
async function works({ trainer }: Session): Promise<boolean> {
  try {
    await trainer.read();
    return true;
  } catch {
    return false;
  }
}
