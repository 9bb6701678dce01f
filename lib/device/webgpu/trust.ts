/**
 * Whether a device computes what kernels say. A driver that compiles one wrongly gives wrong labels or a bad model without
 * a word; so each kernel is tried before its first use, on the device that will use it, and what has passed is remembered.
 *
 * @module
 */

import { RanetError } from "../../errors.ts";
import { titleOf } from "./adapter.ts";
import type { OpenAdapter } from "./device.ts";
import type { Kernel } from "./kernels.ts";
import { PassedKernels } from "./passed_kernels.ts";
import type { Tile } from "./tiles.ts";

/** The largest difference, as a share of the largest number; rounding makes for 1e-6. */
const TOLERANCE = 1e-4;

/** A device computed something else than the CPU runner. */
export class SelfTestError extends RanetError {}

/** What a device made of an exercise. */
export interface Outcome {
  /** Largest difference from the CPU, as a share of the largest number; infinite for what is not a number. */
  readonly error: number;
  /** What else was not as on the CPU, as a whole sentence's middle: `images leave where they should not`. */
  readonly fault?: string;
}

/** An exercise that takes some kernels. */
export interface Trial {
  /** What tells those kernels from others, for people. */
  readonly title: string;
  /** Does it. */
  readonly run: () => Promise<Outcome>;
}

/** Whether an exercise went well. */
export function isRight({ error, fault }: Outcome): boolean {
  return error <= TOLERANCE && fault === undefined;
}

/**
 * Tries kernels, unless they have passed before: in this program, or in an earlier one that could keep it.
 *
 * @param options `text`: of all kernels that are tried in this way; `trials`: what has to be done for those that are untried.
 * @throws {SelfTestError} If one of them does not compute what the CPU does.
 */
export async function trustKernels(
  device: OpenAdapter,
  kernels: readonly Kernel<string>[],
  options: {
    readonly text: string;
    readonly trials: (untried: readonly Kernel<string>[]) => Promise<readonly Trial[]>;
  },
): Promise<void> {
  const passed = await PassedKernels.of(device, options.text);
  const untried = passed.without(kernels);
  if (untried.length === 0) return;
  const trials = await options.trials(untried);
  await Promise.all(trials.map(async ({ title, run }) => {
    const outcome = await run();
    if (isRight(outcome)) return;
    const { error, fault = `results are off by ${error.toPrecision(2)} of the largest` } = outcome;
    throw new SelfTestError(
      `Cannot trust ${titleOf(device.adapter)}: in a self-test ${fault}, with ${title}`,
      { code: "device", remedy: { device: "cpu" } },
    );
  }));
  await passed.add(untried);
}

/** A tile, for people. */
export function tileName({ kernel, pixels, quads }: Pick<Tile, "kernel" | "pixels" | "quads">): string {
  return `${kernel} in tiles of ${pixels} pixels × ${quads} quads`;
}

/** The largest difference, as a share of the largest number wanted. */
export function difference(found: ArrayLike<number>, wanted: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < wanted.length; i++) largest = Math.max(largest, Math.abs(wanted[i]));
  let worst = 0;
  for (let i = 0; i < wanted.length; i++) {
    const error = Math.abs(found[i] - wanted[i]) / largest;
    if (!(error <= worst)) worst = Number.isNaN(error) ? Infinity : error;
  }
  return worst;
}
