/**
 * The shape of a spec's YAML document, by family.
 *
 * @module
 */

import * as z from "zod";
import type { Family } from "../network/families.ts";
import { msdnetSchema } from "./msdnet/schema.ts";
import { ranetSchema } from "./ranet/schema.ts";

/** One schema per family. */
export const FAMILY_SCHEMAS = { ranet: ranetSchema, msdnet: msdnetSchema } as const satisfies Record<Family, unknown>;

/** The document's schema; every default that depends on no other key is in it. */
export const specSchema = z.discriminatedUnion("family", [FAMILY_SCHEMAS.ranet, FAMILY_SCHEMAS.msdnet], {
  error: ({ code }) => code === "invalid_union" ? "ranet or msdnet" : "a mapping with the keys of a RANet or MSDNet",
});

/** A document that has the right shape, with its own defaults filled in. */
export type SpecDocument = z.infer<(typeof FAMILY_SCHEMAS)[Family]>;
