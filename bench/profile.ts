/**
 * Profiles a batch on the WebGPU adapter: each dispatch of the plan is run alone, many times in one submission, and the times of
 * similar dispatches are added. This explains the share of the ceiling that `ranet bench` reports.
 *
 *   ./ranet profile [BATCH]
 *
 * @module
 */

import { inputLength } from "../lib/network/common.ts";
import { foldWeights } from "../lib/weights/fold.ts";
import { loadModel } from "../mod.ts";
import { table } from "../lib/cli/text.ts";
import { type Adapter, requireAdapter } from "../lib/device/webgpu/adapter.ts";
import { timeSecondStage } from "../lib/device/webgpu/tuning.ts";
import { WebGpuRunner } from "../lib/device/webgpu/runner.ts";
import { buildPlan } from "../lib/planner/build.ts";
import type { Wave } from "../lib/planner/plan.ts";
import { areaOf, sizeText } from "../lib/network/size.ts";
import { percent } from "../lib/text/numbers.ts";

/** Approximate milliseconds of dispatches in a submission. */
const LONG = 60;

interface Row {
  dispatches: number;
  ms: number;
  operations: number;
}

const batch = Number(Deno.args[0] ?? 16);
const adapter = await requireAdapter();
const model = await loadModel("ranet-cifar10");
const plan = buildPlan(model.network);
const weights = foldWeights(model.network, model.tensors, model.temperatures);
const images = new Float32Array(batch * inputLength(model.spec.input));

const rows = new Map<string, Row>();
for (const wave of plan.stages.flat()) {
  const row = rows.get(kindOf(wave)) ?? { dispatches: 0, ms: 0, operations: 0 };
  rows.set(kindOf(wave), row);
  row.dispatches++;
  row.ms += await msOf(wave, adapter);
  row.operations += operationsOf(wave);
}
const sorted = [...rows].toSorted(([, a], [, b]) => b.ms - a.ms);
const total = sorted.reduce((sum, [, { ms }]) => sum + ms, 0);
console.log(
  `${model.name} on ${adapter.name}, batch ${batch}: ${(total / batch).toFixed(2)} ms per image in dispatches\n`,
);
console.log(table(
  [["dispatches", "left"], ["count", "right"], ["ms per batch", "right"], ["share", "right"], ["GFLOP/s", "right"]],
  sorted.map(([kind, { dispatches, ms, operations }]) => [
    kind,
    dispatches,
    ms.toFixed(2),
    percent(ms / total),
    operations > 0 ? (operations / ms / 1e6).toFixed(1) : "",
  ]),
));

/** The kind of a wave's first step. */
function kindOf([step]: Wave): string {
  if (step.kind !== "convolution") return step.kind;
  const { kernel, stride } = step.layer;
  const { size, channels } = step.writes[0];
  const width = channels >= 64 ? "64 channels or more" : channels > 8 ? "9 to 63 channels" : "8 channels or fewer";
  return `${kernel}×${kernel}${stride > 1 ? `, stride ${stride}` : ""}, ${sizeText(size)}, ${width}`;
}

function operationsOf(wave: Wave): number {
  return wave.reduce((sum, step) => {
    if (step.kind !== "convolution") return sum;
    const { reads: [input], writes: [output], layer } = step;
    return sum + 2 * batch * areaOf(output.size) * layer.kernel ** 2 * input.channels * output.channels;
  }, 0);
}

/** Milliseconds of one dispatch, measured in a submission of many. */
async function msOf(wave: Wave, adapter: Adapter): Promise<number> {
  const once = await msOfAll([wave], adapter);
  const repeats = Math.max(1, Math.ceil(LONG / Math.max(once, 0.1)));
  return await msOfAll(Array<Wave>(repeats).fill(wave), adapter) / repeats;
}

async function msOfAll(waves: readonly Wave[], adapter: Adapter): Promise<number> {
  using runner = await WebGpuRunner.create({ ...plan, stages: [[], waves] }, weights, { batchSize: batch, adapter });
  runner.load(images, batch);
  return await timeSecondStage(runner);
}
