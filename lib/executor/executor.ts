/**
 * Classification that spends on each image what it needs: a sample leaves at the first exit that is confident enough.
 *
 * @module
 */

import { confidence, softmax } from "../device/confidence.ts";
import { type DeviceChoice, openRunner } from "../device/open.ts";
import type { DeviceInfo, Runner, StageRange } from "../device/runner.ts";
import { RanetError } from "../errors.ts";
import { buildPlan } from "../planner/build.ts";
import type { Model } from "./model.ts";

/** What became of one image. */
export interface Classification {
  /** The most probable class's label. */
  readonly label: string;
  /** Its index among the model's classes. */
  readonly index: number;
  /** Its probability, in [0, 1]. */
  readonly confidence: number;
  /** The exit taken, counted from 1. */
  readonly exit: number;
  /** The sub-network that the exit belongs to, counted from 1. */
  readonly subnetwork: number;
  /** Multiply-adds spent up to that exit. */
  readonly flops: number;
  /** Probability of each class, summing to 1. */
  readonly probabilities: Float32Array;
}

/** How an executor is made. */
export interface ExecutorOptions {
  /** What to run on. Default `auto`: the WebGPU adapter if there is one, else the CPU. */
  readonly device?: DeviceChoice;
  /** Most images computed together; larger batches are run in parts. Default 64. */
  readonly capacity?: number;
}

/** When a sample leaves. */
export interface ClassifyOptions {
  /**
   * Confidence in [0, 1] at which a sample leaves: one for all exits, or one per exit. The last exit takes every sample
   * that is left. Default {@linkcode DEFAULT_THRESHOLD}.
   */
  readonly threshold?: number | readonly number[];
}

/** Confidence at which a sample leaves where nothing else is said. */
export const DEFAULT_THRESHOLD = 0.9;

/**
 * Runs a model on a device. Dispose of it (`using`) to give the device's memory back.
 *
 * @example
 * ```ts
 * import { AdaptiveExecutor } from "./executor.ts";
 * import { DEFAULT_MODEL, loadModel } from "./model.ts";
 *
 * const model = await loadModel(DEFAULT_MODEL);
 * using executor = await AdaptiveExecutor.create(model, { device: "cpu", capacity: 1 });
 * const [grey] = await executor.classify(new Float32Array(3 * 32 * 32), { threshold: 0.5 });
 * console.log(grey.label, grey.exit, grey.flops);
 * ```
 */
export class AdaptiveExecutor implements Disposable {
  /** The model that runs. */
  readonly model: Model;
  readonly #runner: Runner;
  /** Calls take turns: a runner holds one batch at a time. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(model: Model, runner: Runner) {
    this.model = model;
    this.#runner = runner;
  }

  /**
   * Puts a model on a device.
   *
   * @throws {RanetError} If the device is not there or has too little memory.
   */
  static async create(model: Model, options: ExecutorOptions = {}): Promise<AdaptiveExecutor> {
    const { device = "auto", capacity = 64 } = options;
    if (!Number.isInteger(capacity) || capacity < 1) {
      throw new RanetError(`Cannot make an executor: capacity is ${capacity}, expected a whole number of at least 1`);
    }
    return new AdaptiveExecutor(model, await openRunner(buildPlan(model.network), model.weights, { device, capacity }));
  }

  /** What it runs on. */
  get device(): DeviceInfo {
    return this.#runner.device;
  }

