/**
 * What a model loses by being quantized, exit by exit.
 *
 * @module
 */

import { measure, type Validation } from "../calibration/measure.ts";
import type { Network } from "../network/network.ts";

/** An exit's accuracy before and after, as shares of the same images. */
export interface ExitLoss {
  /** In floats. */
  readonly before: number;
  /** In eight bits. */
  readonly after: number;
  /** Share of images to which both answer the same. */
  readonly agreement: number;
}

/** Compares what both say of the same labelled images. */
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
