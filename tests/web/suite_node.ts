/**
 * The little of Node that the stand-in for `@std/assert` wants, for a browser.
 *
 * @module
 */

/** Says that something is not as it should be. */
export class AssertionError extends Error {
  /** Like Node's. */
  constructor({ message }: { readonly message: string }) {
    super(message);
  }
}

/** What a value looks like. */
export function inspect(value: unknown): string {
  return ArrayBuffer.isView(value) ? `[${value}]` : JSON.stringify(value);
}

/** Whether values are the same, `NaN` included. */
export function isDeepStrictEqual(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || !a || !b || a.constructor !== b.constructor) return false;
  const [own, other] = [Object.entries(a), new Map(Object.entries(b))];
  return own.length === other.size && own.every(([key, value]) => isDeepStrictEqual(value, other.get(key)));
}

/** Throws unless they are. */
export function deepStrictEqual(a: unknown, b: unknown, message = ""): void {
  if (!isDeepStrictEqual(a, b)) throw new AssertionError({ message: `${inspect(a)} is not ${inspect(b)} ${message}` });
}
