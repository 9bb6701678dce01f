/**
 * Changes values of an architecture.
 *
 * @module
 */

import { type ArchitectureSpec, SPEC_PARTS } from "../network/architecture.ts";
import type { InputSpec } from "../network/common.ts";
import type { UncheckedSpec } from "../network/families.ts";
import { documentOf } from "./document.ts";
import { resolveSpec } from "./parse.ts";
import { expectObject } from "../text/expect.ts";

/**
 * The values that {@linkcode changeSpec} can change: everything except the family. Missing keys of `input` are kept.
 */
export type SpecChanges<Spec extends UncheckedSpec = UncheckedSpec> = Spec extends UncheckedSpec
  ? Partial<Omit<Spec, "family" | "input">> & { readonly input?: Partial<InputSpec> }
  : never;

/**
 * Changes an architecture, and checks that the result is valid.
 *
 * @param spec A validated architecture.
 * @param changes The new values.
 * @returns The changed architecture. The given one is not modified.
 * @throws {RanetError} If the result is invalid. Lists every problem by its key in the YAML.
 *
 * @example
 * ```ts
 * import { readSpec } from "@ranet/ranet";
 * import { changeSpec } from "@ranet/ranet/spec";
 *
 * const spec = changeSpec(await readSpec("ranet-cifar10-micro"), { name: "pets", classes: ["cat", "dog"] });
 * console.log(spec.classes.length); // 2
 * ```
 */
export function changeSpec<Spec extends ArchitectureSpec>(spec: Spec, changes: SpecChanges<Spec>): Spec {
  expectObject("changeSpec", { spec }, ...SPEC_PARTS);
  expectObject("changeSpec", { changes });
  const input = { ...spec.input, ...changes.input };
  const changed = documentOf({ ...spec, ...changes, input } as UncheckedSpec);
  return resolveSpec(changed, { source: changes.name ?? spec.name }) as Spec;
}
