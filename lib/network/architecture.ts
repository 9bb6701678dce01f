/**
 * The type of a validated architecture, with all defaults and rules resolved. Only `parseSpec`, `resolveSpec` and
 * `changeSpec` create one.
 *
 * @module
 */

import type { UncheckedSpec } from "./families.ts";

/** Marks an object as validated. A copy made from its parts does not have the mark. */
export declare abstract class Validated {
  private readonly validated: true;
}

/**
 * A complete, consistent architecture of one of the families. To change one, use `changeSpec`: the result of `{
 * ...spec, … }` is not validated and has another type.
 */
export type ArchitectureSpec = UncheckedSpec & Validated;

/** Properties of every architecture, by which it is recognised. */
export const SPEC_PARTS = ["family", "input", "classes"] as const;

/** The symbol is shared between copies of this module, because a page may load two. */
const MARK = Symbol.for("ranet.validated");

/** Marks an architecture as validated. */
export function markValidated(spec: UncheckedSpec): ArchitectureSpec {
  // A spread does not copy properties that are not enumerable.
  return Object.defineProperty(spec, MARK, { value: true }) as ArchitectureSpec;
}

/** Whether an architecture was validated. */
export function isValidated(spec: UncheckedSpec): spec is ArchitectureSpec {
  return MARK in spec;
}
