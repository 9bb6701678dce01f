/**
 * The families of networks. To add one, create a folder beside `ranet/` and add two lines here; for its YAML, a folder
 * and a line in `lib/spec/families.ts`.
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

/** The builder of each family's networks. */
const FAMILIES: { readonly [Name in Family]: (spec: FamilySpecs[Name]) => Network } = {
  ranet: buildRanet,
  msdnet: buildMsdnet,
};

/** An architecture that has not been validated. */
export type UncheckedSpec = FamilySpecs[Family];

/** Builds a network. If the architecture is invalid, the result may be, too. */
export function buildUnchecked(spec: UncheckedSpec): Network {
  const build = FAMILIES[spec.family] as (spec: UncheckedSpec) => Network;
  const network = BUILT.get(spec) ?? build(spec);
  BUILT.set(spec, network);
  return network;
}

/** Networks by architecture, so that checking, planning and drawing share one network. */
const BUILT = new WeakMap<UncheckedSpec, Network>();
