/**
 * Measures how long a GPU and the CPU take for batches of a network. Reading results back from a GPU takes about 10 ms
 * under Deno even for the smallest batch, so a GPU is faster only from some batch size on.
 *
 * @module
 */

import * as z from "zod";
import { openCache } from "../io/cache.ts";
import type { Runner } from "./runner.ts";

/** A batch of n samples takes about `fixed + each · n` milliseconds. */
export interface Speed {
  /** Milliseconds per batch. */
  readonly fixed: number;
  /** Milliseconds per sample. */
  readonly each: number;
}

/** The speeds of both devices for a network. */
export interface Speeds {
  /** Multiply-adds of one sample for all exits. With the next field, they identify the network. */
  readonly flops: number;
  /** Whether the network is quantized to 8 bits. Default: false. */
  readonly quantized?: boolean;
  /** The adapter. */
  readonly gpu: Speed;
  /** The CPU runner. */
  readonly cpu: Speed;
}

/** Version of the format. A new version makes older measurements invalid. */
const VERSION = 1;
/** Time limit for the measured runs of one device, in milliseconds; the first run may exceed it. */
const BUDGET = 80;
/** Samples of the larger batch. */
const MANY = 16;
/** Networks whose speeds are kept for an adapter. */
const MAX_KEPT = 100;

/** Milliseconds for a batch. */
export function timeOf({ fixed, each }: Speed, count: number): number {
  return fixed + each * count;
}

/** The smallest batch for which the GPU is faster than the CPU; infinite if there is none. */
export function smallestGpuBatch({ gpu, cpu }: Speeds): number {
  if (timeOf(gpu, 1) < timeOf(cpu, 1)) return 1;
  if (gpu.each >= cpu.each) return Infinity;
  return Math.floor((gpu.fixed - cpu.fixed) / (cpu.each - gpu.each)) + 1;
}

/**
 * Measures a runner with a batch of one sample and, if time remains, a larger one. Takes about 0.1 seconds.
 *
 * @param options `length`: numbers per image; `now`: a clock, in milliseconds.
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
  const many = Math.min(MANY, runner.batchSize, Math.floor((BUDGET - one) / one));
  if (many < 2) return { fixed: 0, each: one };
  await run(many);
  const each = Math.max(0, await run(many) - one) / (many - 1);
  return { fixed: Math.max(0, one - each), each };
}

/** The schema of kept measurements, created when it is first needed. */
function keptSchema() {
  const speed = z.object({ fixed: z.number().nonnegative(), each: z.number().nonnegative() });
  return z.array(z.object({ flops: z.number(), quantized: z.boolean().optional(), gpu: speed, cpu: speed })).max(
    MAX_KEPT,
  );
}

/** Whether speeds are those of a network. */
export function isSameNetwork(
  { flops, quantized = false }: Pick<Speeds, "flops" | "quantized">,
  other: Pick<Speeds, "flops" | "quantized">,
): boolean {
  return flops === other.flops && quantized === (other.quantized ?? false);
}

/** The kept measurements of an adapter; they are stored like those of `tune`. */
export async function keptSpeeds(adapter: string): Promise<Speeds[]> {
  const kept = await (await openCache())?.match(keyOf(adapter));
  return keptSchema().safeParse(await kept?.json().catch(() => undefined)).data ?? [];
}

/** Stores a measurement of an adapter, in addition to those of other networks. */
export async function keepSpeeds(adapter: string, speeds: Speeds): Promise<void> {
  const others = (await keptSpeeds(adapter)).filter((other) => !isSameNetwork(other, speeds));
  const cache = await openCache();
  await cache?.put(keyOf(adapter), Response.json([speeds, ...others].slice(0, MAX_KEPT))).catch(() => {});
}

/** The cache requires a URL as key; this one does not exist. */
function keyOf(adapter: string): string {
  return `https://ranet.invalid/speeds/${VERSION}/${navigator.hardwareConcurrency}/${encodeURIComponent(adapter)}`;
}
