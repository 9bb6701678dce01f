/**
 * Runs a plan on the CPU's cores: the fallback without an adapter, and the reference for WebGPU. WebAssembly with SIMD
 * (kernels/infer.as) computes everything; this module prepares its input and reads its results.
 *
 * @module
 */

import type { Plan, Region } from "../../planner/plan.ts";
import type { FoldedWeights } from "../../weights/fold.ts";
import type { QuantizedWeights } from "../../weights/quantized.ts";
import { type DeviceInfo, NO_EXIT, type Runner, type StageRange, type StageResults } from "../runner.ts";
import { type Int8Kernels, int8Kernels } from "./int8_product.ts";
import { cpuKernels } from "./kernels.ts";
import { defaultThreads, ThreadPool } from "./pool.ts";
import { CpuMemory } from "./runner_memory.ts";

/** Maximum number of threads that share one sample, because its layers are small. Only two have been measured. */
const MAX_TEAM = 8;

/** Runs a plan on the CPU. */
export class CpuRunner implements Runner {
  /** The device that it runs on. */
  readonly device: DeviceInfo = { kind: "cpu", name: "CPU runner" };
  /** Most samples in a batch: fewer than requested if samples are large. */
  readonly batchSize: number;
  readonly #memory: CpuMemory;
  readonly #pool: ThreadPool;
  #samples = 0;
  #runs = 0;

  /**
   * Prepares a plan with its weights, in floating point or 8 bits.
   *
   * @param options `batchSize`: most samples in a batch, if there is room. `threads`: default one per core. `keeps`:
   * whether each sample's features can be read after a run. `kernels`: how integers are multiplied. Default: the best
   * way on this machine.
   * @throws {RanetError} If there is too little memory.
   */
  static async create(
    plan: Plan,
    weights: FoldedWeights | QuantizedWeights,
    options: {
      readonly batchSize: number;
      readonly threads?: number;
      readonly keeps?: boolean;
      readonly kernels?: Int8Kernels;
    },
  ): Promise<CpuRunner> {
    const { batchSize, threads = defaultThreads(), keeps = false } = options;
    const own = { batchSize, threads, keeps };
    if ("convolutions" in weights) {
      const { module, product } = options.kernels ?? await int8Kernels();
      const memory = new CpuMemory(plan, { quantized: weights, product }, own);
      return new CpuRunner(memory, new ThreadPool(module, memory.memory, { threads }));
    }
    const memory = new CpuMemory(plan, weights, own);
    const module = await cpuKernels();
    await memory.makeFilters(module);
    return new CpuRunner(memory, new ThreadPool(module, memory.memory, { threads }));
  }

  private constructor(memory: CpuMemory, pool: ThreadPool) {
    this.batchSize = memory.batchSize;
    this.#memory = memory;
    this.#pool = pool;
  }

  /** Starts a batch. */
  load(images: Float32Array, count: number): void {
    this.#memory.load(images, count);
    this.#samples = count;
  }

  /** Runs stages on the batch. */
  async run(range: StageRange): Promise<StageResults> {
    this.#memory.prepare(range);
    // Starting a thread takes longer than computing one image, and often there is only one.
    const threads = this.#runs++ === 0 && this.#samples === 1 ? 1 : MAX_TEAM * this.#samples;
    await this.#pool.run("run", [this.#memory.program], { threads });
    const logits: Float32Array[] = [];
    for (let stage = range.from; stage < range.to; stage++) logits.push(this.#memory.logits(stage));
    return { logits, exits: this.#memory.exits().map((exit) => exit === NO_EXIT ? range.to - 1 : exit) };
  }

  /** The contents of a feature, `[y][x][channel]`, if features are kept: as floats, or in steps. */
  feature(region: Region, sample: number): Float32Array {
    return this.#memory.feature(region, sample);
  }

  /** Ends its threads. */
  [Symbol.dispose](): void {
    this.#pool[Symbol.dispose]();
  }
}
