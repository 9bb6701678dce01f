/**
 * Collects the distribution of a network's activations for some images: a histogram for each output channel of each
 * layer.
 *
 * @module
 */

import { CpuRunner } from "../device/cpu/runner.ts";
import type { Network } from "../network/network.ts";
import { buildPlan } from "../planner/build.ts";
import type { Plan, Region } from "../planner/plan.ts";
import type { FoldedWeights } from "../weights/fold.ts";

/** Number of bins of a channel's histogram. */
export const BINS = 512;

/**
 * Statistics of a channel's values for some images. All values are at least 0, because they follow a ReLU, except the
 * inputs of gates.
 */
export interface ChannelValues {
  /** Largest magnitude; 0 if the channel is always 0. */
  readonly most: number;
  /** Mean value. */
  readonly mean: number;
  /** Histogram of {@linkcode BINS} equal bins from 0 to the largest value. Zeros are not counted. */
  readonly counts: Uint32Array;
}

/** Statistics of the output channels of each layer that has its own range, by the layer's name. */
export type LayerValues = ReadonlyMap<string, readonly ChannelValues[]>;

/**
 * Runs images through a network in floating point.
 *
 * @param images Batches of normalised images, `N × channels × height × width`. They are processed twice.
 */
export async function collectActivations(
  network: Network,
  weights: FoldedWeights,
  images: readonly Float32Array[],
  options: { readonly threads?: number } = {},
): Promise<LayerValues> {
  const plan = buildPlan(network, { keepsFeatures: true });
  const length = plan.image.channels * plan.image.size.height * plan.image.size.width;
  const batchSize = Math.max(1, ...images.map((batch) => batch.length / length));
  using runner = await CpuRunner.create(plan, weights, { ...options, batchSize, keeps: true });
  const written = writtenRegions(plan);
  const visit = async (look: (name: string, values: Float32Array, channels: number) => void) => {
    for (const batch of images) {
      for (let start = 0; start < batch.length; start += runner.batchSize * length) {
        const part = batch.subarray(start, start + runner.batchSize * length);
        const count = part.length / length;
        runner.load(part, count);
        await runner.run({ from: 0, to: plan.stages.length });
        for (const [{ name }, region] of written) {
          for (let sample = 0; sample < count; sample++) look(name, runner.feature(region, sample), region.channels);
        }
      }
    }
  };
  const found = new Map(written.map(([{ name }, { channels }]) => [name, {
    most: new Float64Array(channels),
    sum: new Float64Array(channels),
    seen: 0,
    counts: Array.from({ length: channels }, () => new Uint32Array(BINS)),
  }]));
  await visit((name, values, channels) => {
    const own = found.get(name)!;
    for (let i = 0; i < values.length; i++) {
      const channel = i % channels;
      own.sum[channel] += values[i];
      const size = Math.abs(values[i]);
      if (size > own.most[channel]) own.most[channel] = size;
    }
    own.seen += values.length / channels;
  });
  await visit((name, values, channels) => {
    const { most, counts } = found.get(name)!;
    for (let i = 0; i < values.length; i++) {
      if (values[i] <= 0) continue;
      const channel = i % channels;
      counts[channel][Math.min(BINS - 1, Math.floor(values[i] / most[channel] * BINS))]++;
    }
  });
  return new Map(Array.from(found, ([name, { most, sum, seen, counts }]) => [
    name,
    counts.map((own, channel) => ({ most: most[channel], mean: sum[channel] / seen, counts: own })),
  ]));
}

/** The layers of a plan whose output has its own range, and the location of the output. */
function writtenRegions(plan: Plan): (readonly [layer: { readonly name: string }, Region])[] {
  return plan.stages.flat(2).flatMap((step) => {
    switch (step.kind) {
      case "convolution":
      case "depthwise":
      case "squeeze":
      case "excitation":
        return [[step.layer, step.writes[0]] as const];
      case "max-pool":
      case "resize":
      case "classifier":
        return [];
    }
  });
}
