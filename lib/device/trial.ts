/**
 * Where the WebGPU adapter is itself a CPU driver, neither it nor the CPU runner is always faster: that depends on the
 * network, the batch and the machine. So the first batches that take long take turns, and others as large run where these
 * were faster. Smaller ones stay on the CPU runner.
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
  /** Runs the batches that take long, once that is known. */
  #faster?: Contender;
  #current: Contender;
  /** Fewest images that have taken the first runner long. */
  #long = Infinity;
  #images: Float32Array = new Float32Array();
  #count = 0;
  #disposed = false;

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
    this.#current = count < this.#long ? this.#first : this.#faster ?? await this.#next();
    this.#images = images;
    this.#count = count;
    await this.#current.runner.load(images, count);
  }

  /** Runs stages on the batch. */
  async run(range: StageRange): Promise<StageResults> {
    const start = performance.now();
    const results = this.#current === this.#first ? await this.#first.runner.run(range) : await this.#runSecond(range);
    if (range.from > 0) return results;
    const ms = performance.now() - start;
    if (ms >= SHORT && this.#current === this.#first) this.#long = Math.min(this.#long, this.#count);
    if (!this.#faster && this.#count >= this.#long) {
      const flops = results.exits.reduce((sum, exit) => sum + this.#flops[exit], 0);
      this.#current.speeds.push(ms / flops);
    }
    return results;
  }

  /** Gives both runners' memory back. */
  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#first.runner[Symbol.dispose]();
    this.#second?.runner[Symbol.dispose]();
  }

  /** A driver that fails is given up, as if there were none: the batch starts again on the first runner. */
  async #runSecond(range: StageRange): Promise<StageResults> {
    try {
      return await this.#second!.runner.run(range);
    } catch (error) {
      if (this.#disposed) throw error;
      this.#second!.runner[Symbol.dispose]();
      this.#second = undefined;
      const { runner } = this.#faster = this.#current = this.#first;
      await runner.load(this.#images, this.#count);
      if (range.from > 0) await runner.run({ from: 0, to: range.from });
      return await runner.run(range);
    }
  }

  /** Whose turn it is; after the last, who was faster. The first goes on without a second, or one that is slower. */
  async #next(): Promise<Contender> {
    const first = this.#first;
    if (!this.#second) {
      const runner = await this.#open();
      if (this.#disposed) runner?.[Symbol.dispose]();
      if (!runner) return this.#faster = first;
      this.#second = { runner, speeds: [] };
    }
    const second = this.#second;
    if (second.speeds.length < TRIALS) return second.speeds.length < first.speeds.length ? second : first;
    if (fastest(second) < fastest(first)) return this.#faster = second;
    second.runner[Symbol.dispose]();
    this.#second = undefined;
    return this.#faster = first;
  }
}

function fastest({ speeds }: Contender): number {
  return Math.min(...speeds.slice(1));
}
