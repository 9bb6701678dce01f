/**
 * Opens everything that a run needs: reads the images, and puts the network with its initial weights on a device.
 *
 * @module
 */

import type { Dataset } from "../data/dataset.ts";
import { checkSameClasses } from "../data/same_classes.ts";
import { DATASET_DEADLINE, type DecoderPool, openDecoders } from "../data/decoder_pool.ts";
import { normaliser } from "../data/preprocess.ts";
import { measure, type Measured } from "../calibration/measure.ts";
import { FEWEST_SAMPLES } from "../calibration/samples.ts";
import { divideAll, fitTemperatures } from "../calibration/temperature.ts";
import type { DeviceChoice } from "../device/fallback.ts";
import { openTrainer } from "../device/open_trainer.ts";
import type { LossOptions, TrainingState } from "../device/trainer.ts";
import { RanetError } from "../errors.ts";
import { type Model, withTemperatures } from "../model/model.ts";
import type { Temperatures } from "../model/temperatures.ts";
import { buildNetwork } from "../network/build.ts";
import { inputSize } from "../network/common.ts";
import type { Network } from "../network/network.ts";
import type { ArchitectureSpec } from "../network/architecture.ts";
import { digestTrained } from "../weights/digest.ts";
import type { Tensor } from "../weights/tensor.ts";
import { type BatchSource, stepsPerEpoch } from "./batches.ts";
import { checkClasses, checkOverlap, countClasses } from "./check_data.ts";
import { ImageStore } from "./image_store.ts";
import { type Given, initialWeights, startFrom } from "./initial_weights.ts";
import { run, type RunOptions, type RunOutcome, type Snapshot, totalSteps } from "./loop.ts";
import { checkAugmentation, lossOf, type Recipe } from "./recipe.ts";
import { type Position, startPosition } from "./records.ts";
import type { StoredForm } from "./stored_image.ts";
import { SizedTrainer } from "./sized_trainer.ts";
import { checkSizes, remainingWork } from "./sizes.ts";
import { validate, type ValidateOptions, type ValidationOutcomes } from "./validate.ts";

/** Default limit for decoded images in memory, in bytes. */
export const DEFAULT_CACHE = 2e9;

/** Options of a session. */
export interface SessionOptions {
  /** The architecture. */
  readonly spec: ArchitectureSpec;
  /** The recipe. */
  readonly recipe: Recipe;
  /** Images to train on. */
  readonly training: Dataset;
  /** Images to validate on. */
  readonly validation?: Dataset;
  /** A snapshot of an earlier run to continue from. */
  readonly snapshot?: Snapshot;
  /** A trained model to start from. */
  readonly init?: Given;
  /** The device to run on. */
  readonly device: DeviceChoice;
  /** Threads of the CPU. */
  readonly threads?: number;
  /**
   * Called with the reason why `auto` uses the CPU instead of an adapter. Default: it is added to the session's
   * warnings.
   */
  readonly onFallback?: (message: string) => void;
  /** Memory for decoded images in bytes. */
  readonly cache: number;
  /**
   * Called with the reason why an image cannot be read; the image is left out. Without it, the first such image throws.
   */
  readonly onBad?: (message: string) => void;
  /** Called after each image that has been read. */
  readonly onRead?: () => void;
  /** Stops reading when aborted. */
  readonly signal?: AbortSignal;
  /** Opens the trainer. Default: `openTrainer`. */
  readonly open?: typeof openTrainer;
}

/** A model with calibrated confidences. */
export interface Calibrated {
  /** The model. */
  readonly model: Model;
  /** Its results on the validation images. */
  readonly measured: Measured;
  /** Temperatures, if they have just been fitted. */
  readonly temperatures?: Temperatures;
}

/** A network in training, and its images. */
export class Session implements Disposable {
  /** The network. */
  readonly network: Network;
  /** The recipe. */
  readonly recipe: Recipe;
  /** Number of training images of each class. */
  readonly counts: readonly number[];
  /** Warnings, in sentences. */
  readonly warnings: readonly string[];
  /** The trainer. */
  readonly trainer: SizedTrainer;
  /** Images to train on. */
  readonly training: BatchSource;
  /** Images to validate on. */
  readonly validation?: BatchSource;
  readonly #spec: ArchitectureSpec;
  readonly #threads?: number;
  readonly #snapshot?: Snapshot;
  readonly #decoders?: DecoderPool;

