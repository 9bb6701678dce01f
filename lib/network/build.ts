/**
 * An architecture's network.
 *
 * @module
 */

import type { ArchitectureSpec } from "./architecture.ts";
import { buildMsdnet } from "./msdnet/build.ts";
import type { Network } from "./network.ts";
import { buildRanet } from "./ranet/build.ts";

/**
 * Builds the network of an architecture.
 *
 * @param spec A validated architecture.
 * @returns Its features, layers and exits, with cumulative operation and parameter counts (counted as the paper's authors
 * count them: `lib/network/cost.ts`).
 *
 * @example
 * ```ts
 * import { buildNetwork, readSpec } from "@ranet/ranet";
 *
 * const { exits } = buildNetwork(await readSpec("ranet-cifar10"));
 * console.log(exits[0].cumulativeFlops, exits[5].cumulativeFlops); // 8360714 58921020
 * ```
 */
export function buildNetwork(spec: ArchitectureSpec): Network {
  const network = BUILT.get(spec) ?? build(spec);
  BUILT.set(spec, network);
  return network;
}

/** Whoever checks, plans or draws an architecture builds the same network. */
const BUILT = new WeakMap<ArchitectureSpec, Network>();

function build(spec: ArchitectureSpec): Network {
  switch (spec.family) {
    case "ranet":
      return buildRanet(spec);
    case "msdnet":
      return buildMsdnet(spec);
  }
}
