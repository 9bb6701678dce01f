/**
 * Turns a wave into a kernel's constants, arguments and number of workgroups.
 *
 * @module
 */

import { activationCode, gateCode } from "../../network/activation.ts";
import { concat } from "../../io/bytes.ts";
import { areaOf } from "../../network/size.ts";
import { type Plan, quadsOf, type Region, regionQuads, type Step, type StepOf, type Wave } from "../../planner/plan.ts";
import { type AdapterTraits, chooseTile, largestDispatch, MAX_PIXELS, MAX_WORKGROUPS, workgroupsOf } from "./tiles.ts";
import {
  ARGUMENTS,
  encodeArguments,
  type InputArguments,
  type OutputArguments,
  type SampleArguments,
} from "./arguments.ts";
import type { Kernel } from "./kernels.ts";
import type { WeightLayout } from "./weights.ts";

/**
 * Limit for the iterations of all loops of an invocation, a little below the number at which llvmpipe ends loops early.
 */
export const MAX_TURNS = 60_000;

/** One kernel run. */
export interface Dispatch extends Kernel {
  /** For each step the kernel's `Args`, one after another. */
  readonly args: Uint8Array<ArrayBuffer>;
  /** Workgroups in x, y and z. */
  readonly workgroups: readonly [number, number, number];
}

/** The factor of the previous exit's logits for each exit, if it differs from the layer's. */
type Reweights = readonly (number | undefined)[];

/** Pixels of a row that an invocation of the depthwise kernel computes. */
const DEPTHWISE_PIXELS = 4;

/** Workgroup size of the kernels that compute one value per invocation. */
const LANES = 64;

/**
 * The dispatch of a wave for `count` samples; logits have a stride of `batchSize` samples per exit.
 *
 * @param options `tilesFor`: the number of samples for which tiles are chosen; default `count`.
 */
export function dispatchOf(
  wave: Wave,
  plan: Pick<Plan, "zeroQuads" | "sampleQuads">,
  options: {
    count: number;
    tilesFor?: number;
    batchSize: number;
    adapter: AdapterTraits;
    weights: WeightLayout;
    reweights?: Reweights;
  },
): Dispatch {
  const { count, tilesFor = count, adapter, weights } = options;
  const { lanes } = adapter;
  const arithmetic = weights.ranges.get(wave[0])?.arithmetic;
  const samples = { arenaStart: plan.zeroQuads, samplePitch: plan.sampleQuads };
  const convolutions = wave.filter((step) => step.kind === "convolution");
  if (convolutions.length > 0) {
    const tile = chooseTile(convolutions, tilesFor, adapter);
    const workgroups = convolutions.map((step) => workgroupsOf(step, tile, count, lanes));
    const constants = { PIXELS: tile.pixels, QUADS: tile.quads, LANES: lanes };
    return {
      kernel: tile.kernel,
      arithmetic,
      constants: tile.kernel === "convolution"
        ? { ...constants, AHEAD: Number(adapter.readsAhead ?? false) }
        : { ...constants, ACROSS: tile.across },
      args: encodeArguments(
        ARGUMENTS[tile.kernel],
        convolutions.map((step) => ({
          ...inputArguments(step.reads[0]),
          ...outputArguments(step.writes[0]),
          ...samples,
          kernel: step.layer.kernel,
          stride: step.layer.stride,
          activation: activationCode(step.layer.activation),
          weights: weights.ranges.get(step)!.offset,
          tiles: Math.ceil(areaOf(step.writes[0].size) / tile.pixels),
          across: tile.across,
        })),
      ),
      workgroups: [
        Math.max(...workgroups.map(([x]) => x)),
        Math.max(...workgroups.map(([, y]) => y)),
        wave.length,
      ],
    };
  }
  const others = wave.filter((step) => step.kind !== "convolution");
  const { kind } = wave[0];
  return {
    kernel: kind,
    arithmetic,
    constants: kind === "depthwise" ? { PIXELS: DEPTHWISE_PIXELS, LANES } : { LANES },
    args: concat(others.map((step) => encodeStep(step, samples, options)), Uint8Array),
    workgroups: [
      Math.min(Math.ceil(Math.max(...others.map(invocations)) / LANES), MAX_WORKGROUPS),
      count,
      wave.length,
    ],
  };
}

