/**
 * Weights as the CPU's kernels read them.
 *
 * @module
 */

import { type ClassifierStep, type ConvolutionStep, quadsOf } from "../../planner/plan.ts";
import type { FoldedLayer } from "../../weights/fold.ts";

/** Output channels that kernels/convolution/forward.as computes together; half as many at the end, if that is enough. */
const PANEL = 8;

/** A step that reads weights. */
export type WeightStep = ConvolutionStep | ClassifierStep;

/** Numbers that a step's weights take. */
export function weightLength(step: WeightStep): number {
  if (step.kind === "classifier") return step.layer.classes * (4 * quadsOf(step.input.channels) + 1);
  const { channels } = step.output;
  const whole = Math.floor((channels + PANEL / 2 - 1) / PANEL) * PANEL;
  return rowsOf(step) * (whole < channels ? whole + PANEL / 2 : whole);
}

/** Writes a step's weights. */
export function writeWeights(step: WeightStep, folded: FoldedLayer, to: Float32Array): void {
  if (step.kind === "convolution") writePanels(step, folded, to);
  else writeRows(step, folded, to);
}

/** Of a panel: the bias, then an input each. */
function rowsOf({ input, layer: { kernel } }: ConvolutionStep): number {
  return 1 + kernel ** 2 * input.channels;
}

/** From `[out][in][tap]` to panels of `[bias, then tap · in][out]`. */
function writePanels(step: ConvolutionStep, { weight, bias }: FoldedLayer, to: Float32Array): void {
  const { input, output, layer } = step;
  const taps = layer.kernel ** 2;
  for (let out = 0; out < output.channels; out++) {
    const first = out - out % PANEL;
    const width = output.channels - first > PANEL / 2 ? PANEL : PANEL / 2;
    const column = first * rowsOf(step) + out % PANEL;
    to[column] = bias[out];
    for (let k = 0; k < input.channels; k++) {
      const from = (out * input.channels + k) * taps;
      for (let tap = 0; tap < taps; tap++) to[column + (1 + tap * input.channels + k) * width] = weight[from + tap];
    }
  }
}

/** `[class][in, padded]`, then the bias. */
function writeRows(step: ClassifierStep, { weight, bias }: FoldedLayer, to: Float32Array): void {
  const { input: { channels }, layer: { classes } } = step;
  const pitch = 4 * quadsOf(channels);
  for (let out = 0; out < classes; out++) to.set(weight.subarray(out * channels, (out + 1) * channels), out * pitch);
  to.set(bias, classes * pitch);
}
