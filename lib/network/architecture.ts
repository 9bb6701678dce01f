/**
 * What a validated architecture is: every default filled in, every rule resolved. Made only by `parseSpec`, `resolveSpec`
 * and `changeSpec`.
 *
 * @module
 */

import type { UncheckedSpec } from "./families.ts";

/** Says of an object that it was validated; one that is made from its parts was not, and lacks it. */
export declare abstract class Validated {
  private readonly validated: true;
}

/**
 * A complete, consistent architecture, of one of the families. To change one, use `changeSpec`: what `{ ...spec, … }` makes
 * has not been validated, and is of another type.
 */
export type ArchitectureSpec = UncheckedSpec & Validated;

/** What every architecture has: enough to tell one from something else. */
export const SPEC_PARTS = ["family", "input", "classes"] as const;

/** The same in every copy of this module, since pages may load two. */
const MARK = Symbol.for("ranet.validated");

/** Notes that an architecture was validated. */
export function markValidated(spec: UncheckedSpec): ArchitectureSpec {
  // What is not enumerable is left behind by a spread.
  return Object.defineProperty(spec, MARK, { value: true }) as ArchitectureSpec;
}

/** Whether an architecture was validated. */
export function isValidated(spec: UncheckedSpec): spec is ArchitectureSpec {
  return MARK in spec;
}
