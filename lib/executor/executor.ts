/**
 * Classification that spends on each image what it needs: a sample leaves at the first exit that is confident enough.
 *
 * @module
 */

import { Turns } from "../io/turns.ts";
import { argmax, confidence, softmax } from "../softmax.ts";
import { type DeviceChoice, DEVICES, type Runners } from "../device/fallback.ts";
import { runnersOf } from "../device/open.ts";
import { type Precision, PRECISIONS } from "../device/precision.ts";
import type { DeviceInfo, Runner, StageRange, StageResults } from "../device/runner.ts";
import { RanetError } from "../errors.ts";
import { buildPlan } from "../planner/build.ts";
import { expectArray, expectObject } from "../text/expect.ts";
import { kindOf } from "../text/kind.ts";
import { type Calibration, checkCalibration } from "../calibration/calibration.ts";
import type { Model } from "../model/model.ts";
import { inputLength, inputShape } from "../network/common.ts";

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
  /** Where the exit is: `sub-network 2, block 3`. */
  readonly exitLabel: string;
  /** Multiply-adds spent up to that exit, as the paper's authors count. */
  readonly flops: number;
  /** The same, without layers that no exit has needed so far: those are not run. */
  readonly runFlops: number;
  /** Probability of each class, summing to 1. */
  readonly probabilities: Float32Array;
}

/** How an executor is made. */
export interface ExecutorOptions {
  /**
   * What to run on. Default `auto`: for each batch the sooner done of CPU and WebGPU adapter, by what is measured once, if
   * there is an adapter that is not itself a CPU driver, else the CPU; and the CPU where the adapter fails, or does not compute what it should.
   */
  readonly device?: DeviceChoice;
  /** Most images computed together; larger batches are run in parts. Default 64. */
  readonly capacity?: number;
  /** How weights are stored on the device. Default `float32`. */
  readonly precision?: Precision;
  /** Most threads that the CPU runner uses, up to 256. Default one per core. Results do not depend on it. */
  readonly threads?: number;
  /**
   * Whether a GPU is driven from a worker, so that timers and requests go on meanwhile: under Deno, where the package's
   * modules may be read. Default true; browsers need none.
   */
  readonly gpuWorker?: boolean;
  /**
   * Whether `auto` computes all batches on one device, the one that is sooner done with `capacity` images. Default false:
   * where there is a GPU, small batches may be sooner done on the CPU, which rounds otherwise.
   */
  readonly together?: boolean;
  /** Told, once, why `auto` runs on the CPU where an adapter should. Default: a warning on the console. */
  readonly onFallback?: (message: string) => void;
}

/** When a sample leaves: at a threshold of one's own, or at those of a calibration. */
export interface ClassifyOptions {
  /**
   * Confidence in [0, 1] at which a sample leaves: one for all exits, or one per exit. The last exit takes every sample
   * that is left. Default 0.9.
   */
  readonly threshold?: number | readonly number[];
  /** A calibration of this model (see `calibrate`), whose thresholds are taken instead. */
  readonly calibration?: Calibration;
}

/** Where an anytime prediction stops; without any of these, at the last exit. */
export interface AnytimeOptions {
  /** Most multiply-adds to spend on the image. */
  readonly budget?: number;
  /** Milliseconds after which no exit but the first is begun. */
  readonly deadline?: number;
  /** Once aborted, no further exit is begun. */
  readonly signal?: AbortSignal;
}

/** Most images computed together where nothing else is said. */
export const DEFAULT_CAPACITY = 64;

/** Most threads of the CPU runner: each takes memory. */
const MAX_THREADS = 256;

/** Confidence at which a sample leaves where nothing else is said. */
export const DEFAULT_THRESHOLD = 0.9;

/**
 * How much lower, as a share, a device may round a confidence than another did. A calibrated threshold is some sample's
 * own confidence: without this allowance that sample would stay, and the batch could exceed its budget.
 */
const ROUNDING = 2 ** -18;

/** Timers run no longer; what is due later is as good as never. */
const MAX_TIMER_MS = 2 ** 31;

