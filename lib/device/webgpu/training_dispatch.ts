/**
 * Turns a training step into kernels' constants, arguments and numbers of workgroups. A batch is divided into micro-batches,
 * each in its own arena: kernels that process samples independently run once per micro-batch; sums over the batch are
 * computed in parts, which are added up in a fixed order.
 *
 * @module
 */

import { activationCode, gateCode } from "../../network/activation.ts";
import type { Layer, View } from "../../network/network.ts";
import { areaOf, type Size, strided } from "../../network/size.ts";
import { placeLayer, quadsOf, type Region, regionOf, regionQuads, type StepOf } from "../../planner/plan.ts";
import {
  type ClassifierGradient,
  type DepthwiseWeightGradient,
  type Dropout,
  dropoutNumbers,
  type ExcitationGradient,
  type InputGradient,
  type NormedConvolution,
  type NormStatistics,
  type NormSums,
  type TrainingStep,
  type WeightGradient,
} from "../../planner/training_plan.ts";
import { distillationAt, type LossOptions } from "../trainer.ts";
import { type ArgumentTable, type ArgumentValues, encodeArguments, type KernelName } from "./arguments.ts";
import { type Dispatch, dispatchOf, inputArguments, longestLoop, outputArguments } from "./dispatch.ts";
import {
  type AdapterTraits,
  chooseTile,
  gradientTilesOf,
  inRows,
  MAX_WORKGROUPS,
  type WeightTile,
  weightTilesOf,
  workgroupsOf,
} from "./tiles.ts";
import { TRAINING_ARGUMENTS, type TrainingKernelName } from "./training_arguments.ts";
import type { GpuTrainingLayout } from "./training_layout.ts";

/** A kernel that runs over a micro-batch, or over the batch if it adds up the results of micro-batches. */
export interface TrainingDispatch extends Omit<Dispatch, "kernel"> {
  /** The kernel. */
  readonly kernel: KernelName | TrainingKernelName;
  /** Index of the micro-batch whose arena it reads and writes. */
  readonly microBatch: number;
}

/** Samples that share an arena. */
export interface MicroBatch {
  /** Index of the first sample in the batch. */
  readonly first: number;
  /** Number of samples. */
  readonly count: number;
}

/** A batch on a device. */
export interface DeviceBatch {
  /** The memory layout. */
  readonly layout: GpuTrainingLayout;
  /** Its samples. */
  readonly microBatches: readonly MicroBatch[];
  /** Most samples of a micro-batch, which is the stride of exits in its logits. */
  readonly microBatchSize: number;
  /** Most samples of a batch, which is the stride of exits in the losses. */
  readonly batchSize: number;
  /** Number of exits. */
  readonly exits: number;
  /** Number of classes. */
  readonly classes: number;
  /** Quads available for partial sums. */
  readonly partialQuads: number;
  /** How the device runs workgroups. */
  readonly adapter: AdapterTraits;
  /** Most iterations of an invocation's loops. */
  readonly maxTurns: number;
  /** The loss to minimise. */
  readonly loss: LossOptions;
}

/** Approximate number of pixels per invocation of batch norm's kernels. */
const CHUNK = 128;

/**
 * The dispatches of a step. The kernels are the same for every number of samples, and are tested before the first step.
 */
