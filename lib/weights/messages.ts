/**
 * How the readers of weights files word their errors.
 *
 * @module
 */

import { RanetError } from "../errors.ts";

/** The way out where a checkpoint holds what only Python could make. */
export const SAVE_AGAIN =
  'Save it anew where it was trained: torch.save({"state_dict": model.state_dict()}, "weights.pth")';

/** A value out of a file as an error message shows it: short, on one line, control characters escaped. */
export function quote(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 120 ? value.slice(0, 120) + "…" : value);
  if (Array.isArray(value)) return "a list";
  if (value !== null && typeof value === "object") return "an object";
  return String(value);
}

/**
 * Runs `read` and puts "Cannot read `what`: " before the message of a {@linkcode RanetError} it throws, so that the
 * functions underneath state the reason alone.
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
