/**
 * One temperature per exit, found on a validation set (Guo et al., "On calibration of modern neural networks", ICML 2017,
 * section 4.2).
 *
 * @module
 */

import { RanetError } from "../errors.ts";
import type { Network } from "../network/network.ts";
import { softmax } from "../softmax.ts";
import type { Validation } from "./measure.ts";

/** Temperatures are kept between these; where every answer is right, none would be low enough. */
const [LOWEST, HIGHEST] = [1 / 16, 16];
/** Halvings of the range: to five digits. */
const STEPS = 20;

/**
 * Finds, for each exit, the temperature at which the validation set is most probable: logits divided by it give
 * confidences that are about as right as they say. Answers do not change, nor which image an exit is surer of.
 *
 * @param network The network that the logits come from.
 * @param validation Logits, not divided by any temperature yet, and labels.
 * @returns One per exit, rounded to four digits.
 * @throws {RanetError} If there are no samples.
 */
export function fitTemperatures(network: Network, { logits, labels }: Validation): number[] {
  if (labels.length === 0) throw new RanetError("Cannot fit temperatures: the validation set has no samples");
  const classes = network.spec.classes.length;
  return logits.map((values) => Number(fitTemperature(values, labels, classes).toPrecision(4)));
}

/** The loss is convex in 1 / temperature: its slope is halved upon. */
function fitTemperature(logits: Float32Array, labels: ArrayLike<number>, classes: number): number {
  let [low, high] = [Math.log(LOWEST), Math.log(HIGHEST)];
  for (let step = 0; step < STEPS; step++) {
    const middle = (low + high) / 2;
    // A slope above 0: the loss falls towards smaller 1 / temperature.
    if (slope(logits, labels, { classes, inverse: Math.exp(-middle) }) > 0) low = middle;
    else high = middle;
  }
  return Math.exp((low + high) / 2);
}

/** The derivative of the negative log-likelihood by 1 / temperature: expected logit less the right class's, summed. */
function slope(
  logits: Float32Array,
  labels: ArrayLike<number>,
  { classes, inverse }: { readonly classes: number; readonly inverse: number },
): number {
  let sum = 0;
  for (let i = 0; i < labels.length; i++) {
    const own = logits.subarray(i * classes, (i + 1) * classes);
    const probabilities = softmax(own.map((value) => value * inverse));
    sum += own.reduce((expected, value, c) => expected + value * probabilities[c], 0) - own[labels[i]];
  }
  return sum;
}