function encodeStep(
  step: OtherStep,
  samples: SampleArguments,
  { batchSize, weights, reweights }: { batchSize: number; weights: WeightLayout; reweights?: Reweights },
): Uint8Array<ArrayBuffer> {
  const { reads: [input] } = step;
  switch (step.kind) {
    case "depthwise":
      return encodeArguments(ARGUMENTS.depthwise, [{
        ...inputArguments(input),
        ...outputArguments(step.writes[0]),
        ...samples,
        kernel: step.layer.kernel,
        stride: step.layer.stride,
        activation: activationCode(step.layer.activation),
        weights: weights.ranges.get(step)!.offset,
      }]);
    case "excitation":
      return encodeArguments(ARGUMENTS.excitation, [{
        ...inputArguments(input),
        ...outputArguments(step.writes[0]),
        ...samples,
        gatesOffset: step.reads[1].offset,
        gate: gateCode(step.layer.gate),
        weights: weights.ranges.get(step)?.offset ?? 0,
      }]);
    case "max-pool": {
      const places = { ...inputArguments(input), ...outputArguments(step.writes[0]) };
      return encodeArguments(ARGUMENTS["max-pool"], [{ ...places, ...samples }]);
    }
    case "squeeze":
    case "resize": {
      const places = { ...inputArguments(input), ...outputArguments(step.writes[0]) };
      const own = weights.ranges.get(step)?.offset ?? 0;
      return encodeArguments(ARGUMENTS[step.kind], [{ ...places, ...samples, weights: own }]);
    }
    case "classifier": {
      const { classes, pool, exit } = step.layer;
      return encodeArguments(ARGUMENTS.classifier, [{
        ...inputArguments(input),
        ...samples,
        classes,
        poolHeight: pool.height,
        poolWidth: pool.width,
        weights: weights.ranges.get(step)!.offset,
        logits: exit * batchSize * classes,
        before: Math.max(exit - 1, 0) * batchSize * classes,
        reweight: reweights?.[exit] ?? step.layer.reweight ?? 0,
      }]);
    }
  }
}

/** The largest number of samples for which every wave is a single dispatch. */
export function largestBatch(plan: Plan, adapter: AdapterTraits): number {
  const pixels = Math.max(...plan.network.features.map(({ size }) => areaOf(size)));
  return Math.min(MAX_WORKGROUPS, largestDispatch(pixels, adapter));
}

/** Iterations of all loops of an invocation for a step, including outer loops; a convolution takes up to 200 more. */
export function longestLoop(step: Step): number {
  const inner = quadsOf(step.reads[0].channels);
  switch (step.kind) {
    case "convolution":
      return step.layer.kernel ** 2 * inner + (step.layer.kernel === 1 ? readAheadTurns(inner) : 0);
    case "depthwise":
      return step.layer.kernel ** 2 + step.layer.kernel;
    case "squeeze":
      return Math.ceil(areaOf(step.reads[0].size) / 8);
    case "classifier":
      return areaOf(step.layer.pool) * inner;
    case "excitation":
    case "max-pool":
    case "resize":
      return 1;
  }
}

/** Iterations that read ahead, for `inner` quads of channels. */
function readAheadTurns(inner: number): number {
  return MAX_PIXELS * (1 + Math.ceil(inner / 4));
}

type OtherStep = Exclude<Step, StepOf<"convolution">>;

/** Invocations for one sample. */
function invocations(step: OtherStep): number {
  switch (step.kind) {
    case "depthwise": {
      const [{ size: { height, width } }] = step.writes;
      return height * Math.ceil(width / DEPTHWISE_PIXELS) * regionQuads(step.writes[0]);
    }
    case "squeeze":
    case "excitation":
    case "max-pool":
    case "resize":
      return areaOf(step.writes[0].size) * regionQuads(step.writes[0]);
    case "classifier":
      return step.layer.classes;
  }
}

/** Where a region is read. */
export function inputArguments({ channels, pitch, offset, size }: Region): InputArguments {
  return { inQuads: quadsOf(channels), inPitch: pitch, inOffset: offset, inHeight: size.height, inWidth: size.width };
}

/** Where a region is written. */
export function outputArguments(output: Region): OutputArguments {
  const { channel, channels, pitch, offset, size } = output;
  return {
    outQuads: regionQuads(output),
    outPitch: pitch,
    outOffset: offset + Math.floor(channel / 4),
    outHeight: size.height,
    outWidth: size.width,
    outShift: channel % 4,
    outChannels: channels,
  };
}
