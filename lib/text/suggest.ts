/**
 * Suggestions for misspelt names.
 *
 * @module
 */

import { closest, distance } from "fastest-levenshtein";

/**
 * The known name that `name` was probably meant to be.
 *
 * @param name What was written.
 * @param known The names there are.
 * @returns The nearest known name, or undefined if none is near.
 */
export function suggest(name: string, known: readonly string[]): string | undefined {
  if (name.length > 64) return undefined;
  const nearest = closest(name, known);
  return distance(name, nearest) <= Math.max(2, name.length / 3) ? nearest : undefined;
}
