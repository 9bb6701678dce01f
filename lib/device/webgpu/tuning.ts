/**
 * Measures the traits of an adapter by which tiles are chosen.
 *
 * @module
 */

import { inputLength } from "../../network/common.ts";
import type { RanetSpec } from "../../network/ranet/architecture.ts";
import { buildRanet } from "../../network/ranet/build.ts";
import { buildPlan } from "../../planner/build.ts";
import type { Plan, StepOf } from "../../planner/plan.ts";
import { type AdapterTraits, chooseTile, type TileCost, workgroupsOf } from "./tiles.ts";
import { layerParameters } from "../../network/cost.ts";
import { type FoldedWeights, foldWeights } from "../../weights/fold.ts";
import type { RunnableWeights } from "../../weights/runnable.ts";
import type { Adapter } from "./adapter.ts";
import { WebGpuRunner } from "./runner.ts";

/** A network whose second layer is measured: a 3×3 convolution from 64 to 64 channels on 16×16 pixels. */
const SPEC: RanetSpec = {
  family: "ranet",
  name: "tuning",
  input: { size: 16, resize: 16, mean: [0, 0, 0], std: [1, 1, 1] },
  classes: ["a", "b"],
  stem: "conv3x3",
  baseFeatures: [{ divisor: 1, channels: 64 }, { divisor: 1, channels: 64 }],
  subnetworks: [
    { blocks: 1, growth: 4, bottleneck: 1, fusion: [], transitions: [] },
    { blocks: 1, growth: 4, bottleneck: 1, fusion: ["up-conv"], transitions: [] },
  ],
  layers: [1],
  compress: 0.5,
  reduction: 1,
  head: { channels: "input", pool: "all" },
};
const IMAGE_LENGTH = 3 * 16 ** 2;

/** Batch sizes; the first one that takes at least `LONG` milliseconds is used. */
const COUNTS = [1, 4, 16, 64, 256];
const LONG = 40;

/** Number of runs, of which the fastest counts: other work on the machine can only slow them down. */
const RUNS = 5;

/** Times of a tile, in microseconds per launch. */
interface TileTimes {
  /** Time of a few workgroups, which run at the same time. */
  readonly alone: number;
  /** Time per workgroup if there are very many. */
  readonly full: number;
}

/**
 * Measures the cost of an adapter's tiles with the given lanes, and how many workgroups it runs at a time.
 *
 * @param onTile Called when a tile has been measured.
 * @throws {RanetError} If the adapter fails.
 */
export async function measureTraits(
  adapter: Adapter,
  options: { lanes: number; onTile?: () => void },
): Promise<AdapterTraits> {
  const { lanes, onTile } = options;
  const times: TileTimes[] = [];
  for (const tile of adapter.traits.tiles) {
    times.push(await measureTile(adapter, tile, lanes));
    onTile?.();
  }
  const parallelism = adapter.isCpu
    ? adapter.traits.parallelism
    : Math.max(1, Math.round(median(times.map(({ alone, full }) => alone / full))));
  const tiles = adapter.traits.tiles.map((tile, i) => ({ ...tile, cost: times[i].full * parallelism }));
  return { ...adapter.traits, lanes, parallelism, tiles };
}

async function measureTile(adapter: Adapter, tile: TileCost, lanes: number): Promise<TileTimes> {
  // On a CPU driver, a read-back takes no longer than a few launches.
  const launches = adapter.isCpu ? 16 : 1024;
  const { plan, step } = launchPlan(launches);
  const traits = { ...adapter.traits, lanes, tiles: [tile] };
  const weights = zeroWeights(plan);
  using runner = await WebGpuRunner.create(plan, weights, {
    batchSize: COUNTS[COUNTS.length - 1],
    adapter: { ...adapter, traits },
  });
  let alone = 0;
  let full = 0;
  for (const count of COUNTS) {
    runner.load(new Float32Array(count * IMAGE_LENGTH), count);
    const ms = await timeSecondStage(runner);
    const [x, y] = workgroupsOf(step, chooseTile([step], count, traits), count, lanes);
    full = 1000 * ms / launches / (x * y);
    if (count === 1) alone = 1000 * ms / launches;
    if (ms >= LONG) break;
  }
  return { alone, full };
}

/** An empty stage, and one with `launches` launches of the same convolution. */
function launchPlan(launches: number): { plan: Plan; step: StepOf<"convolution"> } {
  const plan = buildPlan(buildRanet(SPEC));
  const step = plan.stages.flat(2).filter((step) => step.kind === "convolution")[1];
  return { plan: { ...plan, stages: [[], Array.from({ length: launches }, () => [step])] }, step };
}

function zeroWeights({ network }: Plan): FoldedWeights {
  const layers = network.exits.flatMap((exit) => exit.layers);
  return foldWeights(
    network,
    new Map(
      layers.flatMap(layerParameters).map(({ name, shape }) => [
        name,
        { shape, data: new Float32Array(shape.reduce((product, side) => product * side, 1)) },
      ]),
    ),
  );
}

/** Milliseconds for a batch of blank images and all exits. */
export async function timeBatch(
  plan: Plan,
  weights: RunnableWeights,
  options: { adapter: Adapter; count: number },
): Promise<number> {
  const { adapter, count } = options;
  using runner = await WebGpuRunner.create(plan, weights, { batchSize: count, adapter });
  runner.load(new Float32Array(runner.batchSize * inputLength(plan.network.spec.input)), runner.batchSize);
  return await fastest(runner, 0, plan.stages.length) * count / runner.batchSize;
}

/** Milliseconds of the second of two stages, minus those of the first, empty one. */
export async function timeSecondStage(runner: WebGpuRunner): Promise<number> {
  return Math.max(await fastest(runner, 1, 2) - await fastest(runner, 0, 1), 1e-3);
}

async function fastest(runner: WebGpuRunner, from: number, to: number): Promise<number> {
  let least = Infinity;
  for (let i = 0; i < RUNS; i++) {
    const start = performance.now();
    await runner.run({ from, to });
    least = Math.min(least, performance.now() - start);
  }
  return least;
}

/** The median of values. */
function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}
