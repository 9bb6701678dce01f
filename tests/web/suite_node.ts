/**
 * The parts of Node that the stand-in for `@std/assert` needs, for a browser.
 *
 * @module
 */

/** An error of an assertion. */
export class AssertionError extends Error {
  /** Like Node's class. */
  constructor({ message }: { readonly message: string }) {
    super(message);
  }
}

/** A textual representation of a value. */
export function inspect(value: unknown): string {
  return ArrayBuffer.isView(value) ? `[${value}]` : JSON.stringify(value);
}

/** Whether values are equal, including `NaN`. */
export function isDeepStrictEqual(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || !a || !b || a.constructor !== b.constructor) return false;
  const [own, other] = [Object.entries(a), new Map(Object.entries(b))];
  return own.length === other.size && own.every(([key, value]) => isDeepStrictEqual(value, other.get(key)));
}

/** Throws unless values are equal. */
export function deepStrictEqual(a: unknown, b: unknown, message = ""): void {
  if (!isDeepStrictEqual(a, b)) throw new AssertionError({ message: `${inspect(a)} is not ${inspect(b)} ${message}` });
}