export function trainingDispatches(step: TrainingStep, batch: DeviceBatch): TrainingDispatch[] {
  const region = (view: View) => regionOf(batch.layout.features, view);
  switch (step.kind) {
    case "convolution":
    case "depthwise":
    case "squeeze":
    case "excitation":
    case "classifier":
    case "max-pool":
    case "resize":
      return forward(step, batch);
    case "norm-statistics":
      return normStatistics(step, batch);
    case "norm":
      return normRuns("norm", region(step.output), batch, {
        ...before(region(step.input)),
        ...outputArguments(region(step.output)),
        ...normArguments(step.layer, batch),
        runningOnly: Number(step.statistics === "running"),
      });
    case "norm-sums":
      return normSums(step, batch);
    case "norm-gradient":
      return normRuns("norm-gradient", region(step.input), batch, {
        ...alignedArguments(region(step.input)),
        ...normArguments(step.layer, batch),
        ...gradientArguments(region(step.gradient)),
        count: samplesOf(batch) * areaOf(region(step.input).size),
      });
    case "relu-gradient":
      return pixelRuns("relu-gradient", region(step.gradient), batch, {
        ...before(region(step.output)),
        ...outputArguments(region(step.gradient)),
      });
    case "zero":
      return pixelRuns("zero", region(step.output), batch, outputArguments(region(step.output)));
    case "dropout":
      return dropout(step, batch);
    case "loss":
      return loss(step.exit, batch);
    case "classifier-gradient":
      return classifierGradient(step, batch);
    case "weight-gradient":
      return weightGradient(step, batch);
    case "input-gradient":
      return inputGradient(step, batch);
    case "depthwise-weight-gradient":
      return depthwiseWeightGradient(step, batch);
    case "depthwise-input-gradient":
      return pixelRuns("depthwise-input-gradient", region(step.result), batch, {
        ...outputArguments(region(step.result)),
        ...gradientArguments(region(step.gradient)),
        ...gradientSides(region(step.gradient)),
        accumulate: Number(step.result.accumulate),
        kernel: step.layer.kernel,
        stride: step.layer.stride,
        weights: batch.layout.weights.get(step.layer)!,
      });
    case "squeeze-gradient":
      return pixelRuns("squeeze-gradient", region(step.result), batch, {
        ...outputArguments(region(step.result)),
        ...gradientArguments(region(step.gradient)),
        accumulate: Number(step.result.accumulate),
      });
    case "excitation-gradient":
      return excitationGradient(step, batch);
    case "max-pool-gradient":
      return pixelRuns("max-pool-gradient", region(step.result), batch, {
        ...before(region(step.input)),
        ...outputArguments(region(step.result)),
        ...gradientArguments(region(step.gradient)),
        inHeight: region(step.input).size.height,
        inWidth: region(step.input).size.width,
        ...gradientSides(region(step.gradient)),
        accumulate: Number(step.result.accumulate),
      });
    case "resize-gradient":
      return resizeGradient(step, batch);
  }
}

function excitationGradient(
  { layer, input, gates: from, gradient: range, result, gatesResult }: ExcitationGradient,
  batch: DeviceBatch,
): TrainingDispatch[] {
  const region = (view: View) => regionOf(batch.layout.features, view);
  const gates = { gatesOffset: region(from).offset, gate: gateCode(layer.gate) };
  const gradient = gradientArguments(region(range));
  return [
    ...pixelRuns("excitation-gradient", region(result), batch, {
      ...outputArguments(region(result)),
      ...gradient,
      ...gates,
      accumulate: Number(result.accumulate),
    }),
    ...pixelRuns("excitation-gates-gradient", region(gatesResult), batch, {
      ...inputArguments(region(input)),
      ...outputArguments(region(gatesResult)),
      ...gradient,
      ...gates,
      accumulate: Number(gatesResult.accumulate),
    }),
  ];
}

function resizeGradient(
  step: Extract<TrainingStep, { kind: "resize-gradient" }>,
  batch: DeviceBatch,
): TrainingDispatch[] {
  const gradient = regionOf(batch.layout.features, step.gradient);
  const result = regionOf(batch.layout.features, step.result);
  const inShift = gradient.channel % 4;
  return pixelRuns("resize-gradient", result, batch, {
    ...alignedArguments(gradient),
    ...outputArguments(result),
    inShift,
    accumulate: Number(step.result.accumulate),
  }, { SHIFTED: Math.min(inShift, 1) });
}

/** Dispatches of the layers that use the kernels of inference. */
function forward(layer: Layer, batch: DeviceBatch): TrainingDispatch[] {
  const { layout, microBatchSize, adapter } = batch;
  const step = placeLayer(layer, layout.features);
  const offset = layout.weights.get(layer) ?? 0;
  const weights = { ranges: new Map([[step, { buffer: 0, offset, quads: 0 }]]), quads: [] };
  const arena = { zeroQuads: arenaStart(layout), sampleQuads: layout.sampleQuads };
  return batch.microBatches.map(({ count }, index) => ({
    ...dispatchOf([step], arena, { count, tilesFor: microBatchSize, batchSize: microBatchSize, adapter, weights }),
    microBatch: index,
  }));
}

