/**
 * Converts logits to probabilities.
 *
 * @module
 */

/** The softmax of logits. */
export function softmax(logits: Float32Array): Float32Array {
  const largest = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const powers = logits.map((logit) => Math.exp(logit - largest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}

/** Index of the largest value, the first of equals. */
export function argmax(values: Float32Array): number {
  return values.reduce((best, value, i) => value > values[best] ? i : best, 0);
}

/** The largest softmax value. */
export function confidence(logits: Float32Array): number {
  return softmax(logits).reduce((a, b) => Math.max(a, b), 0);
}
