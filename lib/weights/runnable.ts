/**
 * Weights for runners and exports: in floating point with batch norm folded in, or in 8 bits.
 *
 * @module
 */

import type { Network } from "../network/network.ts";
import { type FoldedWeights, foldWeights } from "./fold.ts";
import { isQuantized, parseQuantized, type QuantizedWeights } from "./quantized.ts";
import { divideLogits } from "./temperature.ts";
import type { Tensor } from "./tensor.ts";

/** A network's weights, in floating point or 8 bits. */
export type RunnableWeights = FoldedWeights | QuantizedWeights;

/** Whether weights are in 8 bits. */
export function areQuantized(weights: RunnableWeights): weights is QuantizedWeights {
  return "convolutions" in weights;
}

/**
 * Prepares the weights of a network from its trained parameters or a quantized model's tensors.
 *
 * @param trained `temperatures`: temperatures by which each exit's logits are divided. Default: none.
 * @throws {RanetError} If they belong to a quantized model and are invalid.
 */
export function runnableWeights(
  network: Network,
  { tensors, temperatures }: {
    readonly tensors: ReadonlyMap<string, Tensor>;
    readonly temperatures?: readonly number[];
  },
): RunnableWeights {
  if (!isQuantized(tensors)) return foldWeights(network, tensors, temperatures);
  const divided = temperatures ? divideLogits(network, tensors, temperatures) : tensors;
  return parseQuantized(network, divided, { source: "of the model", temperatures });
}
