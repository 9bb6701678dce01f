/**
 * The families of networks: a third one is a folder beside `ranet/` and two lines here, and its YAML a folder and a line in
 * `lib/spec/families.ts`.
 *
 * @module
 */

import type { MsdnetSpec } from "./msdnet/architecture.ts";
import { buildMsdnet } from "./msdnet/build.ts";
import type { Network } from "./network.ts";
import type { RanetSpec } from "./ranet/architecture.ts";
import { buildRanet } from "./ranet/build.ts";

/** The architectures of each family. */
export interface FamilySpecs {
  /** RANets. */
  readonly ranet: RanetSpec;
  /** MSDNets. */
  readonly msdnet: MsdnetSpec;
}

/** The name of a family, as in the YAML. */
export type Family = keyof FamilySpecs;

/** What builds the networks of each family. */
const FAMILIES: { readonly [Name in Family]: (spec: FamilySpecs[Name]) => Network } = {
  ranet: buildRanet,
  msdnet: buildMsdnet,
};

/** An architecture of which nobody has made sure that it can work. */
export type UncheckedSpec = FamilySpecs[Family];

/** Builds a network, or something else where the architecture cannot work. */
export function buildUnchecked(spec: UncheckedSpec): Network {
  const build = FAMILIES[spec.family] as (spec: UncheckedSpec) => Network;
  const network = BUILT.get(spec) ?? build(spec);
  BUILT.set(spec, network);
  return network;
}

/** Whoever checks, plans or draws an architecture builds the same network. */
const BUILT = new WeakMap<UncheckedSpec, Network>();