function normStatistics({ layer, input: range }: NormStatistics, batch: DeviceBatch): TrainingDispatch[] {
  const input = regionOf(batch.layout.features, range);
  const place = batch.layout.norms.get(layer.norm)!;
  const quads = regionQuads(input);
  const chunks = chunksOf(input, batch);
  const samples = samplesOf(batch);
  return [
    ...normRuns("norm-statistics", input, batch, alignedArguments(input)),
    once("norm-merge", quads, batch, {
      quads,
      chunks,
      samples,
      area: areaOf(input.size),
      statistics: place.statistics,
      running: place.parameters + 2 * quads,
    }),
  ];
}

function normSums({ layer, input: range, gradient }: NormSums, batch: DeviceBatch): TrainingDispatch[] {
  const input = regionOf(batch.layout.features, range);
  const quads = regionQuads(input);
  return [
    ...normRuns("norm-sums", input, batch, {
      ...alignedArguments(input),
      ...normArguments(layer, batch),
      ...gradientArguments(regionOf(batch.layout.features, gradient)),
    }),
    once("sum", 2 * quads, batch, {
      quads: 2 * quads,
      splits: samplesOf(batch) * chunksOf(input, batch),
      result: batch.layout.norms.get(layer.norm)!.parameters,
      rowQuads: quads,
      shift: input.channel,
      channels: input.channels,
      period: 1,
      rows: 1,
    }),
  ];
}

function dropout(step: Dropout, batch: DeviceBatch): TrainingDispatch[] {
  const output = regionOf(batch.layout.features, step.output);
  const workgroups = Math.ceil(areaOf(output.size) * regionQuads(output) / batch.adapter.lanes);
  return batch.microBatches.map(({ first, count }, index) =>
    run("dropout", index, batch, {
      ...outputArguments(output),
      ...dropoutNumbers(step),
      exit: step.exit,
      first,
    }, [Math.min(workgroups, MAX_WORKGROUPS), count, 1])
  );
}

function loss(exit: number, batch: DeviceBatch): TrainingDispatch[] {
  const { microBatches, exits, classes, microBatchSize, adapter: { lanes } } = batch;
  const distillation = distillationAt(batch.loss, exit);
  return microBatches.map(({ first, count }, index) =>
    run("loss", index, batch, {
      classes,
      logits: exit * microBatchSize * classes,
      first,
      losses: exit * batch.batchSize,
      correct: (exits + exit) * batch.batchSize,
      seconds: batch.batchSize + first,
      shares: 2 * batch.batchSize + first,
      smoothing: batch.loss.labelSmoothing,
      scale: batch.loss.exits[exit] / samplesOf(batch),
      distilled: distillation.weight,
      temperature: distillation.temperature,
      teacher: (exits - 1) * microBatchSize * classes,
    }, [Math.ceil(count / lanes), 1, 1])
  );
}

function classifierGradient(step: ClassifierGradient, batch: DeviceBatch): TrainingDispatch[] {
  const { layer: { classes, pool, exit } } = step;
  const { layout, microBatchSize, adapter: { lanes } } = batch;
  const input = regionOf(layout.features, step.input);
  const linear = { classes, poolHeight: pool.height, poolWidth: pool.width, logits: exit * microBatchSize * classes };
  const weights = layout.weights.get(step.layer)!;
  const invocations = classes * quadsOf(input.channels) + quadsOf(classes);
  const forWeights = batch.microBatches.map((_, index) =>
    run("classifier-weight-gradient", index, batch, {
      ...linear,
      ...inputArguments(input),
      result: weights,
      channels: input.channels,
      accumulate: Number(index > 0),
    }, [...inRows(Math.ceil(invocations / lanes)), 1])
  );
  if (!step.result) return forWeights;
  const result = regionOf(layout.features, step.result);
  return [
    ...forWeights,
    ...pixelRuns("classifier-input-gradient", result, batch, {
      ...linear,
      ...outputArguments(result),
      weights,
      accumulate: Number(step.result.accumulate),
    }),
  ];
}

