/**
 * A wave as a kernel's constants, arguments and number of workgroups.
 *
 * @module
 */

import { type Plan, quadsOf, type Region, regionQuads, type Step, type StepOf, type Wave } from "../../planner/plan.ts";
import { type AdapterTraits, chooseTile, MAX_WORKGROUPS, workgroupsOf } from "./tiles.ts";
import {
  ARGUMENTS,
  encodeArguments,
  type InputArguments,
  type OutputArguments,
  type SampleArguments,
} from "./arguments.ts";
import type { Kernel } from "./kernels.ts";
import type { WeightLayout } from "./weights.ts";

/** Turns of all loops together after which llvmpipe leaves a kernel's loops, with some to spare. */
export const MAX_TURNS = 60_000;

/** One kernel run. */
export interface Dispatch extends Kernel {
  /** For each step the kernel's `Args`, one after another. */
  readonly args: Uint8Array<ArrayBuffer>;
  /** Workgroups in x, y and z. */
  readonly workgroups: readonly [number, number, number];
}

/** Workgroup size of the kernels that compute one value per invocation. */
const LANES = 64;

/** How a wave is run for `count` samples, logits lying `capacity` samples an exit. */
export function dispatchOf(
  wave: Wave,
  plan: Pick<Plan, "zeroQuads" | "sampleQuads">,
  options: { count: number; capacity: number; adapter: AdapterTraits; weights: WeightLayout },
): Dispatch {
  const { count, adapter, weights } = options;
  const { lanes } = adapter;
  const samples = { arenaStart: plan.zeroQuads, samplePitch: plan.sampleQuads };
  const convolutions = wave.filter((step) => step.kind === "convolution");
  if (convolutions.length > 0) {
    const tile = chooseTile(convolutions, count, adapter);
    const workgroups = convolutions.map((step) => workgroupsOf(step, tile, count, lanes));
    const constants = { PIXELS: tile.pixels, QUADS: tile.quads, LANES: lanes };
    return {
      kernel: tile.kernel,
      constants: tile.kernel === "convolution" ? constants : { ...constants, ACROSS: tile.across },
      args: encodeArguments(
        ARGUMENTS[tile.kernel],
        convolutions.map((step) => ({
          ...inputArguments(step.reads[0]),
          ...outputArguments(step.writes[0]),
          ...samples,
          kernel: step.layer.kernel,
          stride: step.layer.stride,
          relu: Number(step.layer.relu),
          weights: weights.ranges.get(step)!.offset,
          tiles: Math.ceil(step.writes[0].size ** 2 / tile.pixels),
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
  return {
    kernel: wave[0].kind,
    constants: { LANES },
    args: encodeOthers(others, samples, options),
    workgroups: [
      Math.min(Math.ceil(Math.max(...others.map(invocations)) / LANES), MAX_WORKGROUPS),
      count,
      wave.length,
    ],
  };
}

/** Steps of one kind. */
function encodeOthers(
  steps: readonly OtherStep[],
  samples: SampleArguments,
  { capacity, weights }: { capacity: number; weights: WeightLayout },
): Uint8Array<ArrayBuffer> {
  const classifiers = steps.filter((step) => step.kind === "classifier");
  if (classifiers.length > 0) {
    return encodeArguments(
      ARGUMENTS.classifier,
      classifiers.map((step) => ({
        ...inputArguments(step.reads[0]),
        ...samples,
        classes: step.layer.classes,
        pool: step.layer.pool,
        weights: weights.ranges.get(step)!.offset,
        logits: step.layer.exit * capacity * step.layer.classes,
      })),
    );
  }
  const others = steps.filter((step) => step.kind !== "classifier");
  return encodeArguments(
    ARGUMENTS[others[0].kind],
    others.map(({ reads: [input], writes: [output] }) => ({
      ...inputArguments(input),
      ...outputArguments(output),
      ...samples,
    })),
  );
}

/** Most samples of which every wave still is one dispatch. */
export function largestBatch(plan: Plan, { lanes, tiles }: AdapterTraits): number {
  const pixels = Math.max(...plan.network.features.map(({ size }) => size ** 2));
  const perWorkgroup = lanes * Math.min(...tiles.map((tile) => tile.pixels));
  return Math.min(MAX_WORKGROUPS, Math.floor(MAX_WORKGROUPS * perWorkgroup / pixels));
}

/** How many turns of all its loops, outer ones included, an invocation takes for a step; a convolution up to 200 more. */
export function longestLoop(step: Step): number {
  const inner = quadsOf(step.reads[0].channels);
  switch (step.kind) {
    case "convolution":
      return step.layer.kernel ** 2 * inner;
    case "classifier":
      return step.layer.pool ** 2 * inner;
    case "max-pool":
    case "resize":
      return 1;
  }
}

type OtherStep = Exclude<Step, StepOf<"convolution">>;

/** Of one sample. */
function invocations(step: OtherStep): number {
  switch (step.kind) {
    case "max-pool":
    case "resize":
      return step.writes[0].size ** 2 * regionQuads(step.writes[0]);
    case "classifier":
      return step.layer.classes;
  }
}

/** Where a region is read. */
export function inputArguments({ channels, pitch, offset, size }: Region): InputArguments {
  return { inQuads: quadsOf(channels), inPitch: pitch, inOffset: offset, inSize: size };
}

/** Where a region is written. */
export function outputArguments(output: Region): OutputArguments {
  const { channel, channels, pitch, offset, size } = output;
  return {
    outQuads: regionQuads(output),
    outPitch: pitch,
    outOffset: offset + Math.floor(channel / 4),
    outSize: size,
    outShift: channel % 4,
    outChannels: channels,
  };
}
