/**
 * A runner that serves one call at a time, and that is replaced when it fails.
 *
 * @module
 */

import type { Runners } from "../device/fallback.ts";
import type { DeviceInfo, Runner, StageRange, StageResults } from "../device/runner.ts";
import { RanetError } from "../errors.ts";
import { Turns } from "../io/turns.ts";
import type { Images } from "./images.ts";

/** Longest delay of timers in milliseconds; longer delays are treated as infinite. */
const MAX_TIMER_MS = 2 ** 31;

/** The runner of an executor. Dispose of it to free the device's memory. */
export class WorkingRunner implements Disposable {
  readonly #name: string;
  readonly #runners: Runners;
  #runner: Runner;
  /** The error with which the runner failed, for example because its device was lost. It cannot be used again. */
  #failure?: unknown;
  #disposed = false;
  /** Calls take turns, because a runner holds one batch at a time. */
  readonly #turns = new Turns();
  /** The image whose next stages can still be run. */
  #held?: Float32Array;

  private constructor(name: string, runners: Runners, runner: Runner) {
    this.#name = name;
    this.#runners = runners;
    this.#runner = runner;
  }

  /**
   * Opens a runner.
   *
   * @param name The model's name, for messages.
   * @throws {RanetError} If there is no such device or it has too little memory.
   */
  static async open(name: string, runners: Runners): Promise<WorkingRunner> {
    return new WorkingRunner(name, runners, await runners.open());
  }

  /** The device that it runs on. */
  get device(): DeviceInfo {
    return this.#runner.device;
  }

  /**
   * Runs stages over any number of images, in batches that fit into the runner.
   *
   * @param take Called with each batch's results, in order.
   */
  async runBatches(
    { data, count, length }: Images,
    range: StageRange,
    take: (results: StageResults) => void,
  ): Promise<void> {
    await this.#inTurn(async () => {
      for (let start = 0; start < count;) {
        const results = await this.#untilItWorks(async () => {
          const size = Math.min(this.#runner.batchSize, count - start);
          await this.#load(data.subarray(start * length, (start + size) * length), size);
          return await this.run(range);
        });
        take(results);
        start += results.exits.length;
      }
    });
  }

  /**
   * Waits for a turn, and calls `use` to load and run. If the runner fails and is replaced, `use` is called again.
   *
   * @param limits The wait ends when the signal is aborted or `ms` milliseconds have passed.
   * @returns `undefined` if the wait ended first.
   */
  async inTurnWithin<T>(
    limits: { readonly signal?: AbortSignal; readonly ms: number },
    use: () => Promise<T>,
  ): Promise<T | undefined> {
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
      return this.#untilItWorks(use);
    });
    return await Promise.race([turn, late]).finally(settle);
  }

  /** Loads an image whose stages are run one after another. */
  async hold(image: Float32Array): Promise<void> {
    await this.#load(image, 1);
    this.#held = image;
  }

  /** Whether the next stages of this image may be run: no other has been loaded, and the runner has not failed. */
  holds(image: Float32Array): boolean {
    return this.#held === image;
  }

  /** Runs stages on the loaded images. */
  async run(range: StageRange): Promise<StageResults> {
    try {
      return await this.#runner.run(range);
    } catch (error) {
      this.#failure = error;
      this.#held = undefined;
      throw error;
    }
  }

  /** Frees the device's memory. */
  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#runner[Symbol.dispose]();
  }

  async #load(images: Float32Array, count: number): Promise<void> {
    this.#held = undefined;
    await this.#runner.load(images, count);
  }

  #inTurn<T>(use: () => Promise<T>): Promise<T> {
    return this.#turns.take(() => {
      if (!this.#disposed) return use();
      throw new RanetError(`Cannot run ${this.#name}: the executor has been disposed of`);
    });
  }

  /** Tries again after a failure, if another runner may work. */
  async #untilItWorks<T>(use: () => Promise<T>): Promise<T> {
    while (true) {
      await this.#replaceFailed();
      const runner = this.#runner;
      try {
        return await use();
      } catch (error) {
        const failed = error === this.#failure && !this.#disposed;
        if (!failed || !this.#runners.recoversFrom(error, runner)) throw error;
      }
    }
  }

  /** Replaces the runner after a failure. The new one may have a different batch size. */
  async #replaceFailed(): Promise<void> {
    if (this.#failure === undefined) return;
    this.#runner[Symbol.dispose]();
    this.#runner = await this.#runners.open();
    this.#failure = undefined;
    if (this.#disposed) this.#runner[Symbol.dispose]();
  }
}
