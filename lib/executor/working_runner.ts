/**
 * A runner that calls take turns at, and that is replaced when it fails.
 *
 * @module
 */

import type { Runners } from "../device/fallback.ts";
import type { DeviceInfo, Runner, StageRange, StageResults } from "../device/runner.ts";
import { RanetError } from "../errors.ts";
import { Turns } from "../io/turns.ts";
import type { Images } from "./images.ts";

/** Timers run no longer; what is due later is as good as never. */
const MAX_TIMER_MS = 2 ** 31;

/** What an executor runs on. Dispose of it to give the device's memory back. */
export class WorkingRunner implements Disposable {
  readonly #name: string;
  readonly #runners: Runners;
  #runner: Runner;
  /** What the runner failed with, as when its device was lost: it does not work again. */
  #failure?: unknown;
  #disposed = false;
  /** A runner holds one batch at a time. */
  readonly #turns = new Turns();
  /** The image whose next stages may still be asked for. */
  #held?: Float32Array;

  private constructor(name: string, runners: Runners, runner: Runner) {
    this.#name = name;
    this.#runners = runners;
    this.#runner = runner;
  }

  /**
   * Opens one.
   *
   * @param name The model's, for messages.
   * @throws {RanetError} If the device is not there or has too little memory.
   */
  static async open(name: string, runners: Runners): Promise<WorkingRunner> {
    return new WorkingRunner(name, runners, await runners.open());
  }

  /** What it runs on. */
  get device(): DeviceInfo {
    return this.#runner.device;
  }

  /**
   * Runs stages over any number of images, in batches that the runner has room for.
   *
   * @param take Told each batch's results, in order.
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
   * Lets `use` load and run once it is its turn; anew, if the runner fails and another takes over.
   *
   * @param limits Waits no longer for its turn than until the signal is aborted or `ms` milliseconds have passed.
   * @returns `undefined` if its turn came too late.
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

  /** Starts on an image whose stages are run one after another. */
  async hold(image: Float32Array): Promise<void> {
    await this.#load(image, 1);
    this.#held = image;
  }

  /** Whether the next stages of this image may be run: no other has been loaded, and the runner has not failed. */
  holds(image: Float32Array): boolean {
    return this.#held === image;
  }

  /** Runs stages on what was loaded. */
  async run(range: StageRange): Promise<StageResults> {
    try {
      return await this.#runner.run(range);
    } catch (error) {
      this.#failure = error;
      this.#held = undefined;
      throw error;
    }
  }

  /** Gives the device's memory back. */
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

  /** Tries again after a failure, if another runner may do better. */
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

  /** After a failure there is a new runner, which may have room for another number of images. */
  async #replaceFailed(): Promise<void> {
    if (this.#failure === undefined) return;
    this.#runner[Symbol.dispose]();
    this.#runner = await this.#runners.open();
    this.#failure = undefined;
    if (this.#disposed) this.#runner[Symbol.dispose]();
  }
}
