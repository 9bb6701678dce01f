/**
 * Checks of tensor shapes in files.
 *
 * @module
 */

/** Whether a value is a whole number of at least 0 that a double represents exactly. */
export function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Whether a value is a list of at most 8 sizes. A network's tensors have up to 4 dimensions. */
export function isShape(value: unknown): value is number[] {
  return Array.isArray(value) && value.length <= 8 && value.every(isSize);
}

/** Number of values of a tensor with this shape; inexact above 2⁵³. */
export function countNumbers(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
