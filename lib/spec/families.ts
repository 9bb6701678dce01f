/**
 * The parts of each family's YAML. To add a family, create a folder beside `ranet/` and add an entry here.
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

/** The parts of a family. */
export interface FamilyParts<Schema extends z.ZodType, Spec> {
  /** Name of its networks in messages. */
  readonly title: string;
  /** Schema of its YAML document, with all defaults that do not depend on other keys. */
  readonly schema: Schema;
  /**
   * Resolves a document of valid shape to an architecture, using the authors' rules; `undefined` if that is impossible.
   */
  readonly resolve: (document: z.infer<Schema>, report: Report) => Spec | undefined;
  /** Converts an architecture to the keys of its document that only this family has. */
  readonly keys: (spec: Spec) => SpecMapping;
  /** Its name (`--arch`) and flags in its authors' script, and the YAML lines for them. */
  readonly script: {
    readonly arch: string;
    readonly flags: FlagTable;
    readonly lines: (flags: Flags) => readonly string[];
  };
}

/** Types of the schemas. */
interface FamilySchemas extends Record<Family, z.ZodObject> {
  readonly ranet: typeof ranetSchema;
  readonly msdnet: typeof msdnetSchema;
}

/** The families. The first one is the default. */
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

/** Names of the families. The first one is the default. */
export const FAMILY_NAMES = Object.keys(FAMILIES) as Family[];

/** The families as text: `RANet or MSDNet`. */
export const FAMILY_TITLES: string = Object.values(FAMILIES).map(({ title }) => title).join(" or ");

/** The schema of any family. */
type AnySchema = FamilySchemas[Family];

/** A document of valid shape, with defaults filled in. */
export type SpecDocument = z.infer<AnySchema>;

/** The parts of a family. */
export function partsOf(family: Family = FAMILY_NAMES[0]): FamilyParts<z.ZodType<SpecDocument>, UncheckedSpec> {
  return FAMILIES[family] as FamilyParts<z.ZodType<SpecDocument>, UncheckedSpec>;
}

/** Schema of a spec's YAML document. */
export const specSchema: z.ZodType<SpecDocument> = z.discriminatedUnion(
  "family",
  Object.values(FAMILIES).map(({ schema }) => schema) as unknown as [AnySchema, ...AnySchema[]],
  {
    error: ({ code }) =>
      code === "invalid_union" ? FAMILY_NAMES.join(" or ") : `a mapping with the keys of a ${FAMILY_TITLES}`,
  },
);
