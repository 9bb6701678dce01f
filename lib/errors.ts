/**
 * The error class for mistakes that the user can correct, such as a wrong file, key or argument. The command line
 * prints only its message. Any other error is a bug in this package, and is printed with its stack trace.
 *
 * @module
 */

/**
 * The kind of a {@linkcode RanetError}:
 *
 * - `"invalid"`: a value, key or argument is not what was expected;
 * - `"not-found"`: there is no such file, folder, or name;
 * - `"not-permitted"`: the system, or Deno's permissions, forbid it;
 * - `"unreachable"`: a URL could not be fetched;
 * - `"too-large"`: a file, image or network is above a limit;
 * - `"damaged"`: a file is truncated or damaged;
 * - `"unsupported"`: a file has an unsupported format;
 * - `"mismatch"`: each part is valid, but they do not belong together: weights of another architecture, labels of other
 *   classes, a calibration of other weights;
 * - `"device"`: there is no such device, it failed, or it computes wrong results;
 * - `"diverged"`: training gave a loss or a weight that is not finite.
 */
export type RanetErrorCode =
  | "invalid"
  | "not-found"
  | "not-permitted"
  | "unreachable"
  | "too-large"
  | "damaged"
  | "unsupported"
  | "mismatch"
  | "device"
  | "diverged";

/**
 * Options that may make the same call succeed, by their names in code. The command line prints its own names:
 * `{ skipBad: true, batch: 8 }` as `--skip-bad --batch 8`.
 */
export type Remedy = Readonly<Record<string, string | number | true>>;

/** Options of a {@linkcode RanetError}. */
export interface RanetErrorOptions extends ErrorOptions {
  /** The kind of mistake. Default: `"invalid"`. */
  readonly code?: RanetErrorCode;
  /** A remedy, or several alternatives. Default: none. */
  readonly remedy?: Remedy | readonly Remedy[];
}

/**
 * Thrown if input cannot be used. The message says what was expected, what was found, where, and what to do.
 *
 * @example
 * ```ts
 * import { loadModel, RanetError } from "@ranet/ranet";
 *
 * try {
 *   await loadModel("no/such/folder");
 * } catch (error) {
 *   if (!(error instanceof RanetError)) throw error;
 *   console.log(error.code); // "not-found"
 *   console.log(error.message); // Cannot read "no/such/folder": there is no such file or folder
 * }
 * ```
 */
export class RanetError extends Error {
  /** Always `"RanetError"`. */
  override readonly name = "RanetError";
  /** The kind of mistake. */
  readonly code: RanetErrorCode;
  /** Alternative remedies; empty if none is known. */
  readonly remedies: readonly Remedy[];

  /**
   * Creates an error for users.
   *
   * @param message What was expected, what was found, where, and what to do.
   * @param options Its kind, a remedy, and the error that caused it.
   */
  constructor(message: string, options: RanetErrorOptions = {}) {
    const { code = "invalid", remedy = [], ...rest } = options;
    super(message, rest);
    this.code = code;
    this.remedies = isList(remedy) ? remedy : [remedy];
  }
}

/** `Array.isArray` does not narrow to readonly arrays. */
function isList(remedy: Remedy | readonly Remedy[]): remedy is readonly Remedy[] {
  return Array.isArray(remedy);
}
