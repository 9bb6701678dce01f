/**
 * Chooses the value of one step of each channel: large steps clip nothing, small ones have smaller rounding errors.
 *
 * @module
 */

import { GATE_MIDDLE, MAX_STEP } from "../weights/quantized.ts";
import { BINS, type ChannelValues } from "./activations.ts";

/** How steps are chosen: `max` clips nothing; `mse` minimises the mean squared error. */
export type RangeMethod = "max" | "mse";
/** All methods. */
export const RANGE_METHODS: readonly RangeMethod[] = ["max", "mse"];

/** Candidates for the upper end of the range, as shares of the largest value. */
const ENDS = Array.from({ length: 24 }, (_, i) => 1 - i * 0.03);

/** Smallest range of a channel as a share of its layer's range, because other images may activate the channel more. */
const LEAST_SHARE = 1 / 256;

/** Chooses the steps of a layer's channels. */
export function chooseSteps(channels: readonly ChannelValues[], method: RangeMethod): Float32Array {
  const ends = channels.map((channel) => method === "max" ? channel.most : bestEnd(channel));
  const widest = Math.max(...ends);
  // If a layer is 0 for all images, its steps are 1.
  const least = widest > 0 ? widest * LEAST_SHARE : MAX_STEP;
  return Float32Array.from(ends, (end) => Math.max(end, least) / MAX_STEP);
}

/** Magnitude above which gates differ from 0 or 1 by less than a thousandth. */
const MOST_FOR_GATES = 7;

/** The common step of all inputs of gates. */
export function chooseGateStep(channels: readonly ChannelValues[]): number {
  const most = Math.max(...channels.map((channel) => channel.most));
  return (most > 0 ? Math.min(most, MOST_FOR_GATES) : 1) / (MAX_STEP - GATE_MIDDLE);
}

/** The upper end of a channel's range with the smallest error. */
function bestEnd({ most, counts }: ChannelValues): number {
  let best = { end: most, error: Infinity };
  for (const share of ENDS) {
    const end = share * most;
    const error = errorOf(counts, { most, end });
    if (error < best.error) best = { end, error };
  }
  return best.end;
}

/** The sum of squared errors if values are rounded to steps and clipped at an end. */
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
