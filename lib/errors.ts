/**
 * The one error class for mistakes a person can mend: a wrong file, key or argument. The command line prints its
 * message alone; any other error is a defect of ours and keeps its stack trace.
 *
 * @module
 */

/**
 * Something the caller gave cannot be used. The message says what was expected, what was found, where, and what to do.
 *
 * @example
 * ```ts
 * import { RanetError } from "./errors.ts";
 *
 * const error = new RanetError("Cannot read image cat.jpg: the file is empty");
 * console.log(error.name); // "RanetError"
 * ```
 */
export class RanetError extends Error {
  /** Always `"RanetError"`. */
  override readonly name = "RanetError";
}
