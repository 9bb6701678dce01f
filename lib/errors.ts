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
 * import { loadModel, RanetError } from "@ranet/ranet";
 *
 * try {
 *   await loadModel("no/such/folder");
 * } catch (error) {
 *   if (!(error instanceof RanetError)) throw error;
 *   console.log(error.message); // Cannot read "no/such/folder": there is no such file or folder
 * }
 * ```
 */
export class RanetError extends Error {
  /** Always `"RanetError"`. */
  override readonly name = "RanetError";
}
