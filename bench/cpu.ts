/**
 * Measures the CPU runner: its throughput compared with that of a matrix product in the same WebAssembly, and how long it blocks
 * the calling thread.
 *
 * @module
 */

import { inputLength } from "../lib/network/common.ts";
import { AdaptiveExecutor, type Model } from "../mod.ts";
import { CpuRunner } from "../lib/device/cpu/runner.ts";
import type { Network } from "../lib/network/network.ts";
import { buildPlan } from "../lib/planner/build.ts";
import type { Plan } from "../lib/planner/plan.ts";
import { sizeOf } from "../lib/network/size.ts";
import type { FoldedWeights } from "../lib/weights/fold.ts";
import type { QuantizedWeights } from "../lib/weights/quantized.ts";
import { type BenchPrecision, inPrecision, LARGEST_BATCH } from "./contestants.ts";
import { type Effort, inTurn, isFailure, median } from "./measure.ts";

/** The matrix product: `PIXELS × CHANNELS` by `CHANNELS × CHANNELS`, small enough for the first-level cache. */
const SIDE = 6;
const CHANNELS = 192;
/** Number of products in a run, for each thread. */
const PRODUCTS = 500;

/** Throughput with a number of threads. */
export interface CpuThroughput {
  /** Number of threads. */
  readonly threads: number;
  /** Throughput of the product in 10⁹ operations per second; a multiply-add counts as two. Median of rounds. */
  readonly product: number;
  /** Throughput of all exits of the network, in the same unit. Operations are counted as the network defines them. */
  readonly network: number;
  /** Precision that is computed in. */
  readonly precision: BenchPrecision;
}

/** Measurements of the CPU runner. */
export interface CpuFigures {
  /** On one thread and on all cores. */
  readonly throughput: readonly CpuThroughput[];
  /** Longest delay of a timer while a batch is computed, in milliseconds; median of rounds. */
  readonly heldMs: number;
}

/** Measures throughput, and how long the calling thread is blocked. */
export async function benchCpu(model: Model, images: Float32Array, effort: Effort): Promise<CpuFigures> {
  const batch = images.subarray(0, LARGEST_BATCH * inputLength(model.spec.input));
  const counts = [...new Set([1, navigator.hardwareConcurrency])];
  const runs = counts.flatMap((threads) => (["float32", "int8"] as const).map((precision) => ({ threads, precision })));
  const products = await Promise.all(runs.map(openProduct));
  const executors = await Promise.all(
    runs.map(async ({ threads, precision }) =>
      AdaptiveExecutor.create(await inPrecision(model, precision), { device: "cpu", batchSize: LARGEST_BATCH, threads })
    ),
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
  const throughput = runs.map(({ threads, precision }, i) => ({
    threads,
    precision,
    product: threads * PRODUCTS * 2 * SIDE ** 2 * CHANNELS ** 2 / ms[i] / 1e6,
    network: 2 * LARGEST_BATCH * cumulativeFlops / ms[runs.length + i] / 1e6,
  }));
  const held: number[] = [];
  for (let round = 0; round < effort.rounds; round++) {
    held.push(await longestHold(() => executors[executors.length - 1].forward(batch)));
  }
  for (const one of [...products, ...executors]) one[Symbol.dispose]();
  return { throughput, heldMs: median(held) };
}

/** A runner whose threads compute {@linkcode PRODUCTS} products each. */
async function openProduct(
  { threads, precision }: { readonly threads: number; readonly precision: BenchPrecision },
): Promise<CpuRunner> {
  const view = (feature: number) => ({ feature, offset: 0, channels: CHANNELS });
  const shape = { kind: "convolution", kernel: 1, stride: 1, bias: true, activation: "relu" };
  const feature = { name: "", size: sizeOf(SIDE), channels: CHANNELS };
  const network = {
    spec: { name: "a matrix product", classes: [] },
    features: [feature, feature, feature],
    exits: [{
      layers: [
        // The image is not an 8-bit feature: this layer converts it once.
        { ...shape, name: "first", reads: [view(0)], writes: [view(1)] },
        { ...shape, name: "product", reads: [view(1)], writes: [view(2)] },
        { kind: "classifier", name: "", reads: [view(2)], writes: [], exit: 0, pool: sizeOf(1), classes: 0 }, // the planner drops layers that no exit needs
      ],
    }],
  };
  const plan = buildPlan(network as unknown as Network);
  const [[, wave]] = plan.stages;
  const repeated: Plan = { ...plan, stages: [Array(PRODUCTS).fill(wave)] };
  const runner = await CpuRunner.create(repeated, productWeights(precision), { batchSize: threads, threads });
  runner.load(new Float32Array(threads * CHANNELS * SIDE ** 2).fill(1), threads);
  return runner;
}

function productWeights(precision: BenchPrecision): FoldedWeights | QuantizedWeights {
  const names = ["first", "product"];
  if (precision === "float32") {
    const weights = { weight: new Float32Array(CHANNELS ** 2).fill(0.01), bias: new Float32Array(CHANNELS) };
    return new Map(names.map((name) => [name, weights]));
  }
  const ones = new Float32Array(CHANNELS).fill(1);
  const weights = {
    weight: new Int8Array(CHANNELS ** 2).fill(10),
    bias: new Int32Array(CHANNELS),
    multiplier: ones,
    scale: ones,
  };
  const classifier = { weight: new Float32Array(), bias: new Float32Array(), steps: ones };
  return {
    imageScale: 1,
    convolutions: new Map(names.map((name) => [name, weights])),
    squeezes: new Map(),
    excitations: new Map(),
    classifiers: new Map([["", classifier]]),
    scales: [],
  };
}

/** Longest delay of a timer of 1 ms, in milliseconds. */
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
