/**
 * The error for a data set that cannot be opened.
 *
 * @module
 */

import { RanetError, type RanetErrorOptions } from "../errors.ts";

/**
 * @param path The data set.
 * @param reason What was expected and found.
 */
export function datasetError(path: string, reason: string, options?: RanetErrorOptions): RanetError {
  return new RanetError(`Cannot open data set ${JSON.stringify(path)}: ${reason}`, options);
}
