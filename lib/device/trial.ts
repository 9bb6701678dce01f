/**
 * Where the WebGPU adapter is itself a CPU driver, neither it nor the CPU runner is always faster: that depends on the
 * network, the batch and the machine. So the first large batches take turns, and the others run where these were faster.
 *
 * @module
 */

import type { DeviceInfo, Runner, StageRange, StageResults } from "./runner.ts";

/** Batches that the CPU runner finishes within so many milliseconds are not worth a driver's launches and compiling. */
const SHORT = 100;

/** Timed batches on each: the first on a device also compiles. */
const TRIALS = 3;

interface Contender {
  readonly runner: Runner;
  /** Milliseconds per multiply-add of each batch so far. */
  readonly speeds: number[];
}

/** Runs batches on the faster of two runners, once it is known which that is. */
export class TrialRunner implements Runner {
  /** Most samples in a batch. */
  readonly capacity: number;
  readonly #flops: readonly number[];
  readonly #open: () => Promise<Runner | undefined>;
  readonly #first: Contender;
  #second?: Contender;
  #current: Contender;
  #undecided = true;

  /**
   * Starts with one runner.
   *
   * @param first Runs the first batch, and those that are done in no time.
   * @param options `flops`: what it costs to reach each exit. `open`: makes the second, with at least the capacity of the
   * first; undefined if that cannot be.
   */
  constructor(first: Runner, options: { flops: readonly number[]; open: () => Promise<Runner | undefined> }) {
    this.capacity = first.capacity;
    this.#flops = options.flops;
    this.#open = options.open;
    this.#first = { runner: first, speeds: [] };
    this.#current = this.#first;
  }

  /** What the last batch ran on. */
  get device(): DeviceInfo {
    return this.#current.runner.device;
  }

  /** Starts a batch, on the runner whose turn it is. */
  async load(images: Float32Array, count: number): Promise<void> {
    if (this.#undecided && this.#first.speeds.length > 0) await this.#takeTurns();
    await this.#current.runner.load(images, count);
  }

  /** Runs stages on the batch. */
  async run(range: StageRange): Promise<StageResults> {
    const start = performance.now();
    const results = await this.#current.runner.run(range);
    const ms = performance.now() - start;
    if (this.#undecided && range.from === 0) {
      if (ms < SHORT && this.#current === this.#first) return results;
      const flops = results.exits.reduce((sum, exit) => sum + this.#flops[exit], 0);
      this.#current.speeds.push(ms / flops);
    }
    return results;
  }

  /** Gives both runners' memory back. */
  [Symbol.dispose](): void {
    this.#first.runner[Symbol.dispose]();
    this.#second?.runner[Symbol.dispose]();
  }

  async #takeTurns(): Promise<void> {
    if (!this.#second) {
      const runner = await this.#open();
      if (runner) this.#second = { runner, speeds: [] };
      else this.#undecided = false;
    }
    if (!this.#second) return;
    const [a, b] = [this.#first, this.#second];
    if (b.speeds.length < TRIALS) {
      this.#current = b.speeds.length < a.speeds.length ? b : a;
      return;
    }
    this.#undecided = false;
    this.#current = Math.min(...b.speeds.slice(1)) < Math.min(...a.speeds.slice(1)) ? b : a;
  }
}
