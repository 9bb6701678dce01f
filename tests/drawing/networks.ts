/** Networks of many forms for fast-check: odd sizes, repeated scales, sub-networks without exits. @module */

import fc from "fast-check";
import type { DenseSettings } from "../../lib/network/common.ts";
import { buildUnchecked } from "../../lib/network/families.ts";
import type { Network } from "../../lib/network/network.ts";
import { sides } from "../sizes.ts";
import type { MsdnetSpec } from "../../lib/network/msdnet/architecture.ts";
import type { Fusion, RanetSpec } from "../../lib/network/ranet/architecture.ts";

const kinds = fc.constantFrom<Fusion>("up-conv", "down-conv", "none");
const more = fc.record({
  blocks: fc.nat(2),
  growth: fc.integer({ min: 4, max: 200 }),
  bottleneck: fc.integer({ min: 1, max: 4 }),
  halved: fc.boolean(),
  channels: fc.integer({ min: 1, max: 600 }),
  fusion: fc.array(kinds, { minLength: 16, maxLength: 16 }),
  transitions: fc.uniqueArray(fc.integer({ min: 1, max: 16 })),
});

/** Blocks of the drawn numbers, and the last one. */
function chosen(wanted: readonly boolean[], counts: readonly number[]): number[] {
  const blocks = counts.reduce((sum, count) => sum + count, 0);
  return Array.from({ length: blocks }, (_, i) => i + 1).filter((block) => wanted[block] || block === blocks);
}

/** Kinds of dense layers. */
const denseKinds: fc.Arbitrary<DenseSettings> = fc.record({
  depthwise: fc.boolean(),
  kernel: fc.constantFrom(3, 5, 7),
  seRatio: fc.constantFrom(0, 0.25, 1),
});

/** Valid RANets. */
export const randomRanets: fc.Arbitrary<RanetSpec> = fc.record({
  name: fc.stringMatching(/^[a-z0-9]{1,64}$/),
  size: sides(5, 256),
  classes: fc.integer({ min: 2, max: 2000 }),
  stem: fc.constantFrom("conv3x3" as const, "conv7x7-pool" as const),
  layers: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 16, maxLength: 16 }),
  exits: fc.option(fc.oneof(fc.constant("all" as const), fc.array(fc.boolean(), { minLength: 80, maxLength: 80 }))),
  subnetworks: fc.array(more, { minLength: 1, maxLength: 5 }),
  dense: denseKinds,
}).map(({ name, size, classes, stem, layers, exits, subnetworks, dense }) => {
  let blocks = 1;
  let divisor = 1;
  const counts = subnetworks.map((subnetwork, s) => {
    const isLast = s === subnetworks.length - 1;
    return blocks += isLast ? Math.max(1, subnetwork.blocks) : subnetwork.blocks;
  });
  const baseFeatures = subnetworks.toReversed().map(({ channels, halved }, i) => {
    if (i > 0 && halved) divisor *= 2;
    return { divisor, channels };
  }).toReversed();
  return {
    family: "ranet",
    name,
    input: { size, resize: size, mean: [0, 0, 0], std: [1, 1, 1] },
    classes: Array.from({ length: classes }, (_, i) => String(i)),
    stem,
    baseFeatures,
    subnetworks: subnetworks.map(({ growth, bottleneck, fusion, transitions }, s) => ({
      blocks: counts[s],
      growth,
      bottleneck,
      fusion: fusion.slice(0, counts[s - 1] ?? 0),
      transitions: transitions.filter((block) => block <= counts[s]).toSorted((a, b) => a - b),
    })),
    layers: layers.slice(0, counts.at(-1)),
    compress: 0.25,
    reduction: 0.5,
    ...exits === null ? {} : { exits: exits === "all" ? exits : chosen(exits, counts) },
    head: { channels: 16, pool: "all" as const },
    ...dense,
  };
});

/** Valid MSDNets. */
export const randomMsdnets: fc.Arbitrary<MsdnetSpec> = fc.record({
  name: fc.stringMatching(/^[a-z0-9]{1,64}$/),
  size: sides(40, 300),
  classes: fc.integer({ min: 2, max: 2000 }),
  stem: fc.constantFrom("conv3x3" as const, "conv7x7-pool" as const),
  scales: fc.array(
    fc.record({ growthFactor: fc.integer({ min: 1, max: 4 }), bottleneck: fc.integer({ min: 1, max: 4 }) }),
    { minLength: 1, maxLength: 4 },
  ),
  channels: fc.integer({ min: 1, max: 40 }),
  growth: fc.integer({ min: 1, max: 20 }).map((half) => 2 * half),
  layers: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 5 }),
  /** Number of scales that each layer drops. */
  drops: fc.array(fc.constantFrom(0, 0, 0, 1, 2), { minLength: 25, maxLength: 25 }),
  transitions: fc.uniqueArray(fc.integer({ min: 1, max: 25 }), { maxLength: 4 }),
  dense: denseKinds,
}).map(({ name, size, classes, stem, scales, channels, growth, layers, drops, transitions, dense }) => {
  const depth = layers.reduce((sum, count) => sum + count, 0);
  let left = scales.length;
  return {
    family: "msdnet",
    name,
    input: { size, resize: size, mean: [0, 0, 0], std: [1, 1, 1] },
    classes: Array.from({ length: classes }, (_, i) => String(i)),
    stem,
    head: { channels: 16, pool: "all" as const },
    scales,
    channels,
    growth,
    layers,
    remaining: drops.slice(0, depth).map((drop) => left = Math.max(1, left - drop)),
    transitions: transitions.filter((layer) => layer <= depth).toSorted((a, b) => a - b),
    reduction: 0.5,
    ...dense,
  };
});

/** Networks of all valid specs. */
export const randomNetworks: fc.Arbitrary<Network> = fc.oneof(randomRanets, randomMsdnets).map(buildUnchecked);
