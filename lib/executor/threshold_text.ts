/**
 * Parses confidence thresholds.
 *
 * @module
 */

/**
 * Parses `0.8` for all exits, or `0.9,0.8,0.7` with one value per exit; `undefined` if they are not numbers from 0 to
 * 1.
 */
export function parseThresholds(text: string): number | number[] | undefined {
  const list = text.split(",").map((value) => value.trim() === "" ? NaN : Number(value));
  if (!list.every((value) => value >= 0 && value <= 1)) return undefined;
  return list.length === 1 ? list[0] : list;
}
