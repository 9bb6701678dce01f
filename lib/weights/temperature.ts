/**
 * Temperatures by which each exit's logits are divided, so that confidences match accuracies (Guo et al., "On
 * calibration of modern neural networks", ICML 2017). Because classifiers are linear, it is enough to divide their
 * parameters. This is done when weights are folded, so that devices, thresholds and exports are not affected.
 *
 * @module
 */

import type { Classifier, Network } from "../network/network.ts";
import type { Tensor } from "./tensor.ts";

/** Divides the parameters of each exit's classifier by its temperature. */
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
 * The factor with which the logits of the previous exit are added to a boosted exit's, if both are divided by their
 * temperatures; `undefined` if the exit is not boosted.
 */
export function reweightOf({ exit, reweight }: Classifier, temperatures?: readonly number[]): number | undefined {
  if (reweight === undefined || temperatures === undefined) return reweight;
  return reweight * temperatures[exit - 1] / temperatures[exit];
}
