/**
 * Schema of a RANet's YAML document: its keys, their values, and the descriptions that editors show. `resolve.ts`
 * checks rules between keys.
 *
 * @module
 */

import * as z from "zod";
import { above, list, mapping, real, whole, words } from "../../yaml/fields.ts";
import { denseKeys, FAMILY, FIRST_KEYS, LAST_KEYS, scale } from "../common_keys.ts";
import { LIMITS } from "../limits.ts";

const baseFeature = mapping({
  scale: scale(LIMITS.subnetworks).describe(
    "Resolution as a share of the finest: 1, 1/2, 1/4, … The last base feature has 1; each other one has the scale " +
      "of the next or half of it. Halving it makes the layers at this scale four times cheaper.",
  ),
  channels: whole(1, LIMITS.channels).describe(
    "Number of channels of this base feature. Coarser ones usually have more. The cost of the layers that read it " +
      "grows with it.",
  ),
});

const fusion = words("up-conv", "down-conv", "none");

const perBlock = <Item extends z.ZodType>(item: Item, of: string, error: string) =>
  z.union([item, list(item, 1, LIMITS.blocks, of)], { error: `${error}, or a list of them` });

const compress = real(0, 1);
const reduction = above(0, 1);
const layerCount = whole(1, LIMITS.layers);

const subnetwork = mapping({
  blocks: whole(1, LIMITS.blocks).optional().describe(
    "Number of blocks. The first ones, as many as the previous sub-network has, are fusion blocks. Each of the " +
      "others ends in an exit; the last sub-network needs at least one. Default: 2 more than the previous " +
      "sub-network.",
  ),
  growth: perBlock(
    whole(1, LIMITS.channels),
    "numbers of channels, one per block",
    `a whole number from 1 to ${LIMITS.channels}`,
  ).optional().describe(
    "Number of channels that each dense layer adds: one for all blocks, or a list with one per block. Default: 6 · " +
      "this base feature's channels / the finest one's. The cost grows with up to its square.",
  ),
  bottleneck: whole(1, LIMITS.bottleneck).optional().describe(
    "Upper limit of the channels after a layer's 1×1 convolution, as a multiple of the channels that the layer adds. " +
      "Default: this base feature's channels / the finest one's. The cost grows at most in proportion.",
  ),
  fusion: z.union([z.enum(["auto", ...fusion.options]), list(fusion, 0, LIMITS.blocks, "fusion kinds")], {
    error: "auto, up-conv, down-conv, none, or a list of up-conv, down-conv and none",
  }).default("auto").describe(
    "Kind of the fusion blocks: up-conv keeps the resolution; down-conv halves it at the end of the block, which " +
      "makes later blocks four times cheaper; none keeps it and does not use the previous sub-network, which is also " +
      "cheaper. auto (default): the authors' rule. Or one kind for all, or a list with one kind per fusion block (as " +
      "many as the previous sub-network has blocks).",
  ),
  transitions: z.union([
    z.literal("auto"),
    list(whole(1, LIMITS.blocks), 0, LIMITS.blocks, "block numbers"),
  ], { error: "auto, or a list of block numbers" }).default("auto").describe(
    "Blocks, counted from 1, that end in a transition, which reduces the number of channels (see reduction) and " +
      "makes later blocks cheaper. auto (default): the authors' rule; [] for none.",
  ),
  layers: perBlock(layerCount, "numbers of layers, one per block", `a whole number from 1 to ${LIMITS.layers}`)
    .optional()
    .describe(
      "Number of dense layers: one for all blocks, or a list with one per block. If a fusion block has more than the " +
        "block that it fuses, its later layers read the last layer of that block. Default: the network's. The cost " +
        "grows about in proportion.",
    ),
  compress: perBlock(compress, "shares, one per fusion block", "a number from 0 to 1").optional().describe(
    "Value of compress for this sub-network: one for all fusion blocks, or a list with one per fusion block. " +
      "Default: the network's.",
  ),
  reduction: perBlock(reduction, "shares, one per block", "a number above 0, at most 1").optional().describe(
    "Value of reduction for this sub-network: one for all transitions, or a list with one per block. Default: the " +
      "network's.",
  ),
  ...denseKeys({ of: "its dense layers", default: "the network's" }),
});

const layers = z.union([
  mapping({
    mode: words("even", "lengthen").default("even").describe(
      "even: every block has `step` layers. lengthen: block j has j · step layers.",
    ),
    step: whole(1, LIMITS.layers).default(4).describe(
      "Number of layers per block, or the increase per block. Default: 4.",
    ),
  }),
  list(layerCount, 1, LIMITS.blocks, "numbers of layers"),
], { error: "a mapping with the keys mode, step, or a list of layers per block" });

/** The document's schema, with all defaults that do not depend on other keys. */
export const ranetSchema = mapping({
  family: z.literal("ranet").optional().describe(FAMILY),
  ...FIRST_KEYS,
  base_features: list(baseFeature, 1, LIMITS.subnetworks, "base features").describe(
    "Features that the initial network computes, coarsest first. All are computed before the first exit.",
  ),
  subnetworks: list(subnetwork, 1, LIMITS.subnetworks, "sub-networks").optional().describe(
    "Sub-networks, one per base feature, coarsest first. Default: 2, 4, 6, … blocks with the default settings.",
  ),
  layers: layers.default({ mode: "even", step: 4 }).describe(
    "Number of dense layers per block, the same in every sub-network: a rule, or a list with one number per block of " +
      "the last sub-network. Default: 4 in every block. The cost grows about in proportion.",
  ),
  compress: compress.default(0.25).describe(
    "Share of a fusion block's new channels that comes from the coarser sub-network. Default: 0.25. A larger share " +
      "uses more of the features computed already, but costs more, because the block is widened by that share at its " +
      "end. 0: no channels, and down-conv only halves the size; 1: all channels.",
  ),
  reduction: reduction.default(0.5).describe(
    "Share of channels that a transition keeps. Default: 0.5. Smaller values are cheaper.",
  ),
  ...LAST_KEYS,
}).meta({ title: "RANet architecture" });

/** A document of valid shape, with defaults filled in. */
export type RanetDocument = z.infer<typeof ranetSchema>;
