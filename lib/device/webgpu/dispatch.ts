/**
 * A wave as a kernel's constants, arguments and number of workgroups.
 *
 * @module
 */

import { type ConvolutionStep, type Plan, quadsOf, type Region, type Step, type Wave } from "../../planner/plan.ts";
import { type AdapterTraits, chooseTile, MAX_WORKGROUPS, type Tile, workgroupsOf } from "./tiles.ts";
import type { KernelName } from "./kernels.ts";
import type { WeightLayout } from "./weights.ts";

/** One kernel run. */
export interface Dispatch {
  /** What runs. */
  readonly kernel: KernelName;
  /** Compiled in. */
  readonly constants: Readonly<Record<string, number>>;
  /** For each step the kernel's `Args`, in order. */
  readonly args: readonly (readonly number[])[];
  /** Workgroups in x, y and z. */
  readonly workgroups: readonly [number, number, number];
}

/** Workgroup size of the kernels that compute one value per invocation. */
const LANES = 64;

/** Bytes of a kernel's `Args`. */
export const ARGS_BYTES = 64;

/** How a wave is run for `count` samples, logits lying `capacity` samples an exit. */
export function dispatchOf(
  wave: Wave,
  plan: Plan,
  options: { count: number; capacity: number; adapter: AdapterTraits; weights: WeightLayout },
): Dispatch {
  const { count, adapter, weights } = options;
  const { lanes } = adapter;
  const convolutions = wave.filter((step) => step.kind === "convolution");
  if (convolutions.length > 0) {
    const tile = chooseTile(convolutions, count, adapter);
    const workgroups = convolutions.map((step) => workgroupsOf(step, tile, count, lanes));
    const constants = { PIXELS: tile.pixels, QUADS: tile.quads, LANES: lanes };
    return {
      kernel: tile.kernel,
      constants: tile.kernel === "convolution" ? constants : { ...constants, ACROSS: tile.across },
      args: convolutions.map((step) => convolutionArgs(step, plan, { tile, weights })),
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
    args: others.map((step) => argsOf(step, plan, options)),
    workgroups: [
      Math.min(Math.ceil(Math.max(...others.map(invocations)) / LANES), MAX_WORKGROUPS),
      count,
      wave.length,
    ],
  };
}

/** Most samples of which every wave still is one dispatch. */
export function largestBatch(plan: Plan, { lanes, tiles }: AdapterTraits): number {
  const pixels = Math.max(...plan.network.features.map(({ size }) => size ** 2));
  const perWorkgroup = lanes * Math.min(...tiles.map((tile) => tile.pixels));
  return Math.min(MAX_WORKGROUPS, Math.floor(MAX_WORKGROUPS * perWorkgroup / pixels));
}

/** How many turns of all its loops, outer ones included, an invocation takes for a step; a convolution up to 200 more. */
export function longestLoop(step: Step): number {
  const inner = quadsOf(step.input.channels);
  switch (step.kind) {
    case "convolution":
      return step.layer.kernel ** 2 * inner;
    case "classifier":
      return step.layer.pool ** 2 * inner;
    default:
      return 1;
  }
}

type OtherStep = Exclude<Step, ConvolutionStep>;

function convolutionArgs(
  step: ConvolutionStep,
  plan: Plan,
  { tile, weights }: { tile: Tile; weights: WeightLayout },
): number[] {
  const { input, output, layer } = step;
  return [
    layer.kernel,
    layer.stride,
    quadsOf(input.channels),
    ...inQuads(input),
    output.channels,
    quadsOf(output.channels),
    ...inFloats(output),
    weights.ranges.get(step)!.offset,
    Math.ceil(output.size ** 2 / tile.pixels),
    plan.zeroQuads,
    plan.sampleQuads,
    tile.across,
  ];
}

function argsOf(
  step: OtherStep,
  { zeroQuads, sampleQuads }: Plan,
  { capacity, weights }: { capacity: number; weights: WeightLayout },
): number[] {
  const { input } = step;
  switch (step.kind) {
    case "max-pool":
      return [quadsOf(step.output.channels), ...inQuads(input), ...inQuads(step.output), zeroQuads, sampleQuads];
    case "resize":
      return [
        quadsOf(input.channels),
        ...inQuads(input),
        input.channels,
        ...inFloats(step.output),
        zeroQuads,
        sampleQuads,
      ];
    case "classifier": {
      const { classes, pool } = step.layer;
      const logits = step.exit * capacity * classes;
      return [
        classes,
        pool,
        quadsOf(input.channels),
        ...inQuads(input),
        weights.ranges.get(step)!.offset,
        logits,
        zeroQuads,
        sampleQuads,
      ];
    }
  }
}

/** Of one sample. */
function invocations(step: OtherStep): number {
  switch (step.kind) {
    case "max-pool":
    case "resize":
      return step.output.size ** 2 * quadsOf(step.output.channels);
    case "classifier":
      return step.layer.classes;
  }
}

function inQuads({ pitch, offset, size }: Region): number[] {
  return [pitch, offset, size];
}

function inFloats({ pitch, offset, size, channel }: Region): number[] {
  return [4 * pitch, 4 * offset + channel, size];
}