/**
 * Runs a model on a device. Dispose of it (`using`) to give the device's memory back.
 *
 * @example
 * ```ts
 * import { AdaptiveExecutor, loadModel } from "@ranet/ranet";
 *
 * const model = await loadModel("ranet-cifar10");
 * using executor = await AdaptiveExecutor.create(model, { device: "cpu", capacity: 1 });
 * const [grey] = await executor.classify(new Float32Array(3 * 32 * 32), { threshold: 0.5 });
 * console.log(grey.label, grey.exit, grey.flops);
 * ```
 */
export class AdaptiveExecutor implements Disposable {
  /** The model that runs. */
  readonly model: Model;
  /** How its weights are stored. */
  readonly precision: Precision;
  readonly #runners: Runners;
  #runner: Runner;
  /** What the runner failed with, as when its device was lost: it does not work again. */
  #failure?: unknown;
  #disposed = false;
  /** Calls take turns: a runner holds one batch at a time. */
  readonly #turns = new Turns();
  /** The image that the runner holds, if its next stages may still be asked for. */
  #loaded?: Float32Array;

  private constructor(
    model: Model,
    options: {
      readonly precision: Precision;
      readonly runners: Runners;
      readonly runner: Runner;
    },
  ) {
    this.model = model;
    this.precision = options.precision;
    this.#runners = options.runners;
    this.#runner = options.runner;
  }