function weightGradient(
  { layer, input: read, gradient: range }: WeightGradient,
  batch: DeviceBatch,
): TrainingDispatch[] {
  const { layout } = batch;
  const input = regionOf(layout.features, read);
  const gradient = regionOf(layout.features, range);
  const inQuads = quadsOf(input.channels);
  const gradQuads = regionQuads(gradient);
  const taps = layer.kernel ** 2;
  const bias = Number(layer.bias);
  const tile = chooseWeightTile(inQuads, gradQuads, batch.adapter);
  return weightRuns("weight-gradient", batch, {
    size: gradient.size,
    quads: (taps * 4 * inQuads + bias) * gradQuads,
    tiles: Math.ceil(gradQuads / tile.outs) * (Math.ceil(inQuads / tile.ins) * taps + bias),
    values: {
      ...inputArguments(input),
      ...gradientArguments(gradient),
      ...gradientSides(gradient),
      gradQuads,
      kernel: layer.kernel,
      stride: layer.stride,
      bias,
      ones: layout.zeroQuads,
    },
    constants: { INS: tile.ins, OUTS: tile.outs },
    sum: {
      result: layout.weights.get(layer)!,
      rowQuads: gradQuads,
      shift: gradient.channel % 4,
      channels: gradient.channels,
      period: 4 * inQuads,
      rows: input.channels,
    },
  });
}

function depthwiseWeightGradient(
  { layer, input: read, gradient: range }: DepthwiseWeightGradient,
  batch: DeviceBatch,
): TrainingDispatch[] {
  const { layout } = batch;
  const gradient = regionOf(layout.features, range);
  const rowQuads = quadsOf(gradient.channels);
  const quads = layer.kernel ** 2 * rowQuads;
  return weightRuns("depthwise-weight-gradient", batch, {
    size: gradient.size,
    quads,
    tiles: quads,
    values: {
      ...inputArguments(regionOf(layout.features, read)),
      ...gradientArguments(gradient),
      ...gradientSides(gradient),
      kernel: layer.kernel,
      stride: layer.stride,
    },
    sum: {
      result: layout.weights.get(layer)!,
      rowQuads,
      shift: 0,
      channels: gradient.channels,
      period: 1,
      rows: 1,
    },
  });
}

/**
 * A gradient of weights: partial sums of `quads` quads, each over some rows of a micro-batch's pixels and computed by
 * `tiles` invocations, and then their sum.
 */
function weightRuns<K extends "weight-gradient" | "depthwise-weight-gradient">(
  kernel: K,
  batch: DeviceBatch,
  { size, quads, tiles, values, constants, sum }: {
    readonly size: Size;
    readonly quads: number;
    readonly tiles: number;
    readonly values: Omit<Own<K>, "partials" | "splits" | "rows">;
    readonly constants?: Readonly<Record<string, number>>;
    readonly sum: Omit<Own<"sum">, "quads" | "splits">;
  },
): TrainingDispatch[] {
  let splits = 0;
  const runs = batch.microBatches.map(({ count }, index) => {
    const split = splitRows(count, size, { tiles, quads, batch });
    const all = { ...values, ...split, partials: splits * quads } as unknown as Own<K>;
    splits += split.splits;
    return run(
      kernel,
      index,
      batch,
      all,
      [...inRows(Math.ceil(tiles * split.splits / batch.adapter.lanes)), 1],
      constants,
    );
  });
  return [...runs, once("sum", quads, batch, { ...sum, quads, splits })];
}

/** The number of parts into which a micro-batch's rows of pixels are split, so that the whole device has work. */
function splitRows(
  count: number,
  { height, width }: Size,
  { tiles, quads, batch }: { tiles: number; quads: number; batch: DeviceBatch },
): { splits: number; rows: number } {
  const { adapter: { lanes, parallelism }, microBatches, maxTurns } = batch;
  const all = count * height;
  const wanted = Math.ceil(4 * lanes * parallelism / tiles);
  const room = Math.floor(batch.partialQuads / microBatches.length / quads);
  const rows = Math.min(
    Math.ceil(all / Math.max(1, Math.min(wanted, room))),
    Math.max(1, Math.floor(maxTurns / (width + 1))),
  );
  return { splits: Math.ceil(all / rows), rows };
}

/** The smallest number of quads for partial sums with which every step can run. */
export function leastPartialQuads(steps: readonly TrainingStep[], batch: DeviceBatch): number {
  return Math.max(
    0,
    ...steps.filter((step) => step.kind === "weight-gradient").map(({ layer, input, gradient: range }) => {
      const gradient = regionOf(batch.layout.features, range);
      const quads = (layer.kernel ** 2 * 4 * quadsOf(input.channels) + 1) * regionQuads(gradient);
      return leastForSplits(gradient.size, quads, batch);
    }),
    ...steps.filter((step) => step.kind === "depthwise-weight-gradient").map(({ layer, gradient: range }) => {
      const gradient = regionOf(batch.layout.features, range);
      return leastForSplits(gradient.size, layer.kernel ** 2 * quadsOf(gradient.channels), batch);
    }),
    ...steps.filter((step) => step.kind === "norm-sums").map(({ input: range }) => {
      const input = regionOf(batch.layout.features, range);
      return samplesOf(batch) * chunksOf(input, batch) * 2 * regionQuads(input);
    }),
  );
}

