/**
 * Chooses the calibration that is used to try images.
 *
 * @module
 */

import type { Calibration, Network } from "../library.ts";

/** Confidence at which an image leaves if a model has no calibrations. */
const DEFAULT = 0.9;

/**
 * The thresholds with the highest accuracy, of equal ones the cheapest. All remaining images leave at the last exit.
 */
export function bestThresholds(calibrations: readonly Calibration[], { exits }: Network): number[] {
  const [best] = calibrations.filter(({ thresholds }) => thresholds.length === exits.length)
    .toSorted((a, b) => b.expectedAccuracy - a.expectedAccuracy || a.expectedCost - b.expectedCost);
  const thresholds = best?.thresholds ?? exits.map(() => DEFAULT);
  return [...thresholds].with(-1, -Infinity);
}
