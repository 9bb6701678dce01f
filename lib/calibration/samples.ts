/**
 * How much a number of samples can tell.
 *
 * @module
 */

import { RanetError } from "../errors.ts";

/** Of fewer images, neither thresholds nor temperatures are found: they would be those of a few lucky images. */
export const FEWEST_SAMPLES = 20;
/** Of fewer, people are warned. */
export const MANY_SAMPLES = 200;
/** Standard deviations of a normal distribution that hold 95 % of it. */
const Z = 1.96;

/**
 * Makes sure that there are enough samples to calibrate on.
 *
 * @throws {RanetError} If there are fewer than {@linkcode FEWEST_SAMPLES}.
 */
export function checkSamples(samples: number): void {
  if (samples === 0) throw new RanetError("Cannot calibrate: the validation set has no samples");
  if (samples >= FEWEST_SAMPLES) return;
  throw new RanetError(
    `Cannot calibrate on ${samples} images: what they say holds for hardly any other. Expected at least ` +
      `${FEWEST_SAMPLES} that the model was not trained on; ${MANY_SAMPLES} make it reliable`,
  );
}

/**
 * The interval that holds an accuracy with 95 % confidence (Wilson, 1927).
 *
 * @param accuracy Share of the samples that was right.
 * @param samples How many there were, at least 1.
 */
export function accuracyInterval(accuracy: number, samples: number): readonly [least: number, most: number] {
  const spread = Z ** 2 / samples;
  const middle = (accuracy + spread / 2) / (1 + spread);
  const half = Z * Math.sqrt(accuracy * (1 - accuracy) / samples + spread / (4 * samples)) / (1 + spread);
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}
