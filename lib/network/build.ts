/**
 * Builds the network of an architecture.
 *
 * @module
 */

import { RanetError } from "../errors.ts";
import { type ArchitectureSpec, isValidated, SPEC_PARTS } from "./architecture.ts";
import type { CommonSpec } from "./common.ts";
import { buildUnchecked } from "./families.ts";
import type { Network } from "./network.ts";
import { expectObject } from "../text/expect.ts";

/**
 * Builds the network of an architecture.
 *
 * @param spec A validated architecture.
 * @returns Its features, layers and exits, with cumulative numbers of operations and parameters (counted as in the
 * authors' code: `lib/network/cost.ts`).
 * @throws {RanetError} If the architecture was not validated.
 *
 * @example
 * ```ts
 * import { readSpec } from "@ranet/ranet";
 * import { buildNetwork } from "@ranet/ranet/spec";
 *
 * const { exits } = buildNetwork(await readSpec("ranet-cifar10"));
 * console.log(exits[0].cumulativeFlops, exits[5].cumulativeFlops); // 8360714 58921020
 * ```
 */
export function buildNetwork(spec: ArchitectureSpec): Network {
  expectObject("buildNetwork", { spec }, ...SPEC_PARTS);
  if (isValidated(spec)) return buildUnchecked(spec);
  throw new RanetError(
    `Cannot build a network of ${
      (spec as CommonSpec).name
    }: its spec has not been validated. Create it with parseSpec(), ` +
      "resolveSpec() or changeSpec(), not from parts of another spec.",
  );
}
