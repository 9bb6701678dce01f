/**
 * Weights as the CPU's kernels read them.
 *
 * @module
 */

import { quadsOf, type Step, type StepOf } from "../../planner/plan.ts";
import type { FoldedLayer, FoldedWeights } from "../../weights/fold.ts";
import { isWorthWinograd, PLACES } from "./winograd.ts";

/** Output channels that kernels/convolution/product.as computes together; half as many at the end, if that is enough. */
const PANEL = 8;

/** Whether kernels/convolution/winograd.as computes a layer. */
export function usesWinograd({ reads: [input], writes: [output], layer }: StepOf<"convolution">): boolean {
  return isWorthWinograd(layer, { inputs: input.channels, outputs: output.channels });
}

/** How a step's weights lie. */
export interface Packing {
  /** Numbers. */
  readonly length: number;
  /** Writes them to zeros. */
  write(to: Float32Array): void;
}

/** How a step's weights lie; `undefined` for one that reads none. */
export function packingOf(step: Step, weights: FoldedWeights): Packing | undefined {
  switch (step.kind) {
    case "convolution":
      return convolutionPacking(step, weights.get(step.layer.name)!);
    case "classifier":
      return classifierPacking(step, weights.get(step.layer.name)!);
    case "max-pool":
    case "resize":
      return undefined;
    default:
      step satisfies never;
  }
}

function convolutionPacking(step: StepOf<"convolution">, { weight, bias }: FoldedLayer): Packing {
  const inputs = step.reads[0].channels;
  const outputs = step.writes[0].channels;
  if (!usesWinograd(step)) {
    const taps = step.layer.kernel ** 2;
    return {
      length: panelLength(outputs, taps * inputs),
      write: (to) => writePanels(weight, to, { inputs, outputs, taps, step: taps, bias }),
    };
  }
  const first = Math.ceil(outputs / PANEL) * PANEL;
  const length = panelLength(outputs, inputs);
  return {
    length: first + PLACES * length,
    write(to) {
      to.set(bias);
      const transformed = transform(weight);
      for (let place = 0; place < PLACES; place++) {
        const panels = to.subarray(first + place * length);
        writePanels(transformed.subarray(place), panels, { inputs, outputs, taps: 1, step: PLACES });
      }
    },
  };
}

/** `[class][in, padded]`, then the bias. */
function classifierPacking(
  { reads: [{ channels }], layer: { classes } }: StepOf<"classifier">,
  { weight, bias }: FoldedLayer,
): Packing {
  const pitch = 4 * quadsOf(channels);
  return {
    length: classes * (pitch + 1),
    write(to) {
      for (let out = 0; out < classes; out++) {
        to.set(weight.subarray(out * channels, (out + 1) * channels), out * pitch);
      }
      to.set(bias, classes * pitch);
    },
  };
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
