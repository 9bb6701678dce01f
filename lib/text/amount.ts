/**
 * Parses amounts such as `25M`.
 *
 * @module
 */

const UNITS: Readonly<Record<string, number>> = { "": 1, k: 1e3, m: 1e6, g: 1e9 };

/** Description of what {@linkcode parseAmount} accepts, for messages. */
export const AMOUNT = "an amount of at least 1, such as 25M, 1.2G or 25000000";

/**
 * Reads `25M`, `1.2G`, `500k` or a plain number.
 *
 * @returns `undefined` if it is none of these, or less than 1.
 */
export function parseAmount(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?|\.\d+|\d+(?:\.\d+)?e\d{1,2})\s*([kmg]?)$/i.exec(text.trim());
  // 8.360714 × 1e6 is not exactly a whole number in binary, but numbers of operations are whole.
  const amount = match ? Math.round(Number(match[1]) * UNITS[match[2].toLowerCase()]) : NaN;
  return amount > 0 && Number.isFinite(amount) ? amount : undefined;
}
