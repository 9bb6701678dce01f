/**
 * The families of networks: a third one is a folder beside `ranet/` and a line here, and its YAML a folder and a line in
 * `lib/spec/families.ts`.
 *
 * @module
 */

import { buildMsdnet } from "./msdnet/build.ts";
import type { Network } from "./network.ts";
import { buildRanet } from "./ranet/build.ts";

/** What builds the networks of each family. */
const FAMILIES = { ranet: buildRanet, msdnet: buildMsdnet } as const;

/** The name of a family, as in the YAML. */
export type Family = keyof typeof FAMILIES;

/** An architecture of a family. */
export type SpecOf<Name extends Family> = Parameters<(typeof FAMILIES)[Name]>[0];

/** An architecture of which nobody has made sure that it can work. */
export type UncheckedSpec = SpecOf<Family>;

/** Builds a network, or something else where the architecture cannot work. */
export function buildUnchecked(spec: UncheckedSpec): Network {
  const build = FAMILIES[spec.family] as (spec: UncheckedSpec) => Network;
  const network = BUILT.get(spec) ?? build(spec);
  BUILT.set(spec, network);
  return network;
}

/** Whoever checks, plans or draws an architecture builds the same network. */
const BUILT = new WeakMap<UncheckedSpec, Network>();
