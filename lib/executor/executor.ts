/**
 * Adaptive classification: each sample leaves at the first exit that is confident enough.
 *
 * @module
 */

import { runnersOf } from "../device/open.ts";
import type { ModelPrecision } from "../device/precision.ts";
import type { DeviceInfo } from "../device/runner.ts";
import { RanetError } from "../errors.ts";
import { type Model, precisionOf } from "../model/model.ts";
import { buildPlan } from "../planner/build.ts";
import { confidence } from "../softmax.ts";
import { expectArray, expectObject } from "../text/expect.ts";
import { answersOf } from "./anytime.ts";
import { type Answer, checkFinite, type Classification, classificationOf } from "./classification.ts";
import { exitsWithin, thresholdsPerExit } from "./exits.ts";
import { keepImage, keepImages } from "./images.ts";
import {
  type AnytimeOptions,
  checkOptions,
  type ClassifyOptions,
  type ExecutorOptions,
  resolveOptions,
} from "./options.ts";
import { WorkingRunner } from "./working_runner.ts";

/**
 * Runs a model on a device. Dispose of it (`using`) to free the device's memory.
 *
 * @example
 * ```ts
 * import { AdaptiveExecutor, loadModel } from "@ranet/ranet";
 *
 * const model = await loadModel("ranet-cifar10");
 * using executor = await AdaptiveExecutor.create(model, { device: "cpu", batchSize: 1 });
 * const [grey] = await executor.classify(new Float32Array(3 * 32 * 32), { threshold: 0.5 });
 * console.log(grey.label, grey.exit, grey.flops);
 * ```
 */
export class AdaptiveExecutor implements Disposable {
  /** The model that runs. */
  readonly model: Model;
  /** Precision of its weights. */
  readonly precision: ModelPrecision;
  readonly #runner: WorkingRunner;

  private constructor(model: Model, precision: ModelPrecision, runner: WorkingRunner) {
    this.model = model;
    this.precision = precision;
    this.#runner = runner;
  }

  /**
   * Loads a model onto a device.
   *
   * @param model The model.
   * @param options The device, and how many images it computes together.
   * @returns The executor.
   * @throws {RanetError} If there is no such device, it has too little memory, or an option is out of range.
   */
  static async create(model: Model, options: ExecutorOptions = {}): Promise<AdaptiveExecutor> {
    expectObject("AdaptiveExecutor.create", { model }, "network", "tensors");
    expectObject("AdaptiveExecutor.create", { options });
    const resolved = resolveOptions(options);
    const precision = precisionOf(model, resolved.precision);
    const runners = runnersOf(buildPlan(model.network), model, {
      ...resolved,
      precision: precision === "int8" ? "float32" : precision,
    });
    return new AdaptiveExecutor(model, precision, await WorkingRunner.open(model.name, runners));
  }

  /** The device that it runs on. */
  get device(): DeviceInfo {
    return this.#runner.device;
  }

