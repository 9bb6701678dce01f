/**
 * Lowers a network onto kernels: where each feature lies, which step computes each layer, where its weights go.
 *
 * @module
 */

import type { Layer, Network, View } from "../network/network.ts";
import { placeBuffers } from "./memory.ts";
import { type Plan, quadsOf, type Region, type Step, type Wave, weightBufferOf, type WeightRange } from "./plan.ts";
import { scheduleWaves } from "./waves.ts";

/** Quads in the largest buffer that every WebGPU device can bind (128 MiB). */
const MAX_WEIGHT_QUADS = 2 ** 23;

/**
 * Makes the plan of a network.
 *
 * @param network What to run.
 * @returns Steps, memory layout and weight layout; the same for every batch size and device.
 */
export function buildPlan(network: Network): Plan {
  const schedule = network.exits.map(({ layers }) => scheduleWaves(layers, network.features));
  const { offsets, length, live } = placeFeatures(network, schedule.flat());
  const region = ({ feature, offset, channels }: View): Region => ({
    offset: offsets[feature],
    pitch: quadsOf(network.features[feature].channels),
    size: network.features[feature].size,
    channel: offset,
    channels,
  });
  const weightQuads: number[] = [];
  const takeWeights = (quads: number): WeightRange => {
    if (weightQuads.length === 0 || weightQuads[weightQuads.length - 1] + quads > MAX_WEIGHT_QUADS) weightQuads.push(0);
    const buffer = weightQuads.length - 1;
    const offset = weightQuads[buffer];
    weightQuads[buffer] += quads;
    return { buffer, offset, quads };
  };
  const lower = (layer: Layer, exit: number): Step => {
    const input = region(layer.input);
    const inQuads = quadsOf(layer.input.channels);
    switch (layer.kind) {
      case "convolution": {
        const output = region(layer.output);
        const weights = takeWeights((layer.kernel ** 2 * 4 * inQuads + 1) * quadsOf(output.channels));
        return { kind: layer.kind, input, output, weights, layer };
      }
      case "classifier":
        return {
          kind: layer.kind,
          input,
          exit,
          weights: takeWeights(layer.classes * inQuads + quadsOf(layer.classes)),
          layer,
        };
      default:
        return { kind: layer.kind, input, output: region(layer.output) };
    }
  };
  return {
    network,
    image: region({ feature: 0, offset: 0, channels: network.features[0].channels }),
    stages: schedule.map((waves, k) => waves.flatMap((wave) => byWeightBuffer(wave.map((layer) => lower(layer, k))))),
    zeroQuads: Math.max(...network.features.map(({ channels }) => quadsOf(channels))),
    sampleQuads: length,
    liveQuads: live,
    weightQuads,
  };
}

/** A dispatch reads one weight buffer. */
function byWeightBuffer(wave: Wave): Wave[] {
  return [...Map.groupBy(wave, weightBufferOf).values()];
}

/** A feature lives from the first wave that writes it (the image: from the start) to the last that reads it. */
function placeFeatures(network: Network, waves: readonly (readonly Layer[])[]): ReturnType<typeof placeBuffers> {
  const lifetimes = network.features.map(({ channels, size }) => ({
    length: size ** 2 * quadsOf(channels),
    first: Infinity,
    last: -1,
  }));
  lifetimes[0].first = 0;
  waves.forEach((wave, time) => {
    for (const layer of wave) {
      lifetimes[layer.input.feature].last = time;
      if (layer.kind === "classifier") continue;
      const output = lifetimes[layer.output.feature];
      output.first = Math.min(output.first, time);
      output.last = time;
    }
  });
  return placeBuffers(lifetimes);
}
