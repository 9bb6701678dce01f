/**
 * Amounts as people write them.
 *
 * @module
 */

import { RanetError } from "../errors.ts";

const UNITS: Readonly<Record<string, number>> = { "": 1, k: 1e3, m: 1e6, g: 1e9 };

/**
 * Reads `25M`, `1.2G`, `500k` or a plain number.
 *
 * @param text What the option was given.
 * @param option The option's name, for messages.
 * @throws {RanetError} If it is none of these, or less than 1.
 */
export function readAmount(text: string, option: string): number {
  const match = /^(\d+(?:\.\d+)?|\.\d+|\d+(?:\.\d+)?e\d{1,2})\s*([kmg]?)$/i.exec(text.trim());
  // 8.360714 × 1e6 is not quite a whole number in binary; operations are.
  const amount = match ? Math.round(Number(match[1]) * UNITS[match[2].toLowerCase()]) : NaN;
  if (amount > 0 && Number.isFinite(amount)) return amount;
  throw new RanetError(
    `Cannot use --${option} ${JSON.stringify(text)}: expected an amount of at least 1, such as 25M, 1.2G or 25000000`,
  );
}

/**
 * Reads `88%`, `0.88` or `1`.
 *
 * @param text What the option was given.
 * @param option The option's name, for messages.
 * @throws {RanetError} If it is none of these, or not above 0 and at most 1.
 */
export function readShare(text: string, option: string): number {
  const match = /^(\d+(?:\.\d+)?|\.\d+)(\s*%)?$/.exec(text.trim());
  const share = match ? Number(match[1]) / (match[2] ? 100 : 1) : NaN;
  if (share > 0 && share <= 1) return share;
  throw new RanetError(
    `Cannot use --${option} ${JSON.stringify(text)}: expected a share above 0, up to 1, such as 0.88 or 88%`,
  );
}
