/**
 * What there is to each family's YAML: a third one is a folder beside `ranet/` and an entry here.
 *
 * @module
 */

import * as z from "zod";
import type { Family, FamilySpecs, UncheckedSpec } from "../network/families.ts";
import type { Report } from "../yaml/read.ts";
import type { SpecMapping } from "./document_value.ts";
import type { Flags, FlagTable } from "./flags.ts";
import { msdnetKeys } from "./msdnet/document.ts";
import { MSDNET_FLAGS, msdnetLines } from "./msdnet/official.ts";
import { resolveMsdnet } from "./msdnet/resolve.ts";
import { msdnetSchema } from "./msdnet/schema.ts";
import { ranetKeys } from "./ranet/document.ts";
import { RANET_FLAGS, ranetLines } from "./ranet/official.ts";
import { resolveRanet } from "./ranet/resolve.ts";
import { ranetSchema } from "./ranet/schema.ts";

/** A family's parts. */
export interface FamilyParts<Schema extends z.ZodType, Spec> {
  /** What messages call one of its networks. */
  readonly title: string;
  /** The shape of its YAML document; every default that depends on no other key is in it. */
  readonly schema: Schema;
  /** A document of the right shape to an architecture, with the authors' rules; `undefined` if nothing can be made of it. */
  readonly resolve: (document: z.infer<Schema>, report: Report) => Spec | undefined;
  /** An architecture to those keys of its document that only this family has. */
  readonly keys: (spec: Spec) => SpecMapping;
  /** What its authors' script calls it (`--arch`), which flags it has, and the lines of YAML that they make. */
  readonly script: {
    readonly arch: string;
    readonly flags: FlagTable;
    readonly lines: (flags: Flags) => readonly string[];
  };
}

/** The shapes of documents. */
interface FamilySchemas extends Record<Family, z.ZodObject> {
  readonly ranet: typeof ranetSchema;
  readonly msdnet: typeof msdnetSchema;
}

/** The families, the one of documents that name none first. */
const FAMILIES: { readonly [Name in Family]: FamilyParts<FamilySchemas[Name], FamilySpecs[Name]> } = {
  ranet: {
    title: "RANet",
    schema: ranetSchema,
    resolve: resolveRanet,
    keys: ranetKeys,
    script: { arch: "RANet", flags: RANET_FLAGS, lines: ranetLines },
  },
  msdnet: {
    title: "MSDNet",
    schema: msdnetSchema,
    resolve: resolveMsdnet,
    keys: msdnetKeys,
    script: { arch: "msdnet", flags: MSDNET_FLAGS, lines: msdnetLines },
  },
};

/** Names of the families, the one of documents that name none first. */
export const FAMILY_NAMES = Object.keys(FAMILIES) as Family[];

/** The families as text: `RANet or MSDNet`. */
export const FAMILY_TITLES: string = Object.values(FAMILIES).map(({ title }) => title).join(" or ");

/** A document's schema, of whatever family. */
type AnySchema = FamilySchemas[Family];

/** A document that has the right shape, with its own defaults filled in. */
export type SpecDocument = z.infer<AnySchema>;

/** The parts of a document's or an architecture's family. */
export function partsOf(family: Family = FAMILY_NAMES[0]): FamilyParts<z.ZodType<SpecDocument>, UncheckedSpec> {
  return FAMILIES[family] as FamilyParts<z.ZodType<SpecDocument>, UncheckedSpec>;
}

/** The shape of a spec's YAML document. */
export const specSchema: z.ZodType<SpecDocument> = z.discriminatedUnion(
  "family",
  Object.values(FAMILIES).map(({ schema }) => schema) as unknown as [AnySchema, ...AnySchema[]],
  {
    error: ({ code }) =>
      code === "invalid_union" ? FAMILY_NAMES.join(" or ") : `a mapping with the keys of a ${FAMILY_TITLES}`,
  },
);
