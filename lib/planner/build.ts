/**
 * Lowers a network onto kernels: where each feature lies, which step computes each layer.
 *
 * @module
 */

import { findDependents } from "../network/dependents.ts";
import type { Layer, Network, View } from "../network/network.ts";
import { placeBuffers } from "./memory.ts";
import { type Plan, quadsOf, type Region, type Step } from "./plan.ts";
import { readsOwnOutput, scheduleWaves } from "./waves.ts";

/**
 * Makes the plan of a network.
 *
 * @param network What to run.
 * @returns Steps and memory layout; the same for every batch size and device.
 */
export function buildPlan(network: Network): Plan {
  const schedule = lazyStages(network).map((layers) => scheduleWaves(layers, network.features));
  const { offsets, length, live } = placeFeatures(network, schedule.flat());
  const region = ({ feature, offset, channels }: View): Region => ({
    offset: offsets[feature],
    pitch: quadsOf(network.features[feature].channels),
    size: network.features[feature].size,
    channel: offset,
    channels,
  });
  const lower = (layer: Layer, exit: number): Step => {
    if (readsOwnOutput(layer)) {
      throw new Error(`${network.features[layer.input.feature].name}: a layer reads what it writes`);
    }
    const input = region(layer.input);
    switch (layer.kind) {
      case "convolution":
        return { kind: layer.kind, input, output: region(layer.output), layer };
      case "max-pool":
      case "resize":
        return { kind: layer.kind, input, output: region(layer.output) };
      case "classifier":
        return { kind: layer.kind, input, exit, layer };
    }
  };
  return {
    network,
    image: region({ feature: 0, offset: 0, channels: network.features[0].channels }),
    stages: schedule.map((waves, k) => waves.map((wave) => wave.map((layer) => lower(layer, k)))),
    zeroQuads: Math.max(...network.features.map(({ channels }) => quadsOf(channels))),
    sampleQuads: length,
    liveQuads: live,
  };
}

/**
 * For each exit the layers that it needs and none before it did; what no exit needs is left out. "Lazy evaluation" in
 * section 4 of the MSDNet paper (Huang et al., ICLR 2018).
 */
function lazyStages({ exits }: Network): Layer[][] {
  const stages: Layer[][] = exits.map(() => []);
  for (const [layer, [first]] of findDependents(exits.map(({ layers }) => layers))) {
    if (first !== undefined) stages[first].push(layer);
  }
  return stages;
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
