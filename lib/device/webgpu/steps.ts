/**
 * Prepares an 8-bit network for kernels that compute in floats. Values are integers, rounded as defined in
 * lib/weights/quantized.ts, so that results are identical to the CPU's.
 *
 * @module
 */

import type { Size } from "../../network/size.ts";
import type { Step } from "../../planner/plan.ts";
import type { FoldedLayer, FoldedWeights } from "../../weights/fold.ts";
import {
  cornerShares,
  MAX_PIXEL,
  MAX_STEP,
  type QuantizedConvolution,
  type QuantizedWeights,
  readsImage,
  resizePlace,
} from "../../weights/quantized.ts";
import type { Arithmetic } from "./kernels.ts";

/** Largest integer up to which float32 represents all integers. */
const MAX_WHOLE = 2 ** 24;

/** The arithmetic of a step's kernel. */
export function arithmeticOf({ kind, layer }: Step, { convolutions }: QuantizedWeights): Arithmetic | undefined {
  switch (kind) {
    case "convolution": {
      const most = readsImage(layer) ? MAX_PIXEL : MAX_STEP;
      return largestSum(convolutions.get(layer.name)!, most) < MAX_WHOLE ? "steps" : "whole";
    }
    case "depthwise": // of which sums are small enough
    case "squeeze":
    case "excitation":
    case "resize":
      return "steps";
    case "max-pool":
    case "classifier":
      return undefined;
    default:
      kind satisfies never;
  }
}

/** The largest magnitude of any partial sum, in any order. */
function largestSum({ weight, bias }: QuantizedConvolution, most: number): number {
  const fanIn = weight.length / bias.length;
  let largest = 0;
  bias.forEach((start, out) => {
    let sum = 0;
    for (let i = out * fanIn; i < (out + 1) * fanIn; i++) sum += Math.abs(weight[i]);
    largest = Math.max(largest, most * sum + Math.abs(start));
  });
  return largest;
}

/** Weights and biases as floats. A classifier's weights include the values of steps. */
export function quantizedLayers({ convolutions, classifiers }: QuantizedWeights): FoldedWeights {
  const layers = new Map<string, FoldedLayer>();
  for (const [name, { weight, bias }] of convolutions) {
    layers.set(name, { weight: Float32Array.from(weight), bias: Float32Array.from(bias) });
  }
  for (const [name, { weight, bias, steps }] of classifiers) {
    layers.set(name, { weight: weight.map((value, i) => value * steps[i % steps.length]), bias });
  }
  return layers;
}

/** The shares of four input pixels for each pixel of a resized feature. */
export function resizeShares(input: Size, output: Size): Float32Array {
  const shares: number[] = [];
  for (let y = 0; y < output.height; y++) {
    const down = resizePlace(y, { inSize: input.height, outSize: output.height }).share;
    for (let x = 0; x < output.width; x++) {
      const right = resizePlace(x, { inSize: input.width, outSize: output.width }).share;
      shares.push(...cornerShares(down, right));
    }
  }
  return Float32Array.from(shares);
}

/** Rounds an image's values to steps. */
export function imageSteps(image: Float32Array, { imageScale }: QuantizedWeights): Float32Array {
  const perStep = Math.fround(1 / imageScale);
  return image.map((value) => Math.max(-MAX_PIXEL, Math.min(MAX_PIXEL, roundToEven(Math.fround(value * perStep)))));
}

/** Rounds numbers below 2^51 to the nearest integer, ties to even. */
function roundToEven(value: number): number {
  return value + 1.5 * 2 ** 52 - 1.5 * 2 ** 52;
}
