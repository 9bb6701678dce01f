/**
 * How long a GPU and the CPU take for batches of a network, and which is sooner done. A GPU's answer takes its time to come
 * back, 10 ms under Deno, however small the batch: it pays from some batch size on.
 *
 * @module
 */

import * as z from "zod";
import { openCache } from "../io/cache.ts";
import type { Runner } from "./runner.ts";

/** Milliseconds of a batch of n samples, about: `fixed + each · n`. */
export interface Speed {
  /** Whatever the batch. */
  readonly fixed: number;
  /** For each sample. */
  readonly each: number;
}

/** Those of both devices for a network. */
export interface Speeds {
  /** What tells the network from others: multiply-adds of one sample, all exits. */
  readonly flops: number;
  /** The adapter. */
  readonly gpu: Speed;
  /** The CPU runner. */
  readonly cpu: Speed;
}

/** Changes whenever figures measured before mean something else. */
const VERSION = 1;
/** Milliseconds of runs that count for one device, at most but for the first. */
const BUDGET = 80;
/** Samples of the larger batch. */
const MANY = 16;
/** Networks whose speeds are kept for an adapter. */
const MAX_KEPT = 100;

/** Milliseconds for a batch. */
export function timeOf({ fixed, each }: Speed, count: number): number {
  return fixed + each * count;
}

/** The smallest batch for which a GPU is sooner done than the CPU; infinite if none is. */
export function smallestGpuBatch({ gpu, cpu }: Speeds): number {
  if (timeOf(gpu, 1) < timeOf(cpu, 1)) return 1;
  if (gpu.each >= cpu.each) return Infinity;
  return Math.floor((gpu.fixed - cpu.fixed) / (cpu.each - gpu.each)) + 1;
}

/**
 * Measures a runner, in about a tenth of a second: a batch of one, and a larger one if that takes no longer.
 *
 * @param options `length`: numbers of an image; `now`: a clock, in milliseconds.
 */
export async function measureSpeed(
  runner: Runner,
  options: { readonly stages: number; readonly length: number; readonly now?: () => number },
): Promise<Speed> {
  const { stages, length, now = () => performance.now() } = options;
  const run = async (count: number) => {
    const images = new Float32Array(count * length);
    const start = now();
    await runner.load(images, count);
    await runner.run({ from: 0, to: stages });
    return now() - start;
  };
  await run(1); // starts threads, compiles kernels
  const one = await run(1);
  const many = Math.min(MANY, runner.capacity, Math.floor((BUDGET - one) / one));
  if (many < 2) return { fixed: 0, each: one };
  await run(many);
  const each = Math.max(0, await run(many) - one) / (many - 1);
  return { fixed: Math.max(0, one - each), each };
}

/** Made on demand. */
function keptSchema() {
  const speed = z.object({ fixed: z.number().nonnegative(), each: z.number().nonnegative() });
  return z.array(z.object({ flops: z.number(), gpu: speed, cpu: speed })).max(MAX_KEPT);
}

/** What has been measured with an adapter; kept as `tune`'s figures are. */
export async function keptSpeeds(adapter: string): Promise<Speeds[]> {
  const kept = await (await openCache())?.match(keyOf(adapter));
  return keptSchema().safeParse(await kept?.json().catch(() => undefined)).data ?? [];
}

/** Keeps what was measured with an adapter, beside what was kept of other networks. */
export async function keepSpeeds(adapter: string, speeds: Speeds): Promise<void> {
  const others = (await keptSpeeds(adapter)).filter(({ flops }) => flops !== speeds.flops);
  const cache = await openCache();
  await cache?.put(keyOf(adapter), Response.json([speeds, ...others].slice(0, MAX_KEPT))).catch(() => {});
}

/** Caches are keyed by URL; this one is nowhere. */
function keyOf(adapter: string): string {
  return `https://ranet.invalid/speeds/${VERSION}/${navigator.hardwareConcurrency}/${encodeURIComponent(adapter)}`;
}
