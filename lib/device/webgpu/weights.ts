/**
 * Arranges a network's folded weights as the kernels read them: step after step, in buffers that every device can bind.
 *
 * - A convolution: `[kernel²][4 · inQuads][outQuads]` quads, then `[outQuads]` of bias; zeros for the lanes of the
 *   first and the last quad that belong to other channels.
 * - A depthwise convolution: `[kernel²][outQuads]` quads, then `[outQuads]` of bias.
 * - A classifier: `[classes][inQuads]` quads, then the bias, padded to a quad.
 *
 * In 8 bits, a convolution's bias is followed by `[outQuads]` of multipliers, and other layers have weights, too:
 *
 * - A squeeze: `[outQuads]` of multipliers. An excitation: 128 quads of gates, each gate four times, then `[outQuads]`
 *   of multipliers.
 * - A resize: the shares of each output pixel.
 *
 * @module
 */

import { type Plan, QUAD_BYTES, quadsOf, regionQuads, type Step, type StepOf, type Wave } from "../../planner/plan.ts";
import { areaOf } from "../../network/size.ts";
import type { FoldedWeights } from "../../weights/fold.ts";
import { MAX_STEP, type QuantizedWeights } from "../../weights/quantized.ts";
import { areQuantized, type RunnableWeights } from "../../weights/runnable.ts";
import type { Arithmetic } from "./kernels.ts";
import { arithmeticOf, quantizedLayers, resizeShares } from "./steps.ts";

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
  /** Arithmetic of its step. Default: floats. */
  readonly arithmetic?: Arithmetic;
}

/** The places of all weights of a plan. */
export interface WeightLayout {
  /** The range of each step that has weights. */
  readonly ranges: ReadonlyMap<Step, WeightRange>;
  /** Length of each buffer in quads; there is at least one buffer. */
  readonly quads: readonly number[];
}

/**
 * Size in bytes of a plan's weights in float32, without the weights themselves, for a network in floating point or 8
 * bits.
 */
export function gpuWeightBytes({ stages }: Pick<Plan, "stages">, { int8 }: { readonly int8: boolean }): number {
  const unknown = int8
    ? { convolutions: new Map(), squeezes: new Map(), excitations: new Map() } satisfies QuantizedLayers
    : undefined;
  const quads = Iterator.from(new Set(stages.flat(2))).map((step) => packingOf(step, unknown)?.quads ?? 0);
  return QUAD_BYTES * quads.reduce((sum, own) => sum + own, 0);
}

/** Computes the places of a plan's weights, which are floats unless 8-bit weights are given. */
export function layOutWeights(plan: Plan, weights?: RunnableWeights): WeightLayout {
  const quantized = weights && areQuantized(weights) ? weights : undefined;
  const quads = [0];
  const ranges = new Map<Step, WeightRange>();
  for (const step of new Set(plan.stages.flat(2))) {
    const packing = packingOf(step, quantized);
    if (!packing) continue;
    if (quads[quads.length - 1] + packing.quads > MAX_QUADS) quads.push(0);
    const buffer = quads.length - 1;
    const arithmetic = quantized && arithmeticOf(step, quantized);
    ranges.set(step, { buffer, offset: quads[buffer], quads: packing.quads, arithmetic });
    quads[buffer] += packing.quads;
  }
  return { ranges, quads };
}

/**
 * Packs weights.
 *
 * @param layout The places of the weights.
 * @param weights Weights and bias of each layer, batch norm folded in; or the 8-bit weights for which the layout was
 * computed.
 * @returns One array per buffer.
 */
export function packWeights({ ranges, quads }: WeightLayout, weights: RunnableWeights): Float32Array<ArrayBuffer>[] {
  const buffers = quads.map((quads) => new Float32Array(4 * quads));
  const [quantized, layers] = areQuantized(weights) ? [weights, quantizedLayers(weights)] : [undefined, weights];
  for (const [step, { buffer, offset, quads }] of ranges) {
    packingOf(step, quantized)?.write(layers, buffers[buffer].subarray(4 * offset, 4 * (offset + quads)));
  }
  return buffers;
}

/** Splits a wave by weight buffer and arithmetic, because a dispatch has only one of each. */
export function byWeightBuffer(wave: Wave, { ranges }: WeightLayout): Wave[] {
  const keyOf = ({ buffer, arithmetic }: Partial<WeightRange> = {}) => `${buffer} ${arithmetic}`;
  return [...Map.groupBy(wave, (step) => keyOf(ranges.get(step))).values()];
}

/** The parts of 8-bit weights that packing needs. */
type QuantizedLayers = Pick<QuantizedWeights, "convolutions" | "squeezes" | "excitations">;

/** How a step's weights are stored. */
interface Packing {
  readonly quads: number;
  /** Writes the weights to an array of zeros. */
  write(weights: FoldedWeights, target: Float32Array): void;
}

/** `undefined` for a step that reads no weights. */
function packingOf(step: Step, quantized: QuantizedLayers | undefined): Packing | undefined {
  switch (step.kind) {
    case "convolution": {
      const packing = convolutionPacking(step);
      return quantized ? withMultipliers(packing, step, quantized) : packing;
    }
    case "depthwise": {
      const packing = depthwisePacking(step);
      return quantized ? withMultipliers(packing, step, quantized) : packing;
    }
    case "classifier":
      return classifierPacking(step);
    case "resize":
      return quantized && sharesPacking(step);
    case "squeeze":
      return quantized && squeezePacking(step, quantized);
    case "excitation":
      return quantized && excitationPacking(step, quantized);
    case "max-pool":
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

/** Like {@linkcode convolutionPacking}, followed by the multipliers. */
function withMultipliers(
  { quads, write }: Packing,
  { layer: { name }, writes: [output] }: StepOf<"convolution"> | StepOf<"depthwise">,
  { convolutions }: QuantizedLayers,
): Packing {
  return {
    quads: quads + regionQuads(output),
    write(weights, target) {
      write(weights, target);
      target.set(convolutions.get(name)!.multiplier, 4 * quads + output.channel % 4);
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

function squeezePacking(
  { layer: { name }, writes: [output] }: StepOf<"squeeze">,
  { squeezes }: QuantizedLayers,
): Packing {
  return { quads: quadsOf(output.channels), write: (_, target) => target.set(squeezes.get(name)!) };
}

function excitationPacking(
  { layer: { name }, writes: [output] }: StepOf<"excitation">,
  { excitations }: QuantizedLayers,
): Packing {
  return {
    quads: MAX_STEP + 1 + quadsOf(output.channels),
    write(_, target) {
      const { gates, multiplier } = excitations.get(name)!;
      gates.forEach((gate, i) => target.fill(gate, 4 * i, 4 * (i + 1)));
      target.set(multiplier, 4 * gates.length);
    },
  };
}

function sharesPacking({ reads: [input], writes: [output] }: StepOf<"resize">): Packing {
  return { quads: areaOf(output.size), write: (_, target) => target.set(resizeShares(input.size, output.size)) };
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
