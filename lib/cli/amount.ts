/**
 * Parses amounts and shares given as options.
 *
 * @module
 */

import { RanetError } from "../errors.ts";
import { AMOUNT, parseAmount } from "../text/amount.ts";

/**
 * Reads `25M`, `1.2G`, `500k` or a plain number.
 *
 * @param text The option's value.
 * @param option The option's name, for messages.
 * @throws {RanetError} If it is not such a number, or less than 1.
 */
export function readAmount(text: string, option: string): number {
  const amount = parseAmount(text);
  if (amount !== undefined) return amount;
  throw new RanetError(`Cannot use --${option} ${JSON.stringify(text)}: expected ${AMOUNT}`);
}

/**
 * Reads `88%`, `0.88` or `1`.
 *
 * @param text The option's value.
 * @param option The option's name, for messages.
 * @throws {RanetError} If it is not such a number, or not above 0 and at most 1.
 */
export function readShare(text: string, option: string): number {
  const match = /^(\d+(?:\.\d+)?|\.\d+)(\s*%)?$/.exec(text.trim());
  const share = match ? Number(match[1]) / (match[2] ? 100 : 1) : NaN;
  if (share > 0 && share <= 1) return share;
  throw new RanetError(
    `Cannot use --${option} ${JSON.stringify(text)}: expected a share above 0, up to 1, such as 0.88 or 88%`,
  );
}