/** The quads for partial sums of a gradient of so many quads, with as few parts as the longest loop allows. */
function leastForSplits(size: Size, quads: number, batch: DeviceBatch): number {
  const { microBatches } = batch;
  const parts = microBatches.map(({ count }) => splitRows(count, size, { tiles: Infinity, quads, batch }).splits);
  return quads * microBatches.length * Math.max(...parts);
}

/**
 * The most iterations of all loops of an invocation for a step, among the loops whose length is not limited otherwise.
 */
export function longestTrainingLoop(step: TrainingStep, batch: DeviceBatch): number {
  const { features } = batch.layout;
  switch (step.kind) {
    case "convolution":
    case "depthwise":
    case "squeeze":
    case "excitation":
    case "classifier":
    case "max-pool":
    case "resize":
      return longestLoop(placeLayer(step, features));
    case "norm-statistics":
      return 2 * samplesOf(batch) * chunksOf(regionOf(features, step.input), batch);
    case "loss":
      return 5 * batch.classes;
    case "classifier-gradient":
      return Math.max(batch.classes, batch.microBatchSize * areaOf(step.layer.pool));
    case "input-gradient":
      return Math.ceil(step.layer.kernel / step.layer.stride) ** 2 * regionQuads(regionOf(features, step.gradient));
    case "resize-gradient": {
      const [before, after] = [regionOf(features, step.result).size, regionOf(features, step.gradient).size];
      const reach = (side: keyof Size) =>
        Math.min(after[side], Math.ceil(2 * (after[side] - 1) / Math.max(before[side] - 1, 1)) + 1);
      return reach("height") * reach("width");
    }
    case "weight-gradient":
    case "depthwise-weight-gradient":
      return regionOf(features, step.gradient).size.width;
    case "depthwise-input-gradient":
      return 2 * step.layer.kernel ** 2;
    case "excitation-gradient":
      return Math.max(CHUNK, Math.ceil(areaOf(regionOf(features, step.input).size) / 4));
    case "norm":
    case "norm-sums":
    case "norm-gradient":
    case "squeeze-gradient":
    case "relu-gradient":
    case "max-pool-gradient":
    case "dropout":
    case "zero":
      return CHUNK;
  }
}

/** The cheapest tile. As for convolutions, ten products of four numbers cost as much as one load. */
function chooseWeightTile(inQuads: number, outQuads: number, adapter: AdapterTraits): WeightTile {
  const tiles = weightTilesOf(adapter);
  const costs = tiles.map(({ ins, outs }) =>
    Math.ceil(inQuads / ins) * Math.ceil(outQuads / outs) * (1 + ins + outs + 4 * ins * outs / 10)
  );
  return tiles[costs.indexOf(Math.min(...costs))];
}

function inputGradient({ layer, gradient, result: range }: InputGradient, batch: DeviceBatch): TrainingDispatch[] {
  const { layout, adapter } = batch;
  const input = regionOf(layout.features, gradient);
  const result = regionOf(layout.features, range);
  const { kernel, stride } = layer;
  // A convolution of the same shape, for the pixels with the same remainder modulo the stride.
  const size = strided(result.size, stride);
  const alike: StepOf<"convolution"> = {
    kind: "convolution",
    layer: { ...layer, kernel: Math.ceil(kernel / stride) },
    reads: [{ ...input, channels: 4 * regionQuads(input) }],
    writes: [{ ...result, size }],
  };
  const tile = chooseTile([alike], batch.microBatchSize, { ...adapter, tiles: gradientTilesOf(adapter) });
  return batch.microBatches.map(({ count }, index) =>
    run(
      "input-gradient",
      index,
      batch,
      {
        ...alignedArguments(input),
        ...outputArguments(result),
        accumulate: Number(range.accumulate),
        kernel,
        stride,
        weights: layout.weights.get(layer)!,
        tiles: Math.ceil(areaOf(size) / tile.pixels),
        across: tile.across,
      },
      [...workgroupsOf(alike, tile, count, adapter.lanes), stride ** 2],
      { PIXELS: tile.pixels, QUADS: tile.quads },
    )
  );
}

