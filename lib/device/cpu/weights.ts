/**
 * Weights as the CPU's kernels read them.
 *
 * @module
 */

import { type ClassifierStep, type ConvolutionStep, quadsOf } from "../../planner/plan.ts";
import type { FoldedLayer } from "../../weights/fold.ts";
import { isWorthWinograd, PLACES } from "./winograd.ts";

/** Output channels that kernels/convolution/product.as computes together; half as many at the end, if that is enough. */
const PANEL = 8;

/** A step that reads weights. */
export type WeightStep = ConvolutionStep | ClassifierStep;

/** Whether kernels/convolution/winograd.as computes a layer. */
export function usesWinograd({ input, output, layer }: ConvolutionStep): boolean {
  return isWorthWinograd(layer, { inputs: input.channels, outputs: output.channels });
}

/** Numbers that a step's weights take. */
export function weightLength(step: WeightStep): number {
  const { channels } = step.input;
  if (step.kind === "classifier") return step.layer.classes * (4 * quadsOf(channels) + 1);
  const out = step.output.channels;
  if (usesWinograd(step)) return Math.ceil(out / PANEL) * PANEL + PLACES * panelLength(out, channels);
  return panelLength(out, step.layer.kernel ** 2 * channels);
}

/** Writes a step's weights. */
export function writeWeights(step: WeightStep, { weight, bias }: FoldedLayer, to: Float32Array): void {
  if (step.kind === "classifier") return writeRows(step, { weight, bias }, to);
  const inputs = step.input.channels;
  const outputs = step.output.channels;
  if (!usesWinograd(step)) {
    const taps = step.layer.kernel ** 2;
    return writePanels(weight, to, { inputs, outputs, taps, step: taps, bias });
  }
  to.set(bias);
  const transformed = transform(weight);
  const first = Math.ceil(outputs / PANEL) * PANEL;
  const length = panelLength(outputs, inputs);
  for (let place = 0; place < PLACES; place++) {
    writePanels(transformed.subarray(place), to.subarray(first + place * length), {
      inputs,
      outputs,
      taps: 1,
      step: PLACES,
    });
  }
}

/** Numbers in panels as kernels/convolution/product.as reads them. */
function panelLength(outputs: number, inputs: number): number {
  const whole = Math.floor((outputs + PANEL / 2 - 1) / PANEL) * PANEL;
  return (1 + inputs) * (whole < outputs ? whole + PANEL / 2 : whole);
}

/** From `[out][in][tap]`, of whose taps, `step` in all, the first `taps` are taken, to panels of `[bias, then tap · in][out]`. */
function writePanels(
  from: Float32Array,
  to: Float32Array,
  shape: { outputs: number; inputs: number; taps: number; step: number; bias?: Float32Array },
): void {
  const { outputs, inputs, taps, step, bias } = shape;
  for (let out = 0; out < outputs; out++) {
    const first = out - out % PANEL;
    const width = outputs - first > PANEL / 2 ? PANEL : PANEL / 2;
    let at = first * (1 + taps * inputs) + out % PANEL;
    if (bias) to[at] = bias[out];
    for (let tap = 0; tap < taps; tap++) {
      for (let k = 0, i = out * inputs * step + tap; k < inputs; k++, i += step) to[at += width] = from[i];
    }
  }
}

/** G · g · Gᵀ of each 3×3 kernel g. */
function transform(weight: Float32Array): Float32Array {
  const kernels = weight.length / 9;
  const transformed = new Float32Array(PLACES * kernels);
  const line = (a: number, b: number, c: number) => [a, (a + b + c) / 2, (a - b + c) / 2, c];
  for (let kernel = 0; kernel < kernels; kernel++) {
    const g = weight.subarray(9 * kernel, 9 * kernel + 9);
    const columns = [0, 1, 2].map((x) => line(g[x], g[3 + x], g[6 + x]));
    for (let y = 0; y < 4; y++) {
      transformed.set(line(columns[0][y], columns[1][y], columns[2][y]), PLACES * kernel + 4 * y);
    }
  }
  return transformed;
}

/** `[class][in, padded]`, then the bias. */
function writeRows(step: ClassifierStep, { weight, bias }: FoldedLayer, to: Float32Array): void {
  const { input: { channels }, layer: { classes } } = step;
  const pitch = 4 * quadsOf(channels);
  for (let out = 0; out < classes; out++) to.set(weight.subarray(out * channels, (out + 1) * channels), out * pitch);
  to.set(bias, classes * pitch);
}
