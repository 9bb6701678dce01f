/**
 * What `tune` found out about adapters, kept for later runs as the browser's or Deno's cache keeps things: by program,
 * without any permission.
 *
 * @module
 */

import * as z from "zod";
import { openCache } from "../../io/cache.ts";
import { type AdapterTraits, CONVOLUTION_KERNELS } from "./tiles.ts";

/** Changes whenever figures measured before mean something else. */
const VERSION = 3;

/** Made on demand: few programs ever read kept traits. */
const traitsSchema = (): z.ZodType<AdapterTraits> =>
  z.object({
    lanes: z.int().min(1).max(128),
    parallelism: z.number().min(1),
    tiles: z.array(z.object({
      kernel: z.enum(CONVOLUTION_KERNELS),
      pixels: z.int().min(1).max(32),
      quads: z.int().min(1).max(32),
      across: z.int().min(1).max(8).optional(),
      minBatch: z.int().min(1).optional(),
      cost: z.number().positive(),
    })).min(1),
  });

/** What was kept of an adapter; undefined if nothing was, or nothing of use. */
export async function keptTraits(adapter: string): Promise<AdapterTraits | undefined> {
  const kept = await (await openCache())?.match(keyOf(adapter));
  if (!kept) return undefined;
  return traitsSchema().safeParse(await kept.json().catch(() => undefined)).data;
}

/** Keeps what was found out about an adapter, in place of what was kept before; returns whether that was possible. */
export async function keepTraits(adapter: string, traits: AdapterTraits): Promise<boolean> {
  const cache = await openCache();
  if (!cache) return false;
  return await cache.put(keyOf(adapter), Response.json(traits)).then(() => true, () => false);
}

/** Forgets what was kept of an adapter; returns whether there was anything. */
export async function forgetTraits(adapter: string): Promise<boolean> {
  return await (await openCache())?.delete(keyOf(adapter)) ?? false;
}

/** Caches are keyed by URL; this one is nowhere. */
function keyOf(adapter: string): string {
  return `https://ranet.invalid/traits/${VERSION}/${encodeURIComponent(adapter)}`;
}
