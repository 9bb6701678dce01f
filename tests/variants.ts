/**
 * One small spec for each key that the authors' networks do not use. All are complete, so that `network/plain_counts.ts` can
 * count them.
 *
 * @module
 */

import type { ArchitectureSpec } from "../lib/network/architecture.ts";
import { resolveSpec } from "../lib/spec/parse.ts";
import type { PlainRanet } from "./network/plain_counts.ts";

const PLAIN = {
  input: { size: 24 },
  classes: 3,
  base_features: [{ scale: 1 / 2, channels: 6 }, { scale: 1, channels: 5 }],
  subnetworks: [
    { blocks: 2, growth: 6, bottleneck: 2 },
    { blocks: 3, growth: 5, bottleneck: 1, fusion: ["up-conv", "down-conv"], transitions: [2] },
  ],
  layers: [2, 1, 2],
  head: { channels: 7 },
} as const satisfies PlainRanet;
const [COARSE, FINE] = PLAIN.subnetworks;

/** Variants by key and value. */
export const VARIANTS: Readonly<Record<string, PlainRanet>> = {
  "as the authors'": PLAIN,
  "exits: all": { ...PLAIN, exits: "all" },
  "exits: a list": { ...PLAIN, exits: [2, 3, 5] },
  "exits: boosted": { ...PLAIN, exits: { boosted: true, reweight: 0.7 } },
  "exits: boosted, a list": { ...PLAIN, exits: { blocks: [2, 3, 5], boosted: true, reweight: 0.5 } },
  "input.channels: 1": { ...PLAIN, input: { size: 24, channels: 1 } },
  "input.channels: 6": { ...PLAIN, input: { size: 24, channels: 6 } },
  "input.size: wide": { ...PLAIN, input: { size: [13, 38] } },
  "input.size: tall and narrow, of prime sides": { ...PLAIN, input: { size: [67, 11], resize: [71, 13] } },
  "input.size: of two sides, stem with a pool": {
    ...PLAIN,
    input: { size: [37, 82], channels: 2 },
    stem: { kernel: 7, stride: 2, channels: 8, pool: true },
    activation: "silu",
  },
  "input.size: of two sides, resize to the shorter": { ...PLAIN, input: { size: [16, 11], resize: 17 } },
  "input.size: of two sides, with every kind of layer": {
    ...PLAIN,
    input: { size: [34, 17] },
    stem: { kernel: 3, stride: 1, channels: 8, pool: true },
    depthwise: true,
    kernel: 5,
    se_ratio: 0.5,
    activation: "hard-swish",
  },
  "input.size: of two sides, head.pool: 2": { ...PLAIN, input: { size: [13, 24] }, head: { channels: 7, pool: 2 } },
  "fusion: none": { ...PLAIN, subnetworks: [COARSE, { ...FINE, fusion: ["none", "none"] }] },
  "fusion: none, then down-conv": { ...PLAIN, subnetworks: [COARSE, { ...FINE, fusion: ["none", "down-conv"] }] },
  "compress: 0": { ...PLAIN, compress: 0 },
  "compress: 1": { ...PLAIN, compress: 1 },
  "growth per block": { ...PLAIN, subnetworks: [COARSE, { ...FINE, growth: [5, 8, 4] }] },
  "fewer layers than what is fused": { ...PLAIN, subnetworks: [COARSE, { ...FINE, layers: [1, 1, 3] }] },
  "more layers than what is fused": { ...PLAIN, subnetworks: [COARSE, { ...FINE, layers: [4, 3, 1] }] },
  "compress and reduction per block": {
    ...PLAIN,
    subnetworks: [{ ...COARSE, transitions: [1], reduction: 0.9 }, {
      ...FINE,
      transitions: [1, 3],
      compress: [0.5, 0.3],
      reduction: [0.4, 1, 0.7],
    }],
  },
  "head per exit": { ...PLAIN, head: [{ channels: 5 }, { channels: 9, pool: 2 }, { channels: 4 }] },
  "activation: hard-swish": { ...PLAIN, activation: "hard-swish" },
  "activation: silu": { ...PLAIN, activation: "silu" },
  depthwise: { ...PLAIN, depthwise: true },
  "kernel: 5": { ...PLAIN, kernel: 5 },
  "se_ratio: 0.25": { ...PLAIN, se_ratio: 0.25 },
  "depthwise of 5×5, squeeze-and-excitation, hard-swish": {
    ...PLAIN,
    subnetworks: [{ ...COARSE, bottleneck: 4 }, { ...FINE, bottleneck: 3 }],
    depthwise: true,
    kernel: 5,
    se_ratio: 0.3,
    activation: "hard-swish",
  },
  "head.depthwise": { ...PLAIN, head: { channels: 7, depthwise: true } },
  "head.depthwise at some exits": {
    ...PLAIN,
    head: [{ channels: 5, depthwise: true }, { channels: 9, depthwise: false }, { channels: 4 }],
  },
  "depthwise and squeeze-and-excitation in one sub-network": {
    ...PLAIN,
    kernel: 5,
    subnetworks: [{ ...COARSE, kernel: 3, se_ratio: 1 }, { ...FINE, depthwise: true, kernel: 7 }],
  },
  dropout: { ...PLAIN, dropout: 0.4 },
  "stem: 5×5": { ...PLAIN, stem: { kernel: 5, stride: 1, pool: false } },
  "stem: 5×5 of stride 3, other channels": {
    ...PLAIN,
    input: { size: 67 },
    stem: { kernel: 5, stride: 3, channels: 9, pool: false },
  },
  "stem: 3×3 and a pool": { ...PLAIN, input: { size: 45 }, stem: { kernel: 3, stride: 1, channels: 8, pool: true } },
};

/** A variant as `parseSpec` returns it. */
export function variant(title: string): ArchitectureSpec {
  return resolveSpec({ name: "variant", ...VARIANTS[title] });
}
