/**
 * Reads the query of `/classify`.
 *
 * @module
 */

import { parseThresholds } from "../executor/threshold_text.ts";
import { AMOUNT, parseAmount } from "../text/amount.ts";
import { suggest } from "../text/suggest.ts";
import { Refusal } from "./refusal.ts";

/** A validated query. */
export interface Query {
  /** Confidence at which an image leaves, per exit. Default: that of the budget, or the server's. */
  readonly threshold?: readonly number[];
  /** Average budget in multiply-adds per image. The model must be calibrated. */
  readonly budget?: number;
  /** Number of classes that a result lists. */
  readonly top: number;
}

const PARAMETERS: readonly string[] = ["threshold", "budget", "top"];
/** Default number of classes that a result lists. */
const TOP = 5;

/**
 * Validates a query.
 *
 * @throws {Refusal} If a parameter is unknown or invalid.
 */
export function readQuery(given: URLSearchParams, exits: number): Query {
  const unknown = given.keys().find((name) => !PARAMETERS.includes(name));
  if (unknown !== undefined) {
    const near = suggest(unknown, PARAMETERS);
    const advice = near === undefined ? `the parameters are ${PARAMETERS.join(", ")}` : `did you mean ${near}?`;
    throw new Refusal(400, `Cannot use parameter ${JSON.stringify(unknown)}: it does not exist; ${advice}`);
  }
  const threshold = readThreshold(given.get("threshold"), exits);
  const budget = readBudget(given.get("budget"));
  if (threshold && budget !== undefined) {
    throw new Refusal(400, "Cannot use both parameters threshold and budget: expected one of them");
  }
  return { threshold, budget, top: readTop(given.get("top")) };
}

/** Parses `0.8`, or one value per exit, separated by commas. */
function readThreshold(text: string | null, exits: number): readonly number[] | undefined {
  if (!text) return undefined;
  const found = parseThresholds(text);
  if (typeof found === "number") return new Array<number>(exits).fill(found);
  if (found?.length === exits) return found;
  throw new Refusal(
    400,
    `Cannot use threshold ${JSON.stringify(text)}: expected a number from 0 to 1, or ${exits}, with commas`,
  );
}

/** Parses a budget as `--budget` does. */
function readBudget(text: string | null): number | undefined {
  if (text === null) return undefined;
  const budget = parseAmount(text);
  if (budget !== undefined) return budget;
  throw new Refusal(400, `Cannot use budget ${JSON.stringify(text)}: expected ${AMOUNT}`);
}

function readTop(text: string | null): number {
  if (text === null) return TOP;
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new Refusal(400, `Cannot use top ${JSON.stringify(text)}: expected a whole number of at least 1`);
}
