/**
 * Limits for the number of samples.
 *
 * @module
 */

import { RanetError } from "../errors.ts";

/** With fewer images neither thresholds nor temperatures are fitted, because they would not be reliable. */
export const FEWEST_SAMPLES = 20;
/** With fewer images a warning is printed. */
export const MANY_SAMPLES = 200;
/** Standard deviations that contain 95 % of a normal distribution. */
const Z = 1.96;

/**
 * Checks that there are enough samples for calibration.
 *
 * @throws {RanetError} If there are fewer than {@linkcode FEWEST_SAMPLES}.
 */
export function checkSamples(samples: number): void {
  if (samples === 0) throw new RanetError("Cannot calibrate: the validation set has no samples");
  if (samples >= FEWEST_SAMPLES) return;
  throw new RanetError(
    `Cannot calibrate on ${samples} images: they are too few for reliable results. Expected at least ` +
      `${FEWEST_SAMPLES} that the model was not trained on; ${MANY_SAMPLES} are reliable`,
  );
}

/**
 * The 95 % confidence interval of an accuracy (Wilson, 1927).
 *
 * @param accuracy Share of the samples that were classified correctly.
 * @param samples Number of samples, at least 1.
 */
export function accuracyInterval(accuracy: number, samples: number): readonly [least: number, most: number] {
  const spread = Z ** 2 / samples;
  const middle = (accuracy + spread / 2) / (1 + spread);
  const half = Z * Math.sqrt(accuracy * (1 - accuracy) / samples + spread / (4 * samples)) / (1 + spread);
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}
