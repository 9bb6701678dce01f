/**
 * What the query of `/classify` says.
 *
 * @module
 */

import { parseThresholds } from "../executor/threshold_text.ts";
import { suggest } from "../text/suggest.ts";
import { Refusal } from "./refusal.ts";

/** A query that has been checked. */
export interface Query {
  /** Requests of the same thresholds are computed together: the parameter as it was given, `""` for the server's own. */
  readonly group: string;
  /** Classes that a result lists. */
  readonly top: number;
}

const PARAMETERS: readonly string[] = ["threshold", "top"];
/** Classes that a result lists, unless the request says how many. */
const TOP = 5;

/**
 * Checks a query.
 *
 * @throws {Refusal} If a parameter is unknown or wrong.
 */
export function readQuery(given: URLSearchParams, exits: number): Query {
  const unknown = given.keys().find((name) => !PARAMETERS.includes(name));
  if (unknown !== undefined) {
    const near = suggest(unknown, PARAMETERS);
    const advice = near === undefined ? `the parameters are ${PARAMETERS.join(" and ")}` : `did you mean ${near}?`;
    throw new Refusal(400, `Cannot use parameter ${JSON.stringify(unknown)}: it does not exist; ${advice}`);
  }
  const group = given.get("threshold") ?? "";
  readThresholds(group, exits);
  return { group, top: readTop(given.get("top")) };
}

/** `0.8`, or one per exit with commas; undefined for the server's own. */
export function readThresholds(text: string, exits: number): number[] | undefined {
  if (text === "") return undefined;
  const found = parseThresholds(text);
  if (typeof found === "number") return new Array<number>(exits).fill(found);
  if (found?.length === exits) return found;
  throw new Refusal(
    400,
    `Cannot use threshold ${JSON.stringify(text)}: expected a number from 0 to 1, or ${exits} with commas`,
  );
}

function readTop(text: string | null): number {
  if (text === null) return TOP;
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new Refusal(400, `Cannot use top ${JSON.stringify(text)}: expected a whole number of at least 1`);
}
