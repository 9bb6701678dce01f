/**
 * Quantizes a convolution's weights to integers.
 *
 * @module
 */

import type { Convolution, DepthwiseConvolution } from "../network/network.ts";
import type { FoldedLayer } from "../weights/fold.ts";
import { MAX_PIXEL, MAX_WEIGHT, type QuantizedConvolution, readsImage } from "../weights/quantized.ts";
import { chainsOf, MAX_CHAIN } from "../weights/quantized_runs.ts";

/** Largest weight of a convolution that reads the image. Larger ones gain nothing, because pixels have fewer bits. */
const MOST_OF_IMAGE = 4095;
/** Upper limit of biases, so that sums with them fit 32 bits. */
const MOST_BIAS = 2 ** 23;
/** Lower limit of multipliers. Smaller floats lose precision. */
const LEAST_UNIT = 1e-30;

/** Factors by which larger units than necessary are tried. With larger units, fewer weights have to be reduced. */
const LONGER = [1, 1.12, 1.25, 1.4, 1.6, 1.8, 2];

/** Steps of a convolution's input and output. */
export interface ConvolutionSteps {
  /** Value of one step of each input channel. */
  readonly inputs: Float32Array;
  /** The mean of each input channel, in steps. */
  readonly means: Float32Array;
  /** Value of one step of each output channel. */
  readonly outputs: Float32Array;
}

/**
 * Rounds weights. For each output it tries several units and uses the one with the least squared error; the average error of
 * the output is subtracted from its bias.
 */
export function roundConvolution(
  layer: Convolution | DepthwiseConvolution,
  { weight, bias }: FoldedLayer,
  { inputs, means, outputs }: ConvolutionSteps,
): QuantizedConvolution {
  const { kernel } = layer;
  const taps = kernel ** 2;
  const isDepthwise = layer.kind === "depthwise";
  const fanIn = isDepthwise ? taps : inputs.length * taps;
  const inputOf = (out: number, i: number) => isDepthwise ? out : Math.floor(i / taps);
  const isImage = !isDepthwise && readsImage(layer);
  const most = isImage ? MOST_OF_IMAGE : MAX_WEIGHT;
  const isChained = !isImage && !isDepthwise;
  const chains = isChained ? chainsOf({ inputs: inputs.length, kernel }) : [];
  const whole = isImage ? new Int16Array(weight.length) : new Int8Array(weight.length);
  const biases = new Int32Array(outputs.length);
  const multiplier = new Float32Array(outputs.length);
  const scaled = new Float64Array(fanIn);
  for (let out = 0; out < outputs.length; out++) {
    let largest = 0;
    let sum = 0;
    for (let i = 0; i < fanIn; i++) {
      scaled[i] = weight[out * fanIn + i] * inputs[inputOf(out, i)];
      largest = Math.max(largest, Math.abs(scaled[i]));
      sum += Math.abs(scaled[i]);
    }
    const limit = isImage ? sum * MAX_PIXEL / 2 ** 30 : 0;
    const least = Math.max(largest / most, limit, Math.abs(bias[out]) / MOST_BIAS, LEAST_UNIT);
    const tried = (isChained ? LONGER : [1]).map((factor) => roundWeights(scaled, { unit: factor * least, chains }));
    const best = tried.reduce((a, b) => b.error < a.error ? b : a);
    whole.set(best.whole, out * fanIn);
    let drift = 0;
    for (let i = 0; i < fanIn; i++) drift += (scaled[i] - best.whole[i] * best.unit) * means[inputOf(out, i)];
    biases[out] = Math.round((bias[out] + drift) / best.unit);
    multiplier[out] = best.unit / outputs[out];
  }
  return { weight: whole, bias: biases, multiplier, scale: outputs };
}

/** Rounds the weights of one output to integer multiples of `unit`. */
function roundWeights(
  weights: Float64Array,
  { unit, chains }: { readonly unit: number; readonly chains: readonly (readonly number[])[] },
): { readonly unit: number; readonly whole: Int16Array; readonly error: number } {
  const shortened = Float64Array.from(weights);
  for (const chain of chains) shorten(shortened, chain, unit * MAX_CHAIN);
  const whole = new Int16Array(weights.length);
  for (let i = 0; i < whole.length; i++) whole[i] = Math.round(shortened[i] / unit);
  for (const chain of chains) trim(whole, chain);
  let error = 0;
  for (let i = 0; i < weights.length; i++) error += (weights[i] - whole[i] * unit) ** 2;
  return { unit, whole, error };
}

/** Reduces weights whose magnitudes have too large a sum, all by the same amount, which minimises the squared error. */
function shorten(weights: Float64Array, places: readonly number[], most: number): void {
  let sum = 0;
  for (const place of places) sum += Math.abs(weights[place]);
  if (sum <= most) return;
  const sizes = places.map((place) => Math.abs(weights[place])).sort((a, b) => b - a);
  sum = 0;
  let less = 0;
  for (const [i, size] of sizes.entries()) {
    sum += size;
    const share = (sum - most) / (i + 1);
    if (share < size) less = share;
  }
  for (const place of places) {
    weights[place] = Math.sign(weights[place]) * Math.max(0, Math.abs(weights[place]) - less);
  }
}

/** Corrects sums that rounding has made too large. */
function trim(weights: Int16Array, places: readonly number[]): void {
  let excess = -MAX_CHAIN;
  for (const place of places) excess += Math.abs(weights[place]);
  while (excess-- > 0) {
    const at = places.reduce((a, b) => Math.abs(weights[b]) > Math.abs(weights[a]) ? b : a);
    weights[at] -= Math.sign(weights[at]);
  }
}
