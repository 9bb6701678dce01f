/**
 * Lowers a network to kernels: decides where each feature is stored and which step computes each layer.
 *
 * @module
 */

import { findDependents } from "../network/dependents.ts";
import type { Layer, Network } from "../network/network.ts";
import { areaOf } from "../network/size.ts";
import { placeBuffers } from "./memory.ts";
import { placeLayer, type Plan, quadsOf, type Region, type Step } from "./plan.ts";
import { readsOwnOutput, scheduleWaves } from "./waves.ts";

/**
 * Builds the plan of a network.
 *
 * @param network The network.
 * @param options `keepsFeatures`: whether features never share memory, so that all can be read after a run.
 * @returns Steps and memory layout; the same for every batch size and device.
 */
export function buildPlan(network: Network, { keepsFeatures = false } = {}): Plan {
  const schedule = lazyStages(network).map((layers) => scheduleWaves(layers, network.features));
  const { offsets, length, live } = placeFeatures(network, schedule.flat(), keepsFeatures);
  const regions = network.features.map(({ size, channels }, feature): Region => (
    { offset: offsets[feature], pitch: quadsOf(channels), size, channel: 0, channels }
  ));
  const lower = (layer: Layer): Step => {
    if (readsOwnOutput(layer)) {
      throw new Error(`${network.features[layer.reads[0].feature].name}: a layer reads what it writes`);
    }
    return placeLayer(layer, regions);
  };
  return {
    network,
    image: regions[0],
    stages: schedule.map((waves) => waves.map((wave) => wave.map(lower))),
    zeroQuads: Math.max(...network.features.map(({ channels }) => quadsOf(channels))),
    sampleQuads: length,
    liveQuads: live,
  };
}

/**
 * For each exit the layers that it needs and no earlier exit needs; layers that no exit needs are left out. This is
 * "lazy evaluation" in section 4 of the MSDNet paper (Huang et al., ICLR 2018).
 */
function lazyStages({ exits }: Network): Layer[][] {
  const stages: Layer[][] = exits.map(() => []);
  for (const [layer, [first]] of findDependents(exits.map(({ layers }) => layers))) {
    if (first !== undefined) stages[first].push(layer);
  }
  return stages;
}

/**
 * Places features. A feature is live from the first wave that writes it (the image: from the start) to the last that
 * reads it.
 */
function placeFeatures(
  network: Network,
  waves: readonly (readonly Layer[])[],
  keeps: boolean,
): ReturnType<typeof placeBuffers> {
  const lifetimes = network.features.map(({ channels, size }) => ({
    length: areaOf(size) * quadsOf(channels),
    first: keeps ? 0 : Infinity,
    last: keeps ? Infinity : -1,
  }));
  lifetimes[0].first = 0;
  waves.forEach((wave, time) => {
    for (const layer of wave) {
      for (const { feature } of layer.reads) lifetimes[feature].last = Math.max(lifetimes[feature].last, time);
      for (const { feature } of layer.writes) {
        lifetimes[feature].first = Math.min(lifetimes[feature].first, time);
        lifetimes[feature].last = Math.max(lifetimes[feature].last, time);
      }
    }
  });
  return placeBuffers(lifetimes);
}
