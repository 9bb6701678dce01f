/**
 * What there is to each family's YAML: a third one is a folder beside `ranet/` and an entry here.
 *
 * @module
 */

import type * as z from "zod";
import type { Family, FamilySpecs, UncheckedSpec } from "../network/families.ts";
import type { Report } from "../yaml/read.ts";
import type { SpecMapping } from "./document_value.ts";
import type { Flags, FlagTable } from "./flags.ts";
import { msdnetKeys } from "./msdnet/document.ts";
import { MSDNET_FLAGS, msdnetLines } from "./msdnet/official.ts";
import { resolveMsdnet } from "./msdnet/resolve.ts";
import { ranetKeys } from "./ranet/document.ts";
import { RANET_FLAGS, ranetLines } from "./ranet/official.ts";
import { resolveRanet } from "./ranet/resolve.ts";
import type { FAMILY_SCHEMAS, SpecDocument } from "./schema.ts";

/** A family's parts. */
export interface FamilyParts<Document, Spec> {
  /** A document of the right shape to an architecture, with the authors' rules; `undefined` if nothing can be made of it. */
  readonly resolve: (document: Document, report: Report) => Spec | undefined;
  /** An architecture to those keys of its document that only this family has. */
  readonly keys: (spec: Spec) => SpecMapping;
  /** What its authors' script calls it (`--arch`), which flags it has, and the lines of YAML that they make. */
  readonly script: {
    readonly arch: string;
    readonly flags: FlagTable;
    readonly lines: (flags: Flags) => readonly string[];
  };
}

type Document<Name extends Family> = z.infer<(typeof FAMILY_SCHEMAS)[Name]>;

/** The families, the one of documents that name none first. */
const FAMILIES: { readonly [Name in Family]: FamilyParts<Document<Name>, FamilySpecs[Name]> } = {
  ranet: {
    resolve: resolveRanet,
    keys: ranetKeys,
    script: { arch: "RANet", flags: RANET_FLAGS, lines: ranetLines },
  },
  msdnet: {
    resolve: resolveMsdnet,
    keys: msdnetKeys,
    script: { arch: "msdnet", flags: MSDNET_FLAGS, lines: msdnetLines },
  },
};

/** Names of the families, the one of documents that name none first. */
export const FAMILY_NAMES = Object.keys(FAMILIES) as Family[];

/** The parts of a document's or an architecture's family. */
export function partsOf(family: Family = FAMILY_NAMES[0]): FamilyParts<SpecDocument, UncheckedSpec> {
  return FAMILIES[family] as FamilyParts<SpecDocument, UncheckedSpec>;
}
