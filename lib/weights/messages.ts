/**
 * Wording of errors of the weights readers.
 *
 * @module
 */

import { RanetError } from "../errors.ts";

/** The remedy for a checkpoint with objects that only Python could create. */
export const SAVE_AGAIN =
  'Save it again where it was trained: torch.save({"state_dict": model.state_dict()}, "weights.pth")';

/** A value of a file as shown in errors: short, on one line, with control characters escaped. */
export function quote(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 120 ? value.slice(0, 120) + "…" : value);
  if (Array.isArray(value)) return "a list";
  if (value !== null && typeof value === "object") return "an object";
  return String(value);
}

/**
 * Runs `read` and prefixes the message of a {@linkcode RanetError} that it throws with "Cannot read `what`: ", so that
 * called functions only give the reason.
 *
 * @throws {RanetError} If `read` does.
 */
export function whileReading<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof RanetError)) throw error;
    const { code, remedies } = error;
    throw new RanetError(`Cannot read ${what}: ${error.message}`, { cause: error, code, remedy: remedies });
  }
}
