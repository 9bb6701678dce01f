/**
 * Suggestions for misspelt names.
 *
 * @module
 */

import { closest, distance } from "fastest-levenshtein";

/**
 * The known name that was probably meant.
 *
 * @param name The misspelt name.
 * @param known The known names.
 * @returns The nearest known name, or undefined if none is near.
 */
export function suggest(name: string, known: readonly string[]): string | undefined {
  if (name.length > 64) return undefined;
  const nearest = closest(name, known);
  return distance(name, nearest) <= Math.max(2, name.length / 3) ? nearest : undefined;
}