  /**
   * Puts a model on a device.
   *
   * @param model The model.
   * @param options Which device, and how many images it computes together.
   * @returns What runs the model, until it is disposed of.
   * @throws {RanetError} If the device is not there or has too little memory, or an option is out of range.
   */
  static async create(model: Model, options: ExecutorOptions = {}): Promise<AdaptiveExecutor> {
    expectObject("AdaptiveExecutor.create", { model }, "network", "tensors");
    expectObject("AdaptiveExecutor.create", { options });
    const { device = "auto", capacity = DEFAULT_CAPACITY, precision = "float32" } = options;
    const { threads, onFallback = console.warn, gpuWorker = true, together = false } = options;
    checkChoice("device", device, DEVICES);
    checkChoice("precision", precision, PRECISIONS);
    if (!Number.isInteger(capacity) || capacity < 1) {
      throw new RanetError(`Cannot make an executor: capacity is ${capacity}, expected a whole number of at least 1`);
    }
    if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1 && threads <= MAX_THREADS)) {
      throw new RanetError(
        `Cannot make an executor: threads is ${threads}, expected a whole number from 1 to ${MAX_THREADS}`,
      );
    }
    const plan = buildPlan(model.network);
    const runners = runnersOf(plan, model, { device, capacity, precision, threads, onFallback, gpuWorker, together });
    return new AdaptiveExecutor(model, { precision, runners, runner: await runners.open() });
  }

  /** What it runs on. */
  get device(): DeviceInfo {
    return this.#runner.device;
  }

  /**
   * Classifies images, each at the first exit whose confidence reaches the threshold. Nothing that only later exits need
   * is computed once all have left.
   *
   * @param images Normalised images, `N × channels × height × width` (see `toTensor`).
   * @param options When a sample leaves.
   * @returns What became of each of the N images, in their order.
   * @throws {RanetError} If the images' length is wrong, a value is not finite, a threshold is outside [0, 1], or the
   * calibration is another model's.
   *
   * @example
   * ```ts
   * import { AdaptiveExecutor, loadModel } from "@ranet/ranet";
   *
   * using executor = await AdaptiveExecutor.create(await loadModel("ranet-cifar10"), { device: "cpu", capacity: 2 });
   * const images = new Float32Array(2 * 3 * 32 * 32);
   * const results = await executor.classify(images, { threshold: [0.99, 0.95, 0.9, 0.9, 0.9, 0] }); // one per exit
   * console.log(results.map(({ label }) => label));
   * ```
   */
  async classify(images: Float32Array, options: ClassifyOptions = {}): Promise<Classification[]> {
    const { exits, spec } = this.model.network;
    const own = this.#keep(images);
    const thresholds = await thresholdsPerExit(options, this.model);
    const classes = spec.classes.length;
    const results: Classification[] = [];
    const length = own.length / this.#countOf(own);
    await this.#inParts(own, { from: 0, to: exits.length, thresholds }, (logits, taken) => {
      taken.forEach((exit, sample) => {
        const image = own.subarray(results.length * length, (results.length + 1) * length);
        const row = logits[exit].subarray(sample * classes, (sample + 1) * classes);
        results.push(this.#classification(row, exit, image));
      });
    });
    return results;
  }

  /**
   * Predicts one image exit by exit: each prediction is there as soon as its exit has finished. The stream ends at the
   * last exit that the budget allows, or with the one that was being computed when the deadline passed or the signal
   * was aborted. The executor may be used for something else in between, which costs a repetition of earlier exits.
   *
   * @param image One normalised image, `channels × height × width`.
   * @param options Where to stop.
   * @returns The predictions, in the order of the exits.
   * @throws {RanetError} If the image's length is wrong, a value is not finite, or not even exit 1 is within the budget.
   * @throws The signal's reason, if it is aborted before exit 1 has begun.
   *
   * @example
   * ```ts
   * import { AdaptiveExecutor, loadModel } from "@ranet/ranet";
   *
   * using executor = await AdaptiveExecutor.create(await loadModel("ranet-cifar10"), { device: "cpu", capacity: 1 });
   * for await (const { exit, label } of executor.anytime(new Float32Array(3 * 32 * 32), { budget: 25e6 })) {
   *   console.log(exit, label);
   * }
   * ```
   */
  async *anytime(image: Float32Array, options: AnytimeOptions = {}): AsyncGenerator<Classification> {
    checkOptions(options);
    const { deadline = Infinity, signal } = options;
    if (!(deadline >= 0)) throw new RanetError(`Cannot classify: deadline ${deadline} is not 0 ms or more`);
    const end = performance.now() + deadline;
    const exits = this.#exitsWithin(options.budget);
    // A copy is safe from changes by the caller, and unlike any other call's images.
    const batch = this.#checkSingle(this.#keep(image));
    /** Answers of exits that were computed together with an earlier one. */
    let ahead: Float32Array[] = [];
    /** Milliseconds that the last run took. */
    let spent = Infinity;
    for (let exit = 0; exit < exits; exit++) {
      const done = ahead.shift();
      if (done) {
        yield this.#classification(done, exit, batch);
        continue;
      }
      const limits = { signal, ms: exit === 0 ? Infinity : end - performance.now() };
      const logits = await this.#inTurnUnless(limits, () =>
        this.#onRunner(async () => {
          let logits: Float32Array | undefined;
          for (let stage = this.#loaded === batch ? exit : 0; stage <= exit; stage++) {
            // Only between tasks do timers run, and may the signal change; without threads the CPU runner waits for
            // nothing.
            if (signal) await new Promise((resolve) => setTimeout(resolve));
            if (exit === 0) signal?.throwIfAborted();
            else if (signal?.aborted || performance.now() >= end) return undefined;
            if (stage === 0) {
              await this.#load(batch, 1);
              this.#loaded = batch;
            }
            const start = performance.now();
            const to = stage < exit ? stage + 1 : this.#together(exit, { exits, spent, left: end - start, signal });
            [logits, ...ahead] = (await this.#run({ from: stage, to })).logits;
            spent = performance.now() - start;
          }
          return logits;
        }));
      if (!logits) {
        if (exit === 0) signal?.throwIfAborted();
        return;
      }
      yield this.#classification(logits, exit, batch);
    }
  }

  /**
   * Predicts one image as far as a budget, a deadline or a signal allows.
   *
   * @param image One normalised image, `channels × height × width`.
   * @param options Where to stop.
   * @returns The answer of the last exit that finished.
   * @throws {RanetError} If the image's length is wrong, a value is not finite, or not even exit 1 is within the budget.
   * @throws The signal's reason, if it is aborted before exit 1 has begun.
   *
   * @example
   * ```ts
   * import { AdaptiveExecutor, loadModel } from "@ranet/ranet";
   *
   * using executor = await AdaptiveExecutor.create(await loadModel("ranet-cifar10"), { device: "cpu", capacity: 1 });
   * const { exit } = await executor.classifyAnytime(new Float32Array(3 * 32 * 32), { budget: 25e6 });
   * console.log(exit); // 2
   * ```
   */
  async classifyAnytime(image: Float32Array, options: AnytimeOptions = {}): Promise<Classification> {
    checkOptions(options);
    if (options.deadline === undefined && options.signal === undefined) {
      const to = this.#exitsWithin(options.budget);
      const results: Classification[] = [];
      const own = this.#checkSingle(this.#keep(image));
      await this.#inParts(own, { from: 0, to }, (logits) => {
        results.push(this.#classification(logits[to - 1], to - 1, own));
      });
      return results[0];
    }
    const results = await Array.fromAsync(this.anytime(image, options));
    return results[results.length - 1];
  }

  /**
   * Computes the logits of every exit.
   *
   * @param images Normalised images, `N × channels × height × width`.
   * @returns For each exit, `N × classes`.
   * @throws {RanetError} If the images' length is wrong or a value is not finite.
   *
   * @example
   * ```ts
   * import { AdaptiveExecutor, loadModel } from "@ranet/ranet";
   *
   * using executor = await AdaptiveExecutor.create(await loadModel("ranet-cifar10"), { device: "cpu", capacity: 1 });
   * const logits = await executor.forward(new Float32Array(3 * 32 * 32));
   * console.log(logits.length, logits[0].length); // 6 10
   * ```
   */
  async forward(images: Float32Array): Promise<Float32Array[]> {
    const { exits, spec } = this.model.network;
    const classes = spec.classes.length;
    const own = this.#keep(images);
    const count = this.#countOf(own);
    const results = exits.map(() => new Float32Array(count * classes));
    let offset = 0;
    await this.#inParts(own, { from: 0, to: exits.length }, (logits, taken) => {
      logits.forEach((values, exit) => {
        checkFinite(values, this.device, own);
        results[exit].set(values, offset);
      });
      offset += taken.length * classes;
    });
    return results;
  }

  /**
   * Says what becomes of images whose logits are known, without computing anything: as `classify` does.
   *
   * @param logits What `forward` gave for them: for each exit, `N × classes`.
   * @param options When a sample leaves.
   * @returns What becomes of each of the N images, in their order.
   * @throws {RanetError} If a threshold is outside [0, 1], or the calibration is another model's.
   *
   * @example
   * ```ts
   * import { AdaptiveExecutor, loadModel } from "@ranet/ranet";
   *
   * using executor = await AdaptiveExecutor.create(await loadModel("ranet-cifar10"), { device: "cpu", capacity: 1 });
   * const logits = await executor.forward(new Float32Array(3 * 32 * 32));
   * const [early] = await executor.decide(logits, { threshold: 0.5 });
   * console.log(early.exit);
   * ```
   */
  async decide(logits: readonly Float32Array[], options: ClassifyOptions = {}): Promise<Classification[]> {
    expectArray("decide", { logits });
    const thresholds = await thresholdsPerExit(options, this.model);
    const classes = this.model.spec.classes.length;
    return Array.from({ length: logits[0].length / classes }, (_, sample) => {
      const at = (exit: number) => logits[exit].subarray(sample * classes, (sample + 1) * classes);
      const taken = thresholds.findIndex((threshold, exit) => confidence(at(exit)) >= threshold);
      return this.#classification(at(taken), taken);
    });
  }

  /** Gives the device's memory back. */
  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#runner[Symbol.dispose]();
  }

  async #inParts(
    images: Float32Array,
    range: StageRange,
    take: (logits: readonly Float32Array[], exits: readonly number[]) => void,
  ): Promise<void> {
    const count = this.#countOf(images);
    const length = images.length / count;
    await this.#inTurn(async () => {
      for (let start = 0; start < count;) {
        const { logits, exits } = await this.#onRunner(async ({ capacity }) => {
          const size = Math.min(capacity, count - start);
          await this.#load(images.subarray(start * length, (start + size) * length), size);
          return await this.#run(range);
        });
        take(logits, exits);
        start += exits.length;
      }
    });
  }

  #inTurn<T>(use: () => Promise<T>): Promise<T> {
    return this.#turns.take(() => {
      if (!this.#disposed) return use();
      throw new RanetError(`Cannot run ${this.model.name}: the executor has been disposed of`);
    });
  }

  /** Does not wait for its turn any longer than until the signal is aborted or `ms` milliseconds have passed. */
  #inTurnUnless<T>(limits: { signal?: AbortSignal; ms: number }, use: () => Promise<T>): Promise<T | undefined> {
    const { signal, ms } = limits;
    const { promise: late, resolve } = Promise.withResolvers<undefined>();
    const giveUp = () => resolve(undefined);
    signal?.addEventListener("abort", giveUp);
    const timer = ms < MAX_TIMER_MS ? setTimeout(giveUp, Math.max(ms, 0)) : undefined;
    const settle = () => {
      signal?.removeEventListener("abort", giveUp);
      clearTimeout(timer);
    };
    const turn = this.#inTurn(() => {
      settle();
      return use();
    });
    return Promise.race([turn, late]).finally(settle);
  }

  /** Uses the runner; if it fails, and another may take over, that one. */
  async #onRunner<T>(use: (runner: Runner) => Promise<T>): Promise<T> {
    while (true) {
      const runner = await this.#workingRunner();
      try {
        return await use(runner);
      } catch (error) {
        const failed = error === this.#failure && !this.#disposed;
        if (!failed || !this.#runners.recoversFrom(error, runner)) throw error;
      }
    }
  }

  /** The runner; a new one after a failure, which may have another capacity. */
  async #workingRunner(): Promise<Runner> {
    if (this.#failure !== undefined) {
      this.#runner[Symbol.dispose]();
      this.#runner = await this.#runners.open();
      this.#failure = undefined;
      if (this.#disposed) this.#runner[Symbol.dispose]();
    }
    return this.#runner;
  }

  async #load(images: Float32Array, count: number): Promise<void> {
    this.#loaded = undefined;
    await this.#runner.load(images, count);
  }

  async #run(range: StageRange): Promise<StageResults> {
    try {
      return await this.#runner.run(range);
    } catch (error) {
      this.#failure = error;
      this.#loaded = undefined;
      throw error;
    }
  }

  /**
   * The exit behind the last that is computed together with this one. Each answer that a GPU gives back costs 10 ms under
   * Deno: once exit 1 has answered, all others come at once, unless that might outlast the deadline or miss an abort.
   */
  #together(exit: number, { exits, spent, left, signal }: {
    readonly exits: number;
    readonly spent: number;
    readonly left: number;
    readonly signal?: AbortSignal;
  }): number {
    if (exit === 0 || signal || this.device.kind === "cpu") return exit + 1;
    const flops = this.model.network.exits.map(({ cumulativeRunFlops }) => cumulativeRunFlops);
    const [before, now] = [exit > 1 ? flops[exit - 2] : 0, flops[exit - 1]];
    const rest = (flops[exits - 1] - now) / (now - before) * spent;
    return left === Infinity || rest <= left ? exits : exit + 1;
  }

  /** How many exits a budget allows. */
  #exitsWithin(budget = Infinity): number {
    const { exits } = this.model.network;
    if (typeof budget !== "number" || Number.isNaN(budget)) {
      const found = typeof budget === "number" ? budget : kindOf(budget);
      throw new RanetError(`Cannot classify: the budget is ${found}, expected a number of multiply-adds`);
    }
    const last = exits.findLastIndex(({ cumulativeFlops }) => cumulativeFlops <= budget);
    if (last >= 0) return last + 1;
    throw new RanetError(
      `Cannot classify within ${budget} multiply-adds: the smallest budget of ${this.model.name} is ` +
        `${exits[0].cumulativeFlops}, what exit 1 costs`,
    );
  }

  #checkSingle(image: Float32Array): Float32Array {
    const count = this.#countOf(image);
    if (count === 1) return image;
    throw new RanetError(`Anytime mode takes one image, found ${count}`);
  }

  /** A copy, which is safe from changes by the caller. */
  #keep(images: Float32Array): Float32Array {
    if (images instanceof Float32Array) return images.slice();
    throw new RanetError(
      `Cannot run ${this.model.name}: expected a Float32Array of normalised images, as toTensor gives them, ` +
        `found ${kindOf(images)}`,
    );
  }

  #countOf(images: Float32Array): number {
    const shape = inputShape(this.model.spec.input);
    const length = inputLength(this.model.spec.input);
    if (images.length === 0 || images.length % length !== 0) {
      throw new RanetError(
        `Cannot run ${this.model.name}: expected images of ${shape.join(" × ")} = ${length} numbers each, ` +
          `found ${images.length} numbers`,
      );
    }
    const bad = firstNotFinite(images);
    if (bad !== undefined) {
      throw new RanetError(
        `Cannot run ${this.model.name}: number ${bad % length} of image ${Math.floor(bad / length)} is ${images[bad]}`,
      );
    }
    return images.length / length;
  }

  #classification(logits: Float32Array, exit: number, image?: Float32Array): Classification {
    checkFinite(logits, this.device, image);
    const probabilities = softmax(logits);
    const { label, cumulativeFlops, cumulativeRunFlops } = this.model.network.exits[exit];
    const index = argmax(probabilities);
    return {
      label: this.model.spec.classes[index],
      index,
      confidence: probabilities[index],
      exit: exit + 1,
      exitLabel: label,
      flops: cumulativeFlops,
      runFlops: cumulativeRunFlops,
      probabilities,
    };
  }
}

