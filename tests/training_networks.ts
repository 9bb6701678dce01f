/**
 * Small networks, each with a property that PyTorch's references do not cover.
 *
 * @module
 */

import { buildNetwork } from "../lib/network/build.ts";
import type { Network } from "../lib/network/network.ts";
import { parseSpec } from "../lib/spec/parse.ts";
import { TINY_SPEC } from "./fixtures.ts";

const SPECS: Readonly<Record<string, string>> = {
  "down-conv fusion, one size odd": TINY_SPEC,
  "coarsest scale twice": `
name: twice
input: { size: 12 }
classes: 3
base_features: [{ scale: 1/2, channels: 5 }, { scale: 1/2, channels: 4 }, { scale: 1, channels: 3 }]
subnetworks:
  - { blocks: 1, growth: 5, bottleneck: 2 }
  - { blocks: 2, growth: 4, bottleneck: 1, fusion: up-conv }
  - { blocks: 3, growth: 4, bottleneck: 1, fusion: [up-conv, down-conv] }
layers: [1, 2, 1]
head: { channels: 5 }
`,
  "fusion by hand, layers as a list": `
name: by-hand
input: { size: 20 }
classes: 4
base_features: [{ scale: 1/4, channels: 6 }, { scale: 1/2, channels: 5 }, { scale: 1, channels: 3 }]
subnetworks:
  - { blocks: 1, growth: 6, bottleneck: 1 }
  - { blocks: 2, growth: 5, bottleneck: 2, fusion: [down-conv] }
  - { blocks: 3, growth: 4, bottleneck: 1, fusion: [down-conv, down-conv] }
layers: [2, 3, 1]
head: { channels: input }
`,
  "stem with bias and max-pool": `
name: pooled
input: { size: 34 }
classes: 3
stem: conv7x7-pool
base_features: [{ scale: 1/2, channels: 5 }, { scale: 1, channels: 4 }]
subnetworks:
  - { blocks: 1, growth: 4, bottleneck: 1 }
  - { blocks: 2, growth: 4, bottleneck: 1, fusion: up-conv }
layers: [1, 1]
head: { channels: 6 }
`,
  "boosted exits": TINY_SPEC.replace("name: tiny", "name: boosted\nexits: { boosted: true, reweight: 0.6 }"),
  "MSDNet, layers that no exit needs": `
family: msdnet
name: scales
input: { size: 20 }
classes: 3
stem: conv3x3
scales:
  - { scale: 1/4, growth_factor: 2, bottleneck: 2 }
  - { scale: 1/2, growth_factor: 1, bottleneck: 1 }
  - { scale: 1, growth_factor: 1, bottleneck: 1 }
channels: 4
growth: 4
layers: { mode: even, blocks: 2, base: 1, step: 1 }
prune: max
`,
};

/** The networks, by their special property. */
export const NETWORKS: ReadonlyMap<string, Network> = new Map(
  Object.entries(SPECS).map(([title, text]) => [title, buildNetwork(parseSpec(text))]),
);
