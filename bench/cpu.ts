/**
 * What only concerns the CPU runner: how near the network comes to a plain matrix product in the same WebAssembly, and how
 * long the thread that asks is held.
 *
 * @module
 */

import { inputLength } from "../lib/network/common.ts";
import { AdaptiveExecutor, type Model } from "../mod.ts";
import { CpuRunner } from "../lib/device/cpu/runner.ts";
import type { Network } from "../lib/network/network.ts";
import { buildPlan } from "../lib/planner/build.ts";
import type { Plan } from "../lib/planner/plan.ts";
import { LARGEST_BATCH } from "./contestants.ts";
import { type Effort, inTurn, isFailure, median } from "./measure.ts";

/** The matrix product: `PIXELS × CHANNELS` by `CHANNELS × CHANNELS`, small enough to stay in the nearest cache. */
const SIDE = 6;
const CHANNELS = 192;
/** Products in a run, and images to spread over threads. */
const PRODUCTS = 500;

/** Throughput on some threads. */
export interface CpuThroughput {
  /** Number of threads. */
  readonly threads: number;
  /** Operations per second of the product, in 10⁹; a multiply-add is two. Median of rounds. */
  readonly product: number;
  /** The same of the network, all exits, operations counted as the network defines them. */
  readonly network: number;
}

/** What was measured. */
export interface CpuFigures {
  /** On one thread and on all cores. */
  readonly throughput: readonly CpuThroughput[];
  /** Longest time in which no timer could run while a batch was computed, in milliseconds; median of rounds. */
  readonly heldMs: number;
}

/** Measures throughput and the hold on the calling thread. */
export async function benchCpu(model: Model, images: Float32Array, effort: Effort): Promise<CpuFigures> {
  const batch = images.subarray(0, LARGEST_BATCH * inputLength(model.spec.input));
  const counts = [...new Set([1, navigator.hardwareConcurrency])];
  const products = await Promise.all(counts.map(openProduct));
  const executors = await Promise.all(
    counts.map((threads) => AdaptiveExecutor.create(model, { device: "cpu", batchSize: LARGEST_BATCH, threads })),
  );
  const timings = await inTurn([
    ...products.map((runner) => () => runner.run({ from: 0, to: 1 })),
    ...executors.map((executor) => () => executor.forward(batch)),
  ], effort);
  const ms = timings.map((timing) => {
    if (isFailure(timing)) throw new Error(timing.failed);
    return timing.ms;
  });
  const { cumulativeFlops } = model.network.exits[model.network.exits.length - 1];
  const throughput = counts.map((threads, i) => ({
    threads,
    product: threads * PRODUCTS * 2 * SIDE ** 2 * CHANNELS ** 2 / ms[i] / 1e6,
    network: 2 * LARGEST_BATCH * cumulativeFlops / ms[counts.length + i] / 1e6,
  }));
  const held: number[] = [];
  for (let round = 0; round < effort.rounds; round++) {
    held.push(await longestHold(() => executors[executors.length - 1].forward(batch)));
  }
  for (const one of [...products, ...executors]) one[Symbol.dispose]();
  return { throughput, heldMs: median(held) };
}

/** A runner whose threads compute as many products each. */
async function openProduct(threads: number): Promise<CpuRunner> {
  const view = (feature: number) => ({ feature, offset: 0, channels: CHANNELS });
  const shape = { reads: [view(0)], writes: [view(1)], kernel: 1, stride: 1, bias: true, activation: "none" };
  const feature = { name: "", size: SIDE, channels: CHANNELS };
  const network = {
    spec: { name: "a matrix product", classes: [] },
    features: [feature, feature],
    exits: [{
      layers: [
        { kind: "convolution", name: "product", ...shape },
        { kind: "classifier", name: "", reads: [view(1)], writes: [], exit: 0, pool: 1, classes: 0 }, // what no exit needs is left out
      ],
    }],
  };
  const plan = buildPlan(network as unknown as Network);
  const [[wave]] = plan.stages;
  const repeated: Plan = { ...plan, stages: [Array(PRODUCTS).fill(wave)] };
  const weights = { weight: new Float32Array(CHANNELS ** 2).fill(0.01), bias: new Float32Array(CHANNELS) };
  const runner = await CpuRunner.create(repeated, new Map([["product", weights]]), { capacity: threads, threads });
  runner.load(new Float32Array(threads * CHANNELS * SIDE ** 2).fill(1), threads);
  return runner;
}

/** How late a timer of 1 ms is at most. */
async function longestHold(run: () => Promise<unknown>): Promise<number> {
  let last = performance.now();
  let longest = 0;
  const tick = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last - 1);
    last = now;
  };
  const timer = setInterval(tick, 1);
  await run();
  tick();
  clearInterval(timer);
  return longest;
}
