/**
 * Lays a network's folded weights out as the kernels read them: one step's after another's, in buffers that every device
 * can bind.
 *
 * - A convolution: `[kernel²][4 · inQuads][outQuads]` quads, then `[outQuads]` of bias; zeros for the lanes of the first
 *   and the last quad that belong to other channels.
 * - A classifier: `[classes][inQuads]` quads, then the bias, padded to a quad.
 *
 * @module
 */

import {
  type ClassifierStep,
  type ConvolutionStep,
  type Plan,
  quadsOf,
  regionQuads,
  type Step,
  type Wave,
} from "../../planner/plan.ts";
import type { FoldedLayer, FoldedWeights } from "../../weights/fold.ts";

/** Quads in the largest buffer that every WebGPU device can bind (128 MiB). */
const MAX_QUADS = 2 ** 23;

/** Where a step's weights lie. */
export interface WeightRange {
  /** Which buffer. */
  readonly buffer: number;
  /** Quads from its start. */
  readonly offset: number;
  /** Length in quads. */
  readonly quads: number;
}

/** Where all weights of a plan lie. */
export interface WeightLayout {
  /** For each step that has any. */
  readonly ranges: ReadonlyMap<Step, WeightRange>;
  /** Quads of each buffer; there is always one. */
  readonly quads: readonly number[];
}

type WeightStep = ConvolutionStep | ClassifierStep;

/** Decides where the weights of a plan lie. */
export function layOutWeights(plan: Plan): WeightLayout {
  const quads = [0];
  const ranges = new Map<Step, WeightRange>();
  for (const step of new Set(plan.stages.flat(2))) {
    if (!hasWeights(step)) continue;
    const length = weightQuads(step);
    if (quads[quads.length - 1] + length > MAX_QUADS) quads.push(0);
    const buffer = quads.length - 1;
    ranges.set(step, { buffer, offset: quads[buffer], quads: length });
    quads[buffer] += length;
  }
  return { ranges, quads };
}

/**
 * Packs weights.
 *
 * @param layout Where they go.
 * @param weights Weights and bias of each layer, batch norm folded in.
 * @returns One array per buffer.
 */
export function packWeights({ ranges, quads }: WeightLayout, weights: FoldedWeights): Float32Array<ArrayBuffer>[] {
  const buffers = quads.map((quads) => new Float32Array(4 * quads));
  for (const [step, { buffer, offset, quads }] of ranges) {
    if (!hasWeights(step)) continue;
    const target = buffers[buffer].subarray(4 * offset, 4 * (offset + quads));
    const folded = weights.get(step.layer.name)!;
    if (step.kind === "convolution") packConvolution(step, folded, target);
    else packClassifier(step, folded, target);
  }
  return buffers;
}

/** Parts of a wave that read one buffer each, for a dispatch binds no more. */
export function byWeightBuffer(wave: Wave, { ranges }: WeightLayout): Wave[] {
  return [...Map.groupBy(wave, (step) => ranges.get(step)?.buffer).values()];
}

function hasWeights(step: Step): step is WeightStep {
  return step.kind === "convolution" || step.kind === "classifier";
}

function weightQuads(step: WeightStep): number {
  const inQuads = quadsOf(step.input.channels);
  if (step.kind === "classifier") return step.layer.classes * inQuads + quadsOf(step.layer.classes);
  return (step.layer.kernel ** 2 * 4 * inQuads + 1) * regionQuads(step.output);
}

function packConvolution(step: ConvolutionStep, { weight, bias }: FoldedLayer, target: Float32Array): void {
  const taps = step.layer.kernel ** 2;
  const inputs = step.input.channels;
  const rows = 4 * quadsOf(inputs);
  const pitch = 4 * regionQuads(step.output);
  const shift = step.output.channel % 4;
  for (let out = 0; out < step.output.channels; out++) {
    for (let input = 0; input < inputs; input++) {
      for (let tap = 0; tap < taps; tap++) {
        target[(tap * rows + input) * pitch + shift + out] = weight[(out * inputs + input) * taps + tap];
      }
    }
  }
  target.set(bias, taps * rows * pitch + shift);
}

function packClassifier(step: ClassifierStep, { weight, bias }: FoldedLayer, target: Float32Array): void {
  const inputs = step.input.channels;
  const pitch = 4 * quadsOf(inputs);
  for (let out = 0; out < step.layer.classes; out++) {
    target.set(weight.subarray(out * inputs, (out + 1) * inputs), out * pitch);
  }
  target.set(bias, step.layer.classes * pitch);
}
