/**
 * Folds batch norm into the convolution before it, and temperatures into classifiers, so that inference needs neither.
 *
 * @module
 */

import type { Convolution, DepthwiseConvolution, Layer, Network } from "../network/network.ts";
import { refuseQuantized } from "./quantized.ts";
import { divideLogits, reweightOf } from "./temperature.ts";
import type { Tensor } from "./tensor.ts";

/** A layer's weights as its kernel uses them. */
export interface FoldedLayer {
  /** `[out][in][kernel][kernel]`, where `in` is 1 for a depthwise convolution; or `[out][in]`. */
  readonly weight: Float32Array;
  /** `[out]`. */
  readonly bias: Float32Array;
  /** For a boosted exit: factor by which the logits of the previous exit are added. */
  readonly reweight?: number;
}

/** Weights and bias of each layer, by the name of its convolution or linear layer. */
export type FoldedWeights = ReadonlyMap<string, FoldedLayer>;

/** Added to the variance, as PyTorch does by default. */
export const EPSILON = 1e-5;

/**
 * Folds the weights of a whole network.
 *
 * @param network The network.
 * @param tensors All of its trained parameters (see `checkTensors`).
 * @param temperatures Temperatures by which each exit's logits are divided. Default: none.
 * @throws {RanetError} If the tensors belong to a quantized model.
 */
export function foldWeights(
  network: Network,
  tensors: ReadonlyMap<string, Tensor>,
  temperatures?: readonly number[],
): FoldedWeights {
  refuseQuantized(tensors, `compute ${network.spec.name} in floating point`);
  const folded = new Map<string, FoldedLayer>();
  const given = temperatures ? divideLogits(network, tensors, temperatures) : tensors;
  const data = (name: string) => given.get(name)!.data;
  for (const layer of network.exits.flatMap((exit) => exit.layers)) {
    switch (layer.kind) {
      case "convolution":
      case "depthwise":
        folded.set(layer.name, foldConvolution(layer, data));
        break;
      case "classifier":
        folded.set(layer.name, {
          weight: data(`${layer.name}.weight`),
          bias: data(`${layer.name}.bias`),
          reweight: reweightOf(layer, temperatures),
        });
        break;
      case "squeeze":
      case "excitation":
      case "max-pool":
      case "resize":
        break;
      default:
        layer satisfies never;
    }
  }
  return folded;
}

function foldConvolution(
  layer: Convolution | DepthwiseConvolution,
  data: (name: string) => Float32Array,
): FoldedLayer {
  const { name, norm, writes: [{ channels }] } = layer;
  const weight = data(`${name}.weight`);
  const bias = layer.kind === "convolution" && layer.bias ? data(`${name}.bias`) : new Float32Array(channels);
  if (norm === undefined) return { weight, bias };
  const mean = data(`${norm}.running_mean`);
  const variance = data(`${norm}.running_var`);
  const scale = data(`${norm}.weight`).map((gamma, out) => gamma / Math.sqrt(variance[out] + EPSILON));
  const fanIn = weight.length / channels;
  // This is a loop because calling a function for each of millions of weights would slow down the start.
  const scaled = new Float32Array(weight.length);
  for (let out = 0, i = 0; out < channels; out++) {
    for (const end = i + fanIn; i < end; i++) scaled[i] = weight[i] * scale[out];
  }
  return {
    weight: scaled,
    bias: data(`${norm}.bias`).map((beta, out) => beta + (bias[out] - mean[out]) * scale[out]),
  };
}

function isConvolution(layer: Layer): layer is Convolution | DepthwiseConvolution {
  return layer.kind === "convolution" || layer.kind === "depthwise";
}

/**
 * Names of the weights and biases that are too large for float32 after folding batch norm.
 */
export function listOverflows(network: Network, tensors: ReadonlyMap<string, Tensor>): string[] {
  const convolutions = network.exits.flatMap((exit) => exit.layers).filter(isConvolution);
  return convolutions.flatMap((layer) => {
    const { weight, bias } = foldConvolution(layer, (name) => tensors.get(name)!.data);
    if (!areFinite(weight)) return [`${layer.name}.weight`];
    return areFinite(bias) ? [] : [`${layer.norm}.bias`];
  });
}

/** A loop, for the same reason. */
function areFinite(values: Float32Array): boolean {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return false;
  return true;
}
