/**
 * Lays a network's folded weights out as its plan's kernels read them.
 *
 * @module
 */

import type { FoldedLayer, FoldedWeights } from "../weights/fold.ts";
import { type ClassifierStep, type ConvolutionStep, type Plan, quadsOf } from "./plan.ts";

/**
 * Packs weights for a plan.
 *
 * @param plan The plan of the network that the weights belong to.
 * @param weights Weights and bias of each layer, batch norm folded in.
 * @returns One array per weight buffer of the plan.
 */
export function packWeights(plan: Plan, weights: FoldedWeights): Float32Array<ArrayBuffer>[] {
  const buffers = plan.weightQuads.map((quads) => new Float32Array(4 * quads));
  for (const step of plan.stages.flat(2)) {
    if (step.kind !== "convolution" && step.kind !== "classifier") continue;
    const { buffer, offset, quads } = step.weights;
    const target = buffers[buffer].subarray(4 * offset, 4 * (offset + quads));
    const folded = weights.get(step.layer.name)!;
    if (step.kind === "convolution") packConvolution(step, folded, target);
    else packClassifier(step, folded, target);
  }
  return buffers;
}

/** From `[out][in][tap]` to `[tap][in, padded][out, padded]`, then the bias. */
function packConvolution(step: ConvolutionStep, { weight, bias }: FoldedLayer, target: Float32Array): void {
  const taps = step.layer.kernel ** 2;
  const inputs = step.input.channels;
  const rows = 4 * quadsOf(inputs);
  const pitch = 4 * quadsOf(step.output.channels);
  for (let out = 0; out < step.output.channels; out++) {
    for (let input = 0; input < inputs; input++) {
      for (let tap = 0; tap < taps; tap++) {
        target[(tap * rows + input) * pitch + out] = weight[(out * inputs + input) * taps + tap];
      }
    }
  }
  target.set(bias, taps * rows * pitch);
}

/** From `[class][in]` to `[class][in, padded]`, then the bias. */
function packClassifier(step: ClassifierStep, { weight, bias }: FoldedLayer, target: Float32Array): void {
  const inputs = step.input.channels;
  const pitch = 4 * quadsOf(inputs);
  for (let out = 0; out < step.layer.classes; out++) {
    target.set(weight.subarray(out * inputs, (out + 1) * inputs), out * pitch);
  }
  target.set(bias, step.layer.classes * pitch);
}