  private constructor(
    parts:
      & Pick<Session, "network" | "recipe" | "counts" | "warnings" | "trainer" | "training" | "validation">
      & Pick<SessionOptions, "spec" | "threads" | "snapshot">
      & { readonly decoders?: DecoderPool },
  ) {
    ({ network: this.network, recipe: this.recipe, counts: this.counts, warnings: this.warnings } = parts);
    ({ trainer: this.trainer, training: this.training, validation: this.validation } = parts);
    this.#spec = parts.spec;
    this.#threads = parts.threads;
    this.#snapshot = parts.snapshot;
    this.#decoders = parts.decoders;
  }

  /**
   * Checks the data, reads the images, and puts the network on a device.
   *
   * @throws {RanetError} If the data cannot be trained on, weights do not fit, or there is no such device.
   */
  static async open(options: SessionOptions): Promise<Session> {
    const { spec, recipe, training, validation, snapshot } = options;
    const network = buildNetwork(spec);
    const loss = lossOf(recipe, network.exits.length);
    checkAugmentation(recipe, network.features[0].channels);
    checkSizes(recipe, spec);
    checkSameClasses({ name: `the network ${spec.name}`, classes: spec.classes }, training);
    if (validation) {
      checkSameClasses(training, validation);
      checkOverlap(training, validation);
    }
    // One core is reserved for the network.
    const size = Math.max(1, navigator.hardwareConcurrency - 1);
    using opened = new DisposableStack();
    const decoders = opened.use(
      await openDecoders(training.size, { size, deadline: DATASET_DEADLINE, onNote: () => {} }),
    );
    // Labels, weights and the device are checked first, because reading all images takes long.
    countImages(await training.labels(), spec, recipe);
    const { trainer, warnings } = await startTrainer(network, loss, options);
    opened.use(trainer);
    const images = await readImages(options, decoders);
    opened.move();
    return new Session({
      ...{ spec, network, recipe, trainer, threads: options.threads, snapshot, decoders, ...images },
      warnings: [...images.warnings, ...warnings],
    });
  }

  /** Steps in the whole run. */
  get steps(): number {
    return totalSteps(this.recipe, this.training.store.usable.length);
  }

