/**
 * What one step of a channel is to stand for: large steps clip nothing, small ones round less.
 *
 * @module
 */

import { GATE_MIDDLE, MAX_STEP } from "../weights/quantized.ts";
import { BINS, type ChannelValues } from "./activations.ts";

/** How steps are chosen: `max` clips nothing; `mse` makes the mean squared error least. */
export type RangeMethod = "max" | "mse";
/** The choices. */
export const RANGE_METHODS: readonly RangeMethod[] = ["max", "mse"];

/** Shares of the largest value that are tried as the range's end. */
const ENDS = Array.from({ length: 24 }, (_, i) => 1 - i * 0.03);

/** A channel's range need not be smaller than this share of its layer's: other images may wake it. */
const LEAST_SHARE = 1 / 256;

/** Steps of a layer's channels. */
export function chooseSteps(channels: readonly ChannelValues[], method: RangeMethod): Float32Array {
  const ends = channels.map((channel) => method === "max" ? channel.most : bestEnd(channel));
  const widest = Math.max(...ends);
  // A layer that is silent for all images: whatever it may say is rounded to steps of 1.
  const least = widest > 0 ? widest * LEAST_SHARE : MAX_STEP;
  return Float32Array.from(ends, (end) => Math.max(end, least) / MAX_STEP);
}

/** Beyond this, gates are 0 or 1 but for a thousandth. */
const MOST_FOR_GATES = 7;

/** The one step of numbers from which gates are made. */
export function chooseGateStep(channels: readonly ChannelValues[]): number {
  const most = Math.max(...channels.map((channel) => channel.most));
  return (most > 0 ? Math.min(most, MOST_FOR_GATES) : 1) / (MAX_STEP - GATE_MIDDLE);
}

/** Where a channel's range is to end. */
function bestEnd({ most, counts }: ChannelValues): number {
  let best = { end: most, error: Infinity };
  for (const share of ENDS) {
    const end = share * most;
    const error = errorOf(counts, { most, end });
    if (error < best.error) best = { end, error };
  }
  return best.end;
}

/** The sum of squared errors, if values are rounded to steps up to an end. */
function errorOf(counts: Uint32Array, { most, end }: { readonly most: number; readonly end: number }): number {
  const step = end / MAX_STEP;
  const rounding = step ** 2 / 12;
  let error = 0;
  for (let bin = 0; bin < BINS; bin++) {
    const value = (bin + 0.5) / BINS * most;
    error += counts[bin] * (value > end ? (value - end) ** 2 : rounding);
  }
  return error;
}
