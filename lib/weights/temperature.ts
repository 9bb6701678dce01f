/**
 * Temperatures: what each exit's logits are divided by, so that confidences are as right as they say (Guo et al., "On
 * calibration of modern neural networks", ICML 2017). Classifiers are linear: dividing their parameters is the same. That
 * is done where weights are folded, so that devices, thresholds and exports need not know.
 *
 * @module
 */

import type { Classifier, Network } from "../network/network.ts";
import type { Tensor } from "./tensor.ts";

/** The tensors, with each exit's classifier divided by its temperature. */
export function divideLogits(
  network: Network,
  tensors: ReadonlyMap<string, Tensor>,
  temperatures: readonly number[],
): ReadonlyMap<string, Tensor> {
  const divided = new Map(tensors);
  network.exits.forEach(({ layers }, exit) => {
    for (const layer of layers) {
      if (layer.kind !== "classifier") continue;
      for (const name of [`${layer.name}.weight`, `${layer.name}.bias`]) {
        const { shape, data } = tensors.get(name)!;
        divided.set(name, { shape, data: data.map((value) => value / temperatures[exit]) });
      }
    }
  });
  return divided;
}

/**
 * How many times the logits of the exit before are added to a boosted exit's, where both are divided by their temperatures;
 * `undefined` if the exit is not boosted.
 */
export function reweightOf({ exit, reweight }: Classifier, temperatures?: readonly number[]): number | undefined {
  if (reweight === undefined || temperatures === undefined) return reweight;
  return reweight * temperatures[exit - 1] / temperatures[exit];
}
