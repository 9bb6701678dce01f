// deno-lint-ignore-file no-import-prefix -- a package from a registry has no import map

/**
 * Replaces `@std/assert` where JSR cannot be reached: the same names and signatures, but only the functions that our
 * tests call.
 *
 * @module
 */

import { AssertionError, deepStrictEqual } from "node:assert";
import { inspect, isDeepStrictEqual } from "node:util";
import { dequal } from "npm:dequal@2.0.3";

// deno-lint-ignore no-explicit-any
type Class<T> = abstract new (...args: any[]) => T;

function check(
  holds: boolean,
  problem: () => string,
  msg?: string,
): asserts holds {
  if (!holds) {
    throw new AssertionError({
      message: msg ? `${problem()}: ${msg}` : problem(),
    });
  }
}

function equal(a: unknown, b: unknown): boolean {
  return dequal(a, b) || isDeepStrictEqual(a, b); // the first tells 0 from no −0, the second knows NaN in typed arrays
}

/** Asserts that `expr` is truthy. */
export function assert(expr: unknown, msg = ""): asserts expr {
  check(Boolean(expr), () => "Expected a truthy value", msg);
}

/** Asserts that `expr` is falsy. */
export function assertFalse(
  expr: unknown,
  msg = "",
): asserts expr is false | 0 | "" | null | undefined {
  check(!expr, () => "Expected a falsy value", msg);
}

/** Asserts deep equality; 0 equals −0, NaN equals NaN. */
export function assertEquals<T>(actual: T, expected: T, msg?: string): void {
  if (!equal(actual, expected)) deepStrictEqual(actual, expected, msg!); // throws, with a diff
}

/** Asserts that two values are not deeply equal. */
export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void {
  check(
    !equal(actual, expected),
    () => `Expected ${inspect(actual)} to differ`,
    msg,
  );
}

/** Asserts identity, by `Object.is`. */
export function assertStrictEquals<T>(
  actual: unknown,
  expected: T,
  msg?: string,
): asserts actual is T {
  check(
    Object.is(actual, expected),
    () => `Expected ${inspect(actual)} to be ${inspect(expected)}`,
    msg,
  );
}

/** Asserts that two numbers differ by at most `tolerance`, by default a ten-millionth of `expected`. */
export function assertAlmostEquals(
  actual: number,
  expected: number,
  tolerance?: number,
  msg?: string,
): void {
  const limit = tolerance ??
    (isFinite(expected) ? Math.abs(expected * 1e-7) : 1e-7);
  const close = Object.is(actual, expected) ||
    Math.abs(expected - actual) <= limit;
  check(
    close,
    () => `Expected ${actual} to be within ${limit} of ${expected}`,
    msg,
  );
}

/** Asserts `actual > expected`. */
export function assertGreater<T>(actual: T, expected: T, msg?: string): void {
  check(
    actual > expected,
    () => `Expected ${inspect(actual)} > ${inspect(expected)}`,
    msg,
  );
}

/** Asserts `actual >= expected`. */
export function assertGreaterOrEqual<T>(
  actual: T,
  expected: T,
  msg?: string,
): void {
  check(
    actual >= expected,
    () => `Expected ${inspect(actual)} >= ${inspect(expected)}`,
    msg,
  );
}

/** Asserts `actual < expected`. */
export function assertLess<T>(actual: T, expected: T, msg?: string): void {
  check(
    actual < expected,
    () => `Expected ${inspect(actual)} < ${inspect(expected)}`,
    msg,
  );
}

/** Asserts `actual <= expected`. */
export function assertLessOrEqual<T>(
  actual: T,
  expected: T,
  msg?: string,
): void {
  check(
    actual <= expected,
    () => `Expected ${inspect(actual)} <= ${inspect(expected)}`,
    msg,
  );
}

/** Asserts that `actual` is neither null nor undefined. */
export function assertExists<T>(
  actual: T,
  msg?: string,
): asserts actual is NonNullable<T> {
  check(
    actual !== null && actual !== undefined,
    () => `Expected a value, not ${actual}`,
    msg,
  );
}

/** Asserts that `actual` contains `expected`. */
export function assertStringIncludes(
  actual: string,
  expected: string,
  msg?: string,
): void {
  check(
    actual.includes(expected),
    () => `Expected ${inspect(actual)} to include ${inspect(expected)}`,
    msg,
  );
}

