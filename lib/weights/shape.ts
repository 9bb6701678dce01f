/**
 * Checks of the shapes that files give.
 *
 * @module
 */

/** Whether a value is a whole number, zero or more, that a double holds exactly. */
export function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Whether a value is a list of sizes, at most 8 of them: a network's tensors have 4 dimensions. */
export function isShape(value: unknown): value is number[] {
  return Array.isArray(value) && value.length <= 8 && value.every(isSize);
}

/** How many numbers a tensor of this shape holds; inexact past 2⁵³. */
export function countNumbers(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
