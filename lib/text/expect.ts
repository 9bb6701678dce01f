/**
 * Checks the types of arguments of public functions at run time, for callers without types such as JavaScript. Values
 * inside arguments are checked where they are used.
 *
 * @module
 */

import { RanetError } from "../errors.ts";
import { kindOf } from "./kind.ts";

/** One argument by its name, such as `{ image }`. */
type Argument = Readonly<Record<string, unknown>>;

/**
 * Expects an object with these properties.
 *
 * @throws {RanetError} If it is something else, or lacks one.
 */
export function expectObject(call: string, argument: Argument, ...properties: readonly string[]): void {
  const expected = properties.length === 0 ? "an object" : `an object with ${listed(properties)}`;
  expect(call, argument, expected, (value) => {
    if (!isObject(value)) return kindOf(value);
    const missing = properties.find((property) => Reflect.get(value, property) === undefined);
    return missing && `${kindOf(value)} without ${missing}`;
  });
}

/**
 * Expects an array.
 *
 * @throws {RanetError} If it is something else.
 */
export function expectArray(call: string, argument: Argument): void {
  expect(call, argument, "an array", (value) => Array.isArray(value) ? undefined : kindOf(value));
}

/**
 * Expects a value with entries, such as a `Map`.
 *
 * @throws {RanetError} If it is something else.
 */
export function expectMap(call: string, argument: Argument): void {
  expect(call, argument, "a Map", (value) => isObject(value) && Symbol.iterator in value ? undefined : kindOf(value));
}

/**
 * Expects a string.
 *
 * @throws {RanetError} If it is something else.
 */
export function expectString(call: string, argument: Argument): void {
  expect(call, argument, "a string", (value) => typeof value === "string" ? undefined : kindOf(value));
}

/**
 * Expects a name, path or URL, or a `Blob` with the file's contents.
 *
 * @throws {RanetError} If it is something else.
 */
export function expectPlace(call: string, argument: Argument): void {
  const isPlace = (value: unknown) => typeof value === "string" || value instanceof URL || value instanceof Blob;
  expect(call, argument, "a name, path or URL", (value) => isPlace(value) ? undefined : kindOf(value));
}

/** `fault` returns a description of a value that is not what is expected. */
function expect(call: string, argument: Argument, expected: string, fault: (value: unknown) => string | undefined) {
  for (const [name, value] of Object.entries(argument)) {
    const found = fault(value);
    if (found !== undefined) throw new RanetError(`Cannot call ${call}(): ${name} is ${found}, expected ${expected}`);
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function listed(names: readonly string[]): string {
  return names.length === 1 ? names[0] : `${names.slice(0, -1).join(", ")} and ${names[names.length - 1]}`;
}
