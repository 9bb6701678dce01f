/**
 * Weights as runners and exports use them: in floats, with batch norm folded in, or in eight bits.
 *
 * @module
 */

import type { Network } from "../network/network.ts";
import { type FoldedWeights, foldWeights } from "./fold.ts";
import { isQuantized, parseQuantized, type QuantizedWeights } from "./quantized.ts";
import { divideLogits } from "./temperature.ts";
import type { Tensor } from "./tensor.ts";

/** A network's weights, in floats or in eight bits. */
export type RunnableWeights = FoldedWeights | QuantizedWeights;

/** Whether weights are in eight bits. */
export function areQuantized(weights: RunnableWeights): weights is QuantizedWeights {
  return "convolutions" in weights;
}

/**
 * Weights of a network, from its parameters as trained or a quantized model's tensors.
 *
 * @param trained `temperatures`: what each exit's logits are divided by; default: nothing.
 * @throws {RanetError} If they are a quantized model's and hold what cannot be.
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
