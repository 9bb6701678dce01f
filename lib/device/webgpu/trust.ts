/**
 * Tests whether a device computes kernels correctly. A driver that compiles a kernel wrongly would silently give wrong
 * labels or a bad model. Therefore each kernel is tested before its first use, on the same device, and passes are
 * remembered.
 *
 * @module
 */

import { RanetError } from "../../errors.ts";
import { titleOf } from "./adapter.ts";
import type { OpenAdapter } from "./device.ts";
import type { Kernel } from "./kernels.ts";
import { PassedKernels } from "./passed_kernels.ts";
import type { Tile } from "./tiles.ts";

/** The largest accepted difference, relative to the largest number. Rounding causes about 1e-6. */
const TOLERANCE = 1e-4;

/** Thrown if a device's results differ from the CPU runner's. */
export class SelfTestError extends RanetError {}

/** The outcome of an exercise on a device. */
export interface Outcome {
  /** Largest difference from the CPU, relative to the largest number; infinite if a result is NaN. */
  readonly error: number;
  /** Another difference from the CPU, as part of a sentence: `samples take the wrong exit`. */
  readonly fault?: string;
}

/** An exercise that uses some kernels. */
export interface Trial {
  /** A title that identifies the kernels, as shown to users. */
  readonly title: string;
  /** Runs the exercise. */
  readonly run: () => Promise<Outcome>;
}

/** Whether an exercise passed. */
export function isCorrect({ error, fault }: Outcome): boolean {
  return error <= TOLERANCE && fault === undefined;
}

/**
 * Tests kernels, unless they have passed before, in this program or in an earlier one that could store it.
 *
 * @param options `text`: the source of all kernels that are tested together; `trials`: the exercises for untested
 * kernels.
 * @throws {SelfTestError} If the results of one of them differ from the CPU's.
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
    if (isCorrect(outcome)) return;
    const { error, fault = `results are off by ${error.toPrecision(2)} of the largest` } = outcome;
    throw new SelfTestError(
      `Cannot trust ${titleOf(device.adapter)}: in a self-test ${fault}, with ${title}`,
      { code: "device", remedy: { device: "cpu" } },
    );
  }));
  await passed.add(untried);
}

/** The name of a tile, as shown to users. */
export function tileName({ kernel, pixels, quads }: Pick<Tile, "kernel" | "pixels" | "quads">): string {
  return `${kernel} in tiles of ${pixels} pixels × ${quads} quads`;
}

/** The largest difference, relative to the largest expected number. */
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
