/**
 * The shape of an MSDNet's YAML document: which keys there are, what each may hold, and what an editor says about it.
 * What keys ask of each other is for `resolve.ts`.
 *
 * @module
 */

import * as z from "zod";
import { list, mapping, real, whole, words } from "../../yaml/fields.ts";
import { FAMILY, FIRST_KEYS, LAST_KEYS, scale } from "../common_keys.ts";
import { LIMITS } from "../limits.ts";

const scaleEntry = mapping({
  scale: scale(LIMITS.scales).describe(
    "Resolution, as a share of the finest: the last scale has 1, each other half of the next.",
  ),
  growth_factor: whole(1, LIMITS.growthFactor).describe(
    "Base channels and growth at this scale, as a multiple of `channels` and `growth`. Coarser ones usually have more. " +
      "Cost of this scale grows with up to its square.",
  ),
  bottleneck: whole(1, LIMITS.bottleneck).describe(
    "The 1×1 convolution of a layer that reads this scale leaves at most this many times its output channels for the " +
      "3×3 one. Cost grows with it, at most in proportion.",
  ),
});

const layers = z.union([
  mapping({
    mode: words("even", "linear").default("even").describe(
      "even: every block but the first has `step` layers. linear: block i has step · (i − 1) + 1.",
    ),
    blocks: whole(1, LIMITS.blocks).describe("Number of blocks, and so of exits: one follows each."),
    base: whole(1, LIMITS.layers).default(4).describe("Layers of the first block. Default: 4."),
    step: whole(1, LIMITS.layers).default(1).describe(
      "Layers of the other blocks, or how many more in each. Default: 1.",
    ),
  }),
  list(whole(1, LIMITS.layers), 1, LIMITS.blocks, "numbers of layers"),
], { error: "a mapping with the keys mode, blocks, base, step, or a list of layers per block" });

/** The document's schema; every default that depends on no other key is in it. */
export const msdnetSchema = mapping({
  family: z.literal("msdnet").describe(FAMILY),
  ...FIRST_KEYS,
  scales: list(scaleEntry, 1, LIMITS.scales, "scales").describe(
    "Resolutions at which features are kept side by side, coarsest first. Exits read the first one.",
  ),
  channels: whole(1, LIMITS.channels).describe(
    "Base channels: each scale starts with this many times its growth factor. Cost of early layers grows with it.",
  ),
  growth: whole(1, LIMITS.channels).default(6).describe(
    "Channels that each layer adds to a scale, times its growth factor. Default: 6. Cost grows with up to its square.",
  ),
  layers: layers.describe(
    "Layers per block: a rule, or a list with one number per block. An exit follows each. Cost grows faster than they do, " +
      "since each layer reads all before it.",
  ),
  prune: z.union([
    words("max", "min"),
    list(whole(1, LIMITS.scales), 1, LIMITS.depth, "numbers of scales"),
  ], { error: "max, min, or a list of scales per layer" }).default("max").describe(
    "When the finest scale is dropped. max (default): at equal distances through the network, with a transition each " +
      "time. min: in the last layers, as few as the exit needs, with transitions at a third and two thirds. Or a list: how " +
      "many scales, the coarsest ones, each layer of the whole network puts out, with a transition where it falls. " +
      "Dropping early is cheaper.",
  ),
  reduction: real(0, 1).default(0.5).describe(
    "Share of the channels that a transition keeps; 0 for no transitions. Default: 0.5. Smaller is cheaper.",
  ),
  ...LAST_KEYS,
}).meta({ title: "MSDNet architecture" });

/** A document that has the right shape, with its own defaults filled in. */
export type MsdnetDocument = z.infer<typeof msdnetSchema>;
