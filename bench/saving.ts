/**
 * How much of the operations that samples save by leaving early is saved in time.
 *
 * @module
 */

import type { AdaptiveExecutor, ClassifyOptions } from "../mod.ts";
import { type Effort, inTurn, isFailure, median } from "./measure.ts";

/** One way of leaving early. */
export interface Saving {
  /** What it is, for people. */
  readonly setting: string;
  /** Multiply-adds per image, on average. */
  readonly flops: number;
  /** Median time of a batch, in milliseconds. */
  readonly ms: number;
  /** Share of the whole network's operations that is saved. */
  readonly flopsSaved: number;
  /** Share of the whole network's time that is saved: median of rounds, each against the whole in the same round. */
  readonly timeSaved: number;
  /** `timeSaved / flopsSaved`. */
  readonly realised: number;
}

/** Shares of a batch that leave at exit 1, while the others go to the last exit. */
const SHARES = [1, 0.75, 0.5, 0.25];

/**
 * Measures the saving for one batch.
 *
 * @param settings Further ways of leaving early, by name.
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
    // Halfway to the next confidence, so that rounding on the device decides for nobody.
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
