/**
 * Measures the loss of accuracy by quantization at each exit.
 *
 * @module
 */

import { measure, type Validation } from "../calibration/measure.ts";
import type { Network } from "../network/network.ts";

/** Accuracy of an exit before and after quantization on the same images, in [0, 1]. */
export interface ExitLoss {
  /** In floating point. */
  readonly before: number;
  /** In 8 bits. */
  readonly after: number;
  /** Share of images for which both predict the same class. */
  readonly agreement: number;
}

/** Compares both models on the same labelled images. */
export function compareExits(network: Network, before: Validation, after: Validation): ExitLoss[] {
  const [floats, whole] = [before, after].map((validation) => measure(network, validation));
  const share = (isCounted: (sample: number) => boolean): number => {
    let count = 0;
    for (let sample = 0; sample < before.labels.length; sample++) if (isCounted(sample)) count++;
    return count / before.labels.length;
  };
  return network.exits.map((_, exit) => {
    const [a, b] = [floats.answers[exit], whole.answers[exit]];
    return {
      before: share((sample) => a[sample] === before.labels[sample]),
      after: share((sample) => b[sample] === after.labels[sample]),
      agreement: share((sample) => a[sample] === b[sample]),
    };
  });
}
