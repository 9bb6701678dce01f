/**
 * Stores a model's temperatures in a small JSON file beside its weights.
 *
 * @module
 */

import * as z from "zod";
import { RanetError } from "../errors.ts";
import { describeIssue } from "../yaml/issues.ts";
import { sideFile } from "../io/place.ts";
import { readIfThere } from "../io/resource.ts";

/** A model's temperatures, and the weights to which they belong. */
export interface Temperatures {
  /** Digest of the trained weights and of the boosting of exits. */
  readonly weights: string;
  /** One per exit, above 0: 1 does not change confidences, larger ones lower them. */
  readonly temperatures: readonly number[];
}

/** Largest file that is read, in bytes. */
const MAX_BYTES = 2 ** 16;

/** The file beside a weights file; `undefined` if the place has no siblings. */
export function temperaturesPath(weights: string): string | undefined {
  return sideFile(weights, "temperatures");
}

/**
 * Reads the temperatures beside a weights file, on disk or the web.
 *
 * @returns `undefined` if there are none.
 * @throws {RanetError} If they cannot be read.
 */
export async function readTemperatures(weights: string): Promise<Temperatures | undefined> {
  const place = temperaturesPath(weights);
  const bytes = place === undefined ? undefined : await readIfThere(place, { maxBytes: MAX_BYTES });
  return bytes && parseTemperatures(bytes, place!);
}

/**
 * Reads temperatures from JSON.
 *
 * @throws {RanetError} If it is not JSON, or contains no temperatures; names the first wrong key.
 */
export function parseTemperatures(bytes: Uint8Array, source: string): Temperatures {
  const refuse = (reason: string): never => {
    throw new RanetError(`Cannot read temperatures ${JSON.stringify(source)}: ${reason}`);
  };
  let document: unknown;
  try {
    document = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return refuse("it is not JSON");
  }
  const above0 = z.number("a number above 0").positive("a number above 0");
  const { data, error } = z.strictObject({
    weights: z.string("the weights' digest").regex(/^[0-9a-f]{64}$/, "the weights' digest, 64 hexadecimal digits"),
    temperatures: z.array(above0, "a list of numbers"),
  }, 'an object with "weights" and "temperatures"').safeParse(document);
  return data ?? refuse(describeIssue(error!.issues[0], document)[0]);
}

/** The file's text. */
export function formatTemperatures(temperatures: Temperatures): string {
  return `${JSON.stringify(temperatures, null, 2)}\n`;
}