  /** Work of the remaining steps, in steps of the epoch in which the run starts or continues. */
  get remainingWork(): number {
    return remainingWork(this.recipe, this.#spec, {
      step: this.position.step,
      steps: this.steps,
      perEpoch: stepsPerEpoch(this.training.store.usable.length, this.recipe.batch),
    });
  }

  /** The position at which the run starts or continues. */
  get position(): Position {
    return this.#snapshot?.position ?? startPosition(this.network.exits.length);
  }

  /** Measures weights on the validation images, if there are any. */
  async validate(
    tensors: ReadonlyMap<string, Tensor>,
    options: Pick<ValidateOptions, "keepLogits" | "temperatures"> = {},
  ): Promise<ValidationOutcomes | undefined> {
    const { network, validation, trainer: { device: { kind: device } } } = this;
    return validation && await validate(network, tensors, validation, { ...options, device, threads: this.#threads });
  }

  /**
   * Calibrates a model's confidences on the validation images with temperatures: its own if it has any, otherwise
   * fitted ones.
   *
   * @returns The calibrated model and its results; `undefined` if there are too few images.
   */
  async calibrate(model: Model): Promise<Calibrated | undefined> {
    const { validation } = this;
    if (!validation || validation.store.usable.length < FEWEST_SAMPLES) return undefined;
    const plain = (await this.validate(model.tensors, { keepLogits: true }))!;
    const logits = plain.logits!;
    const fitted = model.temperatures ? undefined : fitTemperatures(model.network, logits);
    const temperatures = model.temperatures ?? fitted!;
    const measured = logits.labels.length === plain.labels.length
      ? measure(model.network, divideAll(logits, temperatures))
      : (await this.validate(model.tensors, { temperatures }))!;
    return {
      model: fitted ? withTemperatures(model, fitted) : model,
      measured,
      temperatures: fitted && { weights: await digestTrained(model), temperatures: fitted },
    };
  }

  /** Runs the training loop. */
  async run(
    hooks: Pick<RunOptions, "signal" | "saveEvery" | "validateEvery" | "onStep" | "onEpoch" | "onSave">,
  ): Promise<RunOutcome> {
    const { network, recipe, trainer, training, validation, position } = this;
    return await run({
      ...{ network, recipe, trainer, training, validation, position, threads: this.#threads },
      ...hooks,
    });
  }

  /** Ends threads, and frees the device's memory. */
  [Symbol.dispose](): void {
    this.trainer[Symbol.dispose]();
    this.#decoders?.[Symbol.dispose]();
  }
}

/** Zeros of the same shapes, with which an average begins (see `weightsOf`). */
function zeros(tensors: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  return new Map(
    Array.from(tensors, ([name, { shape, data }]) => [name, { shape, data: new Float32Array(data.length) }] as const),
  );
}

/** Opens both data sets' images, and reads as many as fit into memory. */
async function readImages(
  options: SessionOptions,
  decoders: DecoderPool | undefined,
): Promise<Pick<Session, "training" | "validation" | "counts" | "warnings">> {
  const { spec, recipe, cache, onBad, onRead: onProgress, signal } = options;
  const { size, resize } = spec.input;
  const open = async (dataset: Dataset, form: StoredForm, room: number): Promise<BatchSource> => {
    const store = await ImageStore.create(dataset, { form, decoders, channels: spec.input.mean.length });
    await store.fill({ room, onBad, onProgress, signal });
    return {
      store,
      size: inputSize(spec.input),
      channels: spec.input.mean.length,
      normalise: normaliser(spec.input),
      onBad,
    };
  };
  const validation = options.validation && await open(options.validation, { size, resize }, cache);
  if (validation?.store.usable.length === 0) {
    throw new RanetError("Cannot validate: there are no images to validate on");
  }
  // Resized crops need originals. Otherwise images are resized to cover the input size, without the margin that
  // inference crops.
  const isOriginal = recipe.augment && recipe.augment.resizedCrop !== undefined;
  const form = isOriginal ? "original" : { size, resize: size };
  const training = await open(options.training, form, cache - (validation?.store.bytes ?? 0));
  const labels = Array.from(training.store.usable, (index) => training.store.labels[index]);
  return { training, validation, ...countImages(labels, spec, recipe) };
}

/** Counts the training images of each class. @throws {RanetError} If they cannot be trained on. */
function countImages(
  labels: ArrayLike<number>,
  { classes }: ArchitectureSpec,
  { batch }: Recipe,
): Pick<Session, "counts" | "warnings"> {
  const counts = countClasses(labels, classes.length);
  const warning = checkClasses(counts, { classes, batch });
  return { counts, warnings: warning ? [warning] : [] };
}

/** Puts the network on a device, with the state of an earlier run, given weights, or random weights. */
async function startTrainer(
  network: Network,
  loss: LossOptions,
  { spec, recipe, snapshot, init, device, threads, onFallback, open = openTrainer }: SessionOptions,
): Promise<Pick<Session, "trainer" | "warnings">> {
  const { batch, optimizer, emaDecay, gradients, train, seed } = recipe;
  const warnings: string[] = [];
  const options = {
    ...{ batchSize: batch, optimizer, loss, emaDecay, gradients, train, device, threads },
    onFallback: onFallback ?? ((message: string) => warnings.push(message)),
  };
  const sized = async (state: TrainingState) => {
    const trainer = await open(network, state, options);
    const { kind } = trainer.device;
    return new SizedTrainer(spec, trainer, (scaled, from) => open(scaled, from, { ...options, device: kind }));
  };
  if (snapshot) return { trainer: await sized(snapshot.state), warnings };
  const { tensors, notes } = init
    ? startFrom(network, init, seed)
    : { tensors: initialWeights(network, seed), notes: [] };
  const state = { tensors, momentum: new Map(), ...emaDecay > 0 && { ema: zeros(tensors) } };
  const trainer = await sized(state);
  return { trainer, warnings: [...notes, ...warnings] };
}
