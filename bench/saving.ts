/**
 * Measures how much of the operations that early exits save is also saved in time.
 *
 * @module
 */

import type { AdaptiveExecutor, ClassifyOptions } from "../mod.ts";
import { type Effort, inTurn, isFailure, median } from "./measure.ts";

/** The saving with one setting of thresholds. */
export interface Saving {
  /** Description of the setting. */
  readonly setting: string;
  /** Multiply-adds per image, on average. */
  readonly flops: number;
  /** Median time of a batch, in milliseconds. */
  readonly ms: number;
  /** Share of the full network's operations that is saved. */
  readonly flopsSaved: number;
  /** Share of the full network's time that is saved; median of rounds, each relative to the full network in the same round. */
  readonly timeSaved: number;
  /** `timeSaved / flopsSaved`. */
  readonly realised: number;
}

/** Shares of a batch that leave at exit 1; the other images run to the last exit. */
const SHARES = [1, 0.75, 0.5, 0.25];

/**
 * Measures the saving for one batch.
 *
 * @param settings Further settings of thresholds, by description.
 */
export async function benchSaving(
  executor: AdaptiveExecutor,
  images: Float32Array,
  settings: Readonly<Record<string, ClassifyOptions>>,
  effort: Effort,
): Promise<Saving[]> {
  const { exits } = executor.model.network;
  const first = (await executor.classify(images, { threshold: 0 })).map(({ confidence }) => confidence);
  const sorted = first.toSorted((a, b) => b - a);
  const shares = SHARES.map((share): [string, ClassifyOptions] => {
    // Halfway to the next confidence, so that rounding on the device does not change which samples leave.
    const last = Math.round(share * sorted.length) - 1;
    const between = (sorted[last] + (sorted[last + 1] ?? 0)) / 2;
    const threshold = exits.map((_, k) => k > 0 ? 1 : between);
    return [`${100 * share} % leave at exit 1`, { threshold }];
  });
  const all = [...shares, ...Object.entries(settings)];
  const [whole, ...timings] = await inTurn([
    () => executor.forward(images),
    ...all.map(([, options]) => () => executor.classify(images, options)),
  ], effort);
  if (isFailure(whole)) throw new Error(whole.failed);
  const wholeFlops = exits[exits.length - 1].cumulativeFlops;
  const savings: Saving[] = [];
  for (const [i, [setting, options]] of all.entries()) {
    const timing = timings[i];
    if (isFailure(timing)) throw new Error(timing.failed);
    const results = await executor.classify(images, options);
    const flops = results.reduce((sum, result) => sum + result.flops, 0) / results.length;
    const flopsSaved = 1 - flops / wholeFlops;
    const timeSaved = median(timing.times.map((ms, round) => 1 - ms / whole.times[round]));
    savings.push({ setting, flops, ms: timing.ms, flopsSaved, timeSaved, realised: timeSaved / flopsSaved });
  }
  return savings;
}
