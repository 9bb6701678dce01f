/**
 * Concatenates arrays of numbers.
 *
 * @module
 */

/** Concatenates all parts. */
export function concat<Numbers extends Uint8Array | Float32Array>(
  parts: readonly Numbers[],
  type: new (length: number) => Numbers,
): Numbers {
  const all = new type(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
