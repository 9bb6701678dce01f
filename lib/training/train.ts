/**
 * Trains a network from code.
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
import { boundEma, type RunOutcome, type Snapshot, weightsOf } from "./loop.ts";
import { nameClassesOf } from "./name_classes.ts";
import { type Recipe, RECIPE_PARTS } from "./recipe.ts";
import type { EpochRecord, StepRecord } from "./records.ts";
import { DEFAULT_CACHE, Session, type SessionOptions } from "./session.ts";
import { expectObject } from "../text/expect.ts";

/** Options of {@linkcode train}. */
export interface TrainOptions {
  /** Images for measuring the accuracy after each epoch; they are not trained on. Default: none. */
  readonly validation?: Dataset;
  /**
   * Epochs from one validation to the next; the last epoch is always validated.
   *
   * @default {1}
   */
  readonly validateEvery?: number;
  /**
   * A trained model to start from. Classes that both have keep its weights. If only tensors are given, they are assumed
   * to have the spec's classes. Default: random weights that follow from the recipe's seed.
   */
  readonly init?: Pick<Model, "spec" | "tensors"> | ReadonlyMap<string, Tensor>;
  /** The snapshot of an earlier call with the same spec, images and recipe (`Trained.moment`), to resume it. */
  readonly resume?: Snapshot;
  /**
   * The device to run on. Default `auto`: a hardware GPU that works correctly, otherwise the CPU. If the GPU fails
   * during training, the CPU continues from the last complete epoch.
   */
  readonly device?: DeviceChoice;
  /** Threads of the CPU. Default: one per core. */
  readonly threads?: number;
  /** Limit for decoded images in memory, in bytes; other images are decoded in every epoch. Default: 2e9. */
  readonly cache?: number;
  /** When aborted, the current step is finished and the result so far is returned. */
  readonly signal?: AbortSignal;
  /** Called after each step. */
  readonly onStep?: (step: StepRecord) => void;
  /** Called after each epoch. */
  readonly onEpoch?: (epoch: EpochRecord) => void;
  /** Called with the device before the first step and whenever it changes. */
  readonly onDevice?: (device: DeviceInfo) => void;
  /** Called with the reason why `auto` continues on the CPU. Default: a warning on the console. */
  readonly onFallback?: (message: string) => void;
  /**
   * Called with the reason why an image cannot be read; the image is left out. Without it, the first such image throws.
   */
  readonly onBad?: (message: string) => void;
  /** Called with warnings, for example about classes without images or classifiers that start from random weights. */
  readonly onNote?: (message: string) => void;
}

/** The result of {@linkcode train}. */
export interface Trained {
  /** The network with its weights: the last ones, or their average if the recipe says so. */
  readonly model: Model;
  /** A record of each epoch. */
  readonly epochs: readonly EpochRecord[];
  /** Whether training was completed rather than stopped by the signal. */
  readonly finished: boolean;
  /** The state at the end. With `resume`, training continues from it and produces bit-identical weights. */
  readonly moment: Snapshot;
}

/**
 * Trains a network.
 *
 * The same spec, data and recipe give the same weights on the same device with the same number of threads.
 *
 * @param spec The architecture.
 * @param dataset Images to train on, whose labels are the spec's classes.
 * @param recipe How to train; see `readRecipe` and `parseRecipe`.
 * @param options Validation, device and callbacks.
 * @returns The trained model, which can classify images or be saved (`writeSafetensors(model.tensors, …)`).
 * @throws {RanetError} If the data cannot be trained on, there is no such device, or a loss is not finite.
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
  const bounded = boundEma(recipe, dataset.size);
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

/**
 * Trains as the recipe specifies. If `auto` has chosen a GPU and it is lost, the CPU continues from the last complete
 * epoch.
 */
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
    onFallback(`Training continues on the CPU: ${(error as Error).message}`);
  }
  return await follow({ ...options, device: "cpu", snapshot: last }, hooks);
}

/** Whether the trainer's device still works. */
async function works({ trainer }: Session): Promise<boolean> {
  try {
    await trainer.read();
    return true;
  } catch {
    return false;
  }
}