/** Makes sure of what a caller's types may not have: another word would be taken for the default. */
function checkChoice(name: string, value: unknown, choices: readonly string[]): void {
  if (choices.includes(value as string)) return;
  const expected = choices.map((choice) => JSON.stringify(choice)).join(", ");
  throw new RanetError(`Cannot make an executor: ${name} is ${kindOf(value)}, expected one of ${expected}`);
}

/** Makes sure that options are no bare value, whose meaning would be lost. */
export function checkOptions(options: unknown): void {
  if (typeof options === "object" && options !== null) return;
  throw new RanetError(`Cannot classify: the options are ${kindOf(options)}, expected such as { threshold: 0.9 }`);
}

/** One threshold per exit; nothing stays behind the last. */
async function thresholdsPerExit(options: ClassifyOptions, model: Model): Promise<number[]> {
  checkOptions(options);
  const { threshold = DEFAULT_THRESHOLD, calibration } = options;
  if (calibration) {
    if (options.threshold !== undefined) {
      throw new RanetError("Cannot classify: expected either a threshold or a calibration, found both");
    }
    await checkCalibration(calibration, model);
    // A confidence lies in [0, 1], and a kernel need not know infinities.
    return calibration.thresholds.map((threshold) => Math.min(Math.max(threshold * (1 - ROUNDING), 0), 2));
  }
  const exits = model.network.exits.length;
  if (typeof threshold !== "number" && !Array.isArray(threshold)) {
    throw new RanetError(
      `Cannot classify: threshold is ${kindOf(threshold)}, expected a number from 0 to 1, or a list of them`,
    );
  }
  const thresholds = typeof threshold === "number" ? new Array<number>(exits).fill(threshold) : [...threshold];
  if (thresholds.length !== exits) {
    throw new RanetError(`Cannot classify: expected one threshold, or ${exits} of them, found ${thresholds.length}`);
  }
  const bad = thresholds.findIndex((value) => !(typeof value === "number" && value >= 0 && value <= 1));
  if (bad >= 0) throw new RanetError(`Cannot classify: threshold ${kindOf(thresholds[bad])} is outside [0, 1]`);
  return thresholds.with(-1, 0);
}

/** Larger numbers are no pixels, normalised or not. */
const LARGEST_PIXEL = 1e4;

function checkFinite(logits: Float32Array, device: DeviceInfo, images: Float32Array = new Float32Array()): void {
  const bad = firstNotFinite(logits);
  if (bad === undefined) return;
  const largest = images.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  throw new RanetError(
    `Cannot trust the result of ${device.name}: a logit is ${logits[bad]}. ` +
      (largest > LARGEST_PIXEL
        ? `An image's numbers overflow float32: the largest is ${
          Number(largest.toPrecision(3))
        }. Expected normalised pixels, as toTensor makes them.`
        : "The weights overflow float32."),
  );
}

/** Index of the first infinity or NaN. A plain loop: a callback for each value takes several times as long. */
function firstNotFinite(values: Float32Array): number | undefined {
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) return i;
  }
}