  /**
   * Classifies images, each at the first exit whose confidence reaches the threshold. Once all images have left, later
   * exits are not computed.
   *
   * @param images Normalised images, `N × channels × height × width` (see `toTensor`).
   * @param options Thresholds or a calibration.
   * @returns The results of the N images, in order.
   * @throws {RanetError} If the images' length is wrong, a value is not finite, a threshold is outside [0, 1], or the
   * calibration belongs to another model.
   *
   * @example
   * ```ts
   * import { AdaptiveExecutor, loadModel } from "@ranet/ranet";
   *
   * using executor = await AdaptiveExecutor.create(await loadModel("ranet-cifar10"), { device: "cpu", batchSize: 2 });
   * const images = new Float32Array(2 * 3 * 32 * 32);
   * const results = await executor.classify(images, { threshold: [0.99, 0.95, 0.9, 0.9, 0.9, 0] }); // one per exit
   * console.log(results.map(({ label }) => label));
   * ```
   */
  async classify(images: Float32Array, options: ClassifyOptions = {}): Promise<Classification[]> {
    const own = keepImages(images, this.model);
    const thresholds = await thresholdsPerExit(options, this.model);
    const results: Classification[] = [];
    await this.#runner.runBatches(own, { from: 0, to: thresholds.length, thresholds }, ({ logits, exits }) => {
      exits.forEach((exit, sample) => {
        const image = own.data.subarray(results.length * own.length, (results.length + 1) * own.length);
        results.push(this.#classification({ exit, logits: this.#row(logits[exit], sample), image }));
      });
    });
    return results;
  }

  /**
   * Predicts one image exit by exit, and yields each prediction as soon as it is computed. The stream ends at the last
   * exit within the budget, or with the exit that was being computed when the deadline passed or the signal was
   * aborted. You may use the executor for other images meanwhile; earlier exits are then computed again.
   *
   * @param image One normalised image, `channels × height × width`.
   * @param options Where to stop.
   * @returns The predictions, in the order of the exits.
   * @throws {RanetError} If the image's length is wrong, a value is not finite, or not even exit 1 is within the
   * budget.
   * @throws The signal's reason, if it is aborted before exit 1 is started.
   *
   * @example
   * ```ts
   * import { AdaptiveExecutor, loadModel } from "@ranet/ranet";
   *
   * using executor = await AdaptiveExecutor.create(await loadModel("ranet-cifar10"), { device: "cpu", batchSize: 1 });
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
    const limits = { end, signal, exits: exitsWithin(options.budget, this.model) };
    const own = keepImage(image, this.model);
    const { network } = this.model;
    for await (const answer of answersOf(own, this.#runner, { network, limits })) yield this.#classification(answer);
  }

  /**
   * Predicts one image within a budget or a deadline, or until a signal is aborted.
   *
   * @param image One normalised image, `channels × height × width`.
   * @param options Where to stop.
   * @returns The prediction of the last exit that finished.
   * @throws {RanetError} If the image's length is wrong, a value is not finite, or not even exit 1 is within the
   * budget.
   * @throws The signal's reason, if it is aborted before exit 1 is started.
   *
   * @example
   * ```ts
   * import { AdaptiveExecutor, loadModel } from "@ranet/ranet";
   *
   * using executor = await AdaptiveExecutor.create(await loadModel("ranet-cifar10"), { device: "cpu", batchSize: 1 });
   * const { exit } = await executor.classifyAnytime(new Float32Array(3 * 32 * 32), { budget: 25e6 });
   * console.log(exit); // 2
   * ```
   */
  async classifyAnytime(image: Float32Array, options: AnytimeOptions = {}): Promise<Classification> {
    checkOptions(options);
    if (options.deadline === undefined && options.signal === undefined) {
      const to = exitsWithin(options.budget, this.model);
      const own = keepImage(image, this.model);
      let result: Classification | undefined;
      await this.#runner.runBatches({ data: own, count: 1, length: own.length }, { from: 0, to }, ({ logits }) => {
        result = this.#classification({ exit: to - 1, logits: logits[to - 1], image: own });
      });
      return result!;
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
   * using executor = await AdaptiveExecutor.create(await loadModel("ranet-cifar10"), { device: "cpu", batchSize: 1 });
   * const logits = await executor.forward(new Float32Array(3 * 32 * 32));
   * console.log(logits.length, logits[0].length); // 6 10
   * ```
   */
  async forward(images: Float32Array): Promise<Float32Array[]> {
    const { exits, spec: { classes } } = this.model.network;
    const own = keepImages(images, this.model);
    const results = exits.map(() => new Float32Array(own.count * classes.length));
    let offset = 0;
    await this.#runner.runBatches(own, { from: 0, to: exits.length }, ({ logits, exits: { length } }) => {
      logits.forEach((values, exit) => {
        checkFinite(values, this.device, own.data);
        results[exit].set(values, offset);
      });
      offset += length * classes.length;
    });
    return results;
  }

  /**
   * Gives the results of `classify` for images whose logits are known, without running the network.
   *
   * @param logits The result of `forward`: for each exit, `N × classes`.
   * @param options Thresholds or a calibration.
   * @returns The results of the N images, in order.
   * @throws {RanetError} If a threshold is outside [0, 1], or the calibration belongs to another model.
   *
   * @example
   * ```ts
   * import { AdaptiveExecutor, loadModel } from "@ranet/ranet";
   *
   * using executor = await AdaptiveExecutor.create(await loadModel("ranet-cifar10"), { device: "cpu", batchSize: 1 });
   * const logits = await executor.forward(new Float32Array(3 * 32 * 32));
   * const [early] = await executor.decide(logits, { threshold: 0.5 });
   * console.log(early.exit);
   * ```
   */
  async decide(logits: readonly Float32Array[], options: ClassifyOptions = {}): Promise<Classification[]> {
    expectArray("decide", { logits });
    const thresholds = await thresholdsPerExit(options, this.model);
    return Array.from({ length: logits[0].length / this.model.spec.classes.length }, (_, sample) => {
      const exit = thresholds.findIndex((threshold, exit) => confidence(this.#row(logits[exit], sample)) >= threshold);
      return this.#classification({ exit, logits: this.#row(logits[exit], sample) });
    });
  }

  /** Frees the device's memory. */
  [Symbol.dispose](): void {
    this.#runner[Symbol.dispose]();
  }

  /** The logits of one sample of a batch. */
  #row(logits: Float32Array, sample: number): Float32Array {
    const classes = this.model.spec.classes.length;
    return logits.subarray(sample * classes, (sample + 1) * classes);
  }

  #classification(answer: Answer): Classification {
    return classificationOf(answer, this.model.network, this.device);
  }
}