/** A kernel of batch norm, each invocation of which computes four channels of a chunk of pixels. */
function normRuns<K extends TrainingKernelName>(
  kernel: K,
  region: Region,
  batch: DeviceBatch,
  values: Omit<Own<K>, "chunks" | "partials">,
): TrainingDispatch[] {
  const chunks = chunksOf(region, batch);
  const quads = regionQuads(region);
  return batch.microBatches.map(({ first, count }, index) => {
    const partials = first * chunks * 2 * quads;
    const all = { ...values, chunks, partials } as unknown as Own<K>;
    const [x, z] = inRows(Math.ceil(quads * chunks / batch.adapter.lanes));
    return run(kernel, index, batch, all, [x, count, z]);
  });
}

/** A kernel, each invocation of which computes four channels of a pixel. */
function pixelRuns<K extends TrainingKernelName>(
  kernel: K,
  region: Region,
  batch: DeviceBatch,
  values: Own<K>,
  constants: Readonly<Record<string, number>> = {},
): TrainingDispatch[] {
  const workgroups = Math.ceil(areaOf(region.size) * regionQuads(region) / batch.adapter.lanes);
  return batch.microBatches.map(({ count }, index) =>
    run(kernel, index, batch, values, [Math.min(workgroups, MAX_WORKGROUPS), count, 1], constants)
  );
}

/** A kernel that runs over the batch. */
function once<K extends TrainingKernelName>(
  kernel: K,
  invocations: number,
  batch: DeviceBatch,
  values: Own<K>,
): TrainingDispatch {
  return run(kernel, 0, batch, values, [Math.min(Math.ceil(invocations / batch.adapter.lanes), MAX_WORKGROUPS), 1, 1]);
}

type Values<K extends TrainingKernelName> = ArgumentValues<(typeof TRAINING_ARGUMENTS)[K]>;

/** Arguments of a kernel but for those that all have. */
type Own<K extends TrainingKernelName> = Omit<Values<K>, "arenaStart" | "samplePitch">;

function run<K extends TrainingKernelName>(
  kernel: K,
  microBatch: number,
  { layout, adapter: { lanes } }: DeviceBatch,
  values: Own<K>,
  workgroups: readonly [number, number, number],
  constants: Readonly<Record<string, number>> = {},
): TrainingDispatch {
  const table: ArgumentTable = TRAINING_ARGUMENTS[kernel];
  const all = { ...values, arenaStart: arenaStart(layout), samplePitch: layout.sampleQuads };
  const args = encodeArguments(table, [all]);
  return { kernel, microBatch, constants: { ...constants, LANES: lanes }, args, workgroups };
}

/** The first quad after the zeros and a quad of ones. */
export function arenaStart({ zeroQuads }: GpuTrainingLayout): number {
  return zeroQuads + 1;
}

/** Number of samples of a batch. */
function samplesOf({ microBatches }: DeviceBatch): number {
  return microBatches.reduce((sum, { count }) => sum + count, 0);
}

/** Number of chunks of a sample's pixels. */
function chunksOf({ size }: Region, batch: DeviceBatch): number {
  return Math.max(1, Math.min(Math.ceil(areaOf(size) / CHUNK), Math.floor(batch.maxTurns / 2 / samplesOf(batch))));
}

/** A region whose first lanes may belong to other channels. */
function alignedArguments(region: Region) {
  return { ...inputArguments(region), ...before(region), inQuads: regionQuads(region) };
}

function before({ offset, channel, pitch }: Region) {
  return { inOffset: offset + Math.floor(channel / 4), inPitch: pitch };
}

function gradientArguments({ offset, channel, pitch }: Region) {
  return { gradOffset: offset + Math.floor(channel / 4), gradPitch: pitch };
}

function gradientSides({ size }: Region) {
  return { gradHeight: size.height, gradWidth: size.width };
}

function normArguments({ norm, activation }: NormedConvolution, { layout }: DeviceBatch) {
  return { ...layout.norms.get(norm)!, activation: activationCode(activation) };
}
