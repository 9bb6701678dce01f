/**
 * Schema of an MSDNet's YAML document: its keys, their values, and the descriptions that editors show. `resolve.ts`
 * checks rules between keys.
 *
 * @module
 */

import * as z from "zod";
import { list, mapping, real, whole, words } from "../../yaml/fields.ts";
import { FAMILY, FIRST_KEYS, LAST_KEYS, scale } from "../common_keys.ts";
import { LIMITS } from "../limits.ts";

const scaleEntry = mapping({
  scale: scale(LIMITS.scales).describe(
    "Resolution as a share of the finest: 1 for the last scale, and half of the next for each other.",
  ),
  growth_factor: whole(1, LIMITS.growthFactor).describe(
    "Base channels and growth at this scale, as a multiple of `channels` and `growth`. Coarser ones usually have " +
      "more. The cost of this scale grows with up to its square.",
  ),
  bottleneck: whole(1, LIMITS.bottleneck).describe(
    "Upper limit of the channels after the 1×1 convolution of a layer that reads this scale, as a multiple of the " +
      "channels that the layer adds. The cost grows at most in proportion.",
  ),
});

const layers = z.union([
  mapping({
    mode: words("even", "linear").default("even").describe(
      "even: every block but the first has `step` layers. linear: block i has step · (i − 1) + 1.",
    ),
    blocks: whole(1, LIMITS.blocks).describe("Number of blocks. An exit follows each."),
    base: whole(1, LIMITS.layers).default(4).describe("Number of layers of the first block. Default: 4."),
    step: whole(1, LIMITS.layers).default(1).describe(
      "Number of layers of the other blocks, or the increase per block. Default: 1.",
    ),
  }),
  list(whole(1, LIMITS.layers), 1, LIMITS.blocks, "numbers of layers"),
], { error: "a mapping with the keys mode, blocks, base, step, or a list of layers per block" });

/** The document's schema, with all defaults that do not depend on other keys. */
export const msdnetSchema = mapping({
  family: z.literal("msdnet").describe(FAMILY),
  ...FIRST_KEYS,
  scales: list(scaleEntry, 1, LIMITS.scales, "scales").describe(
    "Resolutions at which features are computed in parallel, coarsest first. Exits read the first one.",
  ),
  channels: whole(1, LIMITS.channels).describe(
    "Base channels: each scale starts with this number times its growth factor. The cost of early layers grows with " +
      "it.",
  ),
  growth: whole(1, LIMITS.channels).default(6).describe(
    "Number of channels that each layer adds to a scale with growth factor 1. Default: 6. The cost grows with up to " +
      "its square.",
  ),
  layers: layers.describe(
    "Layers per block: a rule, or a list with one number per block. An exit follows each block. The cost grows " +
      "faster than the number of layers, because each layer reads all previous ones.",
  ),
  prune: z.union([
    words("max", "min"),
    list(whole(1, LIMITS.scales), 1, LIMITS.depth, "numbers of scales"),
  ], { error: "max, min, or a list of scales per layer" }).default("max").describe(
    "When the finest remaining scale is dropped. max (default): at equal distances through the network, each time " +
      "with a transition. min: only in the last layers, which compute only what the last exit needs; transitions are " +
      "at one and two thirds. Or a list: how many of the coarsest scales each layer of the whole network computes, " +
      "with a transition wherever the number falls. Dropping scales earlier is cheaper.",
  ),
  reduction: real(0, 1).default(0.5).describe(
    "Share of channels that a transition keeps; 0 for no transitions. Default: 0.5. Smaller values are cheaper.",
  ),
  ...LAST_KEYS,
}).meta({ title: "MSDNet architecture" });

/** A document of valid shape, with defaults filled in. */
export type MsdnetDocument = z.infer<typeof msdnetSchema>;
