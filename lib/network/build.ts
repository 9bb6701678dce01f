/**
 * An architecture's network.
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
 * @returns Its features, layers and exits, with cumulative operation and parameter counts (counted as the paper's authors
 * count them: `lib/network/cost.ts`).
 * @throws {RanetError} If the architecture was put together by hand, for nobody has made sure that it can work.
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
    }: its spec has not been validated. Make one with parseSpec(), ` +
      "resolveSpec() or changeSpec(), instead of from parts of another.",
  );
}