  /**
   * Classifies images, each at the first exit whose confidence reaches the threshold. Nothing that only later exits need
   * is computed once all have left.
   *
   * @param images Normalised images, `N × 3 × size × size` (see `toTensor`).
   * @param options When a sample leaves.
   * @throws {RanetError} If the images' length is wrong, a value is not finite, or a threshold is outside [0, 1].
   */
  async classify(images: Float32Array, options: ClassifyOptions = {}): Promise<Classification[]> {
    const { exits, spec } = this.model.network;
    const thresholds = thresholdsPerExit(options.threshold ?? DEFAULT_THRESHOLD, exits.length);
    const classes = spec.classes.length;
    const results: Classification[] = [];
    await this.#inParts(images, { from: 0, to: exits.length, thresholds }, (logits, taken) => {
      taken.forEach((exit, sample) => {
        results.push(this.#classification(logits[exit].subarray(sample * classes, (sample + 1) * classes), exit));
      });
    });
    return results;
  }

  /**
   * Computes the logits of every exit.
   *
   * @param images Normalised images, `N × 3 × size × size`.
   * @returns For each exit, `N × classes`.
   * @throws {RanetError} If the images' length is wrong or a value is not finite.
   */
  async forward(images: Float32Array): Promise<Float32Array[]> {
    const { exits, spec } = this.model.network;
    const classes = spec.classes.length;
    const count = this.#countOf(images);
    const results = exits.map(() => new Float32Array(count * classes));
    let offset = 0;
    await this.#inParts(images, { from: 0, to: exits.length }, (logits, taken) => {
      logits.forEach((values, exit) => {
        checkFinite(values, this.device);
        results[exit].set(values, offset);
      });
      offset += taken.length * classes;
    });
    return results;
  }

  /** Gives the device's memory back. */
  [Symbol.dispose](): void {
    this.#runner[Symbol.dispose]();
  }

  async #inParts(
    images: Float32Array,
    range: StageRange,
    take: (logits: readonly Float32Array[], exits: readonly number[]) => void,
  ): Promise<void> {
    const count = this.#countOf(images);
    const length = images.length / count;
    const { capacity } = this.#runner;
    const turn = this.#turn.catch(() => {}).then(async () => {
      for (let start = 0; start < count; start += capacity) {
        const size = Math.min(capacity, count - start);
        this.#runner.load(images.subarray(start * length, (start + size) * length), size);
        const { logits, exits } = await this.#runner.run(range);
        take(logits, exits);
      }
    });
    this.#turn = turn;
    await turn;
  }

  #countOf(images: Float32Array): number {
    const { size } = this.model.spec.input;
    const length = 3 * size ** 2;
    if (images.length === 0 || images.length % length !== 0) {
      throw new RanetError(
        `Cannot run ${this.model.name}: expected images of 3 × ${size} × ${size} = ${length} numbers each, ` +
          `found ${images.length} numbers`,
      );
    }
    const bad = images.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) {
      throw new RanetError(
        `Cannot run ${this.model.name}: number ${bad % length} of image ${Math.floor(bad / length)} is ${images[bad]}`,
      );
    }
    return images.length / length;
  }

  #classification(logits: Float32Array, exit: number): Classification {
    checkFinite(logits, this.device);
    const probabilities = softmax(logits);
    const { subnetwork, cumulativeFlops } = this.model.network.exits[exit];
    const index = probabilities.indexOf(confidence(logits));
    return {
      label: this.model.spec.classes[index],
      index,
      confidence: probabilities[index],
      exit: exit + 1,
      subnetwork,
      flops: cumulativeFlops,
      probabilities,
    };
  }
}

/** One threshold per exit; nothing stays behind the last. */
function thresholdsPerExit(threshold: number | readonly number[], exits: number): number[] {
  const thresholds = typeof threshold === "number" ? new Array<number>(exits).fill(threshold) : [...threshold];
  if (thresholds.length !== exits) {
    throw new RanetError(`Cannot classify: expected one threshold, or ${exits} of them, found ${thresholds.length}`);
  }
  const bad = thresholds.find((value) => !(value >= 0 && value <= 1));
  if (bad !== undefined) throw new RanetError(`Cannot classify: threshold ${bad} is outside [0, 1]`);
  return thresholds.with(-1, -Infinity);
}

function checkFinite(logits: Float32Array, device: DeviceInfo): void {
  const bad = logits.find((value) => !Number.isFinite(value));
  if (bad === undefined) return;
  throw new RanetError(`Cannot trust the result of ${device.name}: a logit is ${bad}. The weights overflow float32.`);
}