/** Asserts that `actual` matches `expected`. */
export function assertMatch(
  actual: string,
  expected: RegExp,
  msg?: string,
): void {
  check(
    expected.test(actual),
    () => `Expected ${inspect(actual)} to match ${expected}`,
    msg,
  );
}

/** Asserts that every item of `expected` equals some item of `actual`. */
export function assertArrayIncludes<T>(
  actual: ArrayLike<T>,
  expected: ArrayLike<T>,
  msg?: string,
): void {
  const items = Array.from(actual);
  const missing = Array.from(expected).filter((wanted) => !items.some((item) => equal(item, wanted)));
  check(
    missing.length === 0,
    () => `Expected ${inspect(actual)} to include ${inspect(missing)}`,
    msg,
  );
}

/** Asserts that `actual` has, deeply, everything that `expected` has. */
export function assertObjectMatch(
  // deno-lint-ignore no-explicit-any
  actual: Record<PropertyKey, any>,
  expected: Record<PropertyKey, unknown>,
  msg?: string,
): void {
  check(
    hasAll(actual, expected),
    () => `Expected ${inspect(actual)} to contain ${inspect(expected)}`,
    msg,
  );
}

function hasAll(actual: unknown, expected: unknown): boolean {
  const plain = typeof expected === "object" &&
    [Object.prototype, null, Array.prototype].includes(
      expected && Object.getPrototypeOf(expected),
    );
  if (!plain || !expected || typeof actual !== "object" || !actual) {
    return equal(actual, expected);
  }
  return Reflect.ownKeys(expected).every((key) =>
    key in actual &&
    hasAll(Reflect.get(actual, key), Reflect.get(expected, key))
  );
}

/** Asserts that `actual` is an instance of `expectedType`. */
export function assertInstanceOf<T>(
  actual: unknown,
  expectedType: Class<T>,
  msg = "",
): asserts actual is T {
  check(
    actual instanceof expectedType,
    () => `Expected ${inspect(actual)} to be a ${expectedType.name}`,
    msg,
  );
}

/** Asserts that `fn` throws, and returns what it throws. */
export function assertThrows(fn: () => unknown, msg?: string): unknown;
/** Asserts that `fn` throws an `ErrorClass` whose message includes `msgIncludes`, and returns it. */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  ErrorClass: Class<E>,
  msgIncludes?: string,
  msg?: string,
): E;
export function assertThrows(
  fn: () => unknown,
  ...expectation: Expectation
): unknown {
  let thrown: { error: unknown } | undefined;
  try {
    fn();
  } catch (error) {
    thrown = { error };
  }
  return checkThrown(thrown, "throw", expectation);
}

/** Asserts that the promise of `fn` rejects, and returns the reason. */
export function assertRejects(
  fn: () => PromiseLike<unknown>,
  msg?: string,
): Promise<unknown>;
/** Asserts that the promise of `fn` rejects with an `ErrorClass` whose message includes `msgIncludes`; returns it. */
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  ErrorClass: Class<E>,
  msgIncludes?: string,
  msg?: string,
): Promise<E>;
export async function assertRejects(
  fn: () => PromiseLike<unknown>,
  ...expectation: Expectation
): Promise<unknown> {
  let thrown: { error: unknown } | undefined;
  const promise = fn(); // a synchronous throw is not a rejection
  try {
    await promise;
  } catch (error) {
    thrown = { error };
  }
  return checkThrown(thrown, "reject", expectation);
}

type Expectation = [msg?: string] | [
  ErrorClass: Class<Error>,
  msgIncludes?: string,
  msg?: string,
];

function checkThrown(
  thrown: { error: unknown } | undefined,
  verb: string,
  expectation: Expectation,
): unknown {
  const [ErrorClass, includes, msg] = typeof expectation[0] === "function"
    ? expectation as [Class<Error>, string?, string?]
    : [undefined, undefined, expectation[0]];
  check(thrown !== undefined, () => `Expected function to ${verb}`, msg);
  if (ErrorClass) {
    assertInstanceOf(thrown.error, ErrorClass, msg);
    if (includes) assertStringIncludes(thrown.error.message, includes, msg);
  }
  return thrown.error;
}
