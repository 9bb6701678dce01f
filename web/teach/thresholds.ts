/**
 * Which of a model's calibrations an image is tried with.
 *
 * @module
 */

import type { Calibration, Network } from "../library.ts";

/** Confidence at which an image leaves where a model has no calibrations. */
const DEFAULT = 0.9;

/** The thresholds that get most right, of those the cheapest; the last exit takes what is left. */
export function bestThresholds(calibrations: readonly Calibration[], { exits }: Network): number[] {
  const [best] = calibrations.filter(({ thresholds }) => thresholds.length === exits.length)
    .toSorted((a, b) => b.expectedAccuracy - a.expectedAccuracy || a.expectedCost - b.expectedCost);
  const thresholds = best?.thresholds ?? exits.map(() => DEFAULT);
  return [...thresholds].with(-1, -Infinity);
}
