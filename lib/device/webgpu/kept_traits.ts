/**
 * Stores the results of `tune` for later runs, in the browser's or Deno's Cache API: per program, and without any
 * permission.
 *
 * @module
 */

import * as z from "zod";
import { openCache } from "../../io/cache.ts";
import { type AdapterTraits, CONVOLUTION_KERNELS, MAX_PIXELS } from "./tiles.ts";

/** Version of the format. A new version makes older measurements invalid. */
const VERSION = 4;

/** Created when it is first needed: few programs read kept traits. */
const traitsSchema = (): z.ZodType<AdapterTraits> =>
  z.object({
    lanes: z.int().min(1).max(128),
    parallelism: z.number().min(1),
    tiles: z.array(z.object({
      kernel: z.enum(CONVOLUTION_KERNELS),
      pixels: z.int().min(1).max(MAX_PIXELS),
      quads: z.int().min(1).max(32),
      across: z.int().min(1).max(8).optional(),
      minBatch: z.int().min(1).optional(),
      cost: z.number().positive(),
    })).min(1),
    readsAhead: z.boolean().optional(),
  });

/** The kept traits of an adapter; undefined if there are none or they are invalid. */
export async function keptTraits(adapter: string): Promise<AdapterTraits | undefined> {
  const kept = await (await openCache())?.match(keyOf(adapter));
  if (!kept) return undefined;
  return traitsSchema().safeParse(await kept.json().catch(() => undefined)).data;
}

/** Stores the traits of an adapter, replacing earlier ones; returns whether that was possible. */
export async function keepTraits(adapter: string, traits: AdapterTraits): Promise<boolean> {
  const cache = await openCache();
  if (!cache) return false;
  return await cache.put(keyOf(adapter), Response.json(traits)).then(() => true, () => false);
}

/** Deletes the kept traits of an adapter; returns whether there were any. */
export async function forgetTraits(adapter: string): Promise<boolean> {
  return await (await openCache())?.delete(keyOf(adapter)) ?? false;
}

/** The cache requires a URL as key; this one does not exist. */
function keyOf(adapter: string): string {
  return `https://ranet.invalid/traits/${VERSION}/${encodeURIComponent(adapter)}`;
}
