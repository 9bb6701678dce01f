/**
 * Arranges a network's folded weights as the kernels read them: step after step, in buffers that every device can bind.
 *
 * - A convolution: `[kernel²][4 · inQuads][outQuads]` quads, then `[outQuads]` of bias; zeros for the lanes of the
 *   first and the last quad that belong to other channels.
 * - A depthwise convolution: `[kernel²][outQuads]` quads, then `[outQuads]` of bias.
 * - A classifier: `[classes][inQuads]` quads, then the bias, padded to a quad.
 *
 * @module
 */

import { type Plan, quadsOf, regionQuads, type Step, type StepOf, type Wave } from "../../planner/plan.ts";
import type { FoldedWeights } from "../../weights/fold.ts";

/** Quads in the largest buffer that every WebGPU device can bind (128 MiB). */
const MAX_QUADS = 2 ** 23;

/** The place of a step's weights. */
export interface WeightRange {
  /** Index of the buffer. */
  readonly buffer: number;
  /** Offset in quads. */
  readonly offset: number;
  /** Length in quads. */
  readonly quads: number;
}

/** The places of all weights of a plan. */
export interface WeightLayout {
  /** The range of each step that has weights. */
  readonly ranges: ReadonlyMap<Step, WeightRange>;
  /** Length of each buffer in quads; there is at least one buffer. */
  readonly quads: readonly number[];
}

/** Computes the places of a plan's weights. */
export function layOutWeights(plan: Plan): WeightLayout {
  const quads = [0];
  const ranges = new Map<Step, WeightRange>();
  for (const step of new Set(plan.stages.flat(2))) {
    const packing = packingOf(step);
    if (!packing) continue;
    if (quads[quads.length - 1] + packing.quads > MAX_QUADS) quads.push(0);
    const buffer = quads.length - 1;
    ranges.set(step, { buffer, offset: quads[buffer], quads: packing.quads });
    quads[buffer] += packing.quads;
  }
  return { ranges, quads };
}

/**
 * Packs weights.
 *
 * @param layout The places of the weights.
 * @param weights Weights and bias of each layer, batch norm folded in.
 * @returns One array per buffer.
 */
export function packWeights({ ranges, quads }: WeightLayout, weights: FoldedWeights): Float32Array<ArrayBuffer>[] {
  const buffers = quads.map((quads) => new Float32Array(4 * quads));
  for (const [step, { buffer, offset, quads }] of ranges) {
    packingOf(step)?.write(weights, buffers[buffer].subarray(4 * offset, 4 * (offset + quads)));
  }
  return buffers;
}

/** Splits a wave by weight buffer, because a dispatch binds only one. */
export function byWeightBuffer(wave: Wave, { ranges }: WeightLayout): Wave[] {
  return [...Map.groupBy(wave, (step) => ranges.get(step)?.buffer).values()];
}

/** How a step's weights are stored. */
interface Packing {
  readonly quads: number;
  /** Writes the weights to an array of zeros. */
  write(weights: FoldedWeights, target: Float32Array): void;
}

/** `undefined` for a step that reads no weights. */
function packingOf(step: Step): Packing | undefined {
  switch (step.kind) {
    case "convolution":
      return convolutionPacking(step);
    case "depthwise":
      return depthwisePacking(step);
    case "classifier":
      return classifierPacking(step);
    case "squeeze":
    case "excitation":
    case "max-pool":
    case "resize":
      return undefined;
    default:
      step satisfies never;
  }
}

function convolutionPacking({ layer, reads: [input], writes: [output] }: StepOf<"convolution">): Packing {
  const taps = layer.kernel ** 2;
  const rows = 4 * quadsOf(input.channels);
  const quads = regionQuads(output);
  const pitch = 4 * quads;
  const shift = output.channel % 4;
  return {
    quads: (taps * rows + 1) * quads,
    write(weights, target) {
      const { weight, bias } = weights.get(layer.name)!;
      let from = 0;
      for (let out = 0; out < output.channels; out++) {
        for (let row = 0; row < input.channels; row++) {
          for (let tap = 0; tap < taps; tap++) target[(tap * rows + row) * pitch + shift + out] = weight[from++];
        }
      }
      target.set(bias, taps * rows * pitch + shift);
    },
  };
}

function depthwisePacking({ layer: { name, kernel }, writes: [output] }: StepOf<"depthwise">): Packing {
  const taps = kernel ** 2;
  const pitch = 4 * quadsOf(output.channels);
  return {
    quads: (taps + 1) * pitch / 4,
    write(weights, target) {
      const { weight, bias } = weights.get(name)!;
      for (let channel = 0; channel < output.channels; channel++) {
        for (let tap = 0; tap < taps; tap++) target[tap * pitch + channel] = weight[channel * taps + tap];
      }
      target.set(bias, taps * pitch);
    },
  };
}

function classifierPacking({ layer: { name, classes }, reads: [{ channels }] }: StepOf<"classifier">): Packing {
  const pitch = 4 * quadsOf(channels);
  return {
    quads: classes * pitch / 4 + quadsOf(classes),
    write(weights, target) {
      const { weight, bias } = weights.get(name)!;
      for (let out = 0; out < classes; out++) {
        target.set(weight.subarray(out * channels, (out + 1) * channels), out * pitch);
      }
      target.set(bias, classes * pitch);
    },
  };
}
