/**
 * The shape of a spec's YAML document: which keys there are, what each may hold, and what an editor says about it.
 * What keys ask of each other is for `resolve.ts`.
 *
 * @module
 */

import * as z from "zod";
import { list, mapping, name, real, text, whole, words } from "../yaml/fields.ts";
import { LIMITS } from "./limits.ts";

const rgb = (min: number) => list(real(min, 1), 3, 3, "numbers: red, green, blue");

const input = mapping({
  size: whole(5, LIMITS.size).optional().describe(
    "Height and width of the input, in pixels. Default: 32, or 224 with stem conv7x7-pool. " +
      "Cost grows with its square.",
  ),
  resize: whole(5, 2 * LIMITS.size).optional().describe(
    "The shorter side of an image is resized to this, then `size` is cropped from the centre. " +
      "Default: size, or size · 256/224 with stem conv7x7-pool. Costs nothing in the network.",
  ),
  mean: rgb(0).optional().describe(
    "Mean of red, green and blue over [0, 1], subtracted. Must be what the weights were trained with. " +
      "Default: CIFAR-10's, or ImageNet's with stem conv7x7-pool.",
  ),
  std: rgb(0.001).optional().describe(
    "Standard deviation of red, green and blue, divided by. Must be what the weights were trained with. " +
      "Default: CIFAR-10's, or ImageNet's with stem conv7x7-pool.",
  ),
});

const halvings = Array.from({ length: LIMITS.subnetworks - 1 }, (_, i) => 2 ** (i + 1));

const baseFeature = mapping({
  scale: z.literal([1, "1", ...halvings.map((n) => `1/${n}`), ...halvings.map((n) => 1 / n)], {
    error: `1, 1/2, 1/4, … or 1/${halvings.at(-1)}`,
  }).describe(
    "Resolution, as a share of the finest: 1, 1/2, 1/4, … The last base feature has 1; each other has the scale of " +
      "the next or half of it. Halving it makes its layers four times cheaper.",
  ),
  channels: whole(1, LIMITS.channels).describe(
    "Channels of this base feature. Coarser ones usually have more. Cost of the layers that read it grows with it.",
  ),
});

const fusion = words("up-conv", "down-conv");

const subnetwork = mapping({
  blocks: whole(1, LIMITS.blocks).optional().describe(
    "Number of blocks. The first ones, as many as the sub-network before has, are fusion blocks; each of the others " +
      "ends in an exit, the last sub-network in at least one. Default: 2 more than the sub-network before.",
  ),
  growth: whole(1, LIMITS.channels).optional().describe(
    "Channels that each dense layer adds. Default: 6 · this base feature's channels / the finest one's. " +
      "Cost grows with up to its square.",
  ),
  bottleneck: whole(1, LIMITS.bottleneck).optional().describe(
    "A layer's 1×1 convolution leaves at most this many times its output channels for the 3×3 one. " +
      "Default: this base feature's channels / the finest one's. Cost grows with it, at most in proportion.",
  ),
  fusion: z.union([z.enum(["auto", ...fusion.options]), list(fusion, 0, LIMITS.blocks, "fusion kinds")], {
    error: "auto, up-conv, down-conv, or a list of up-conv and down-conv",
  }).default("auto").describe(
    "How fusion blocks treat their resolution: up-conv keeps it, down-conv halves it at the block's end, which makes " +
      "the blocks that follow four times cheaper. auto (default): the authors' rule; one kind for all; or a list with " +
      "one kind per fusion block (as many as the sub-network before has blocks).",
  ),
  transitions: z.union([
    z.literal("auto"),
    list(whole(1, LIMITS.blocks), 0, LIMITS.blocks, "block numbers"),
  ], { error: "auto, or a list of block numbers" }).default("auto").describe(
    "Blocks, counted from 1, that end by reducing their channels (see reduction), which makes the blocks " +
      "that follow cheaper. auto (default): the authors' rule; [] for none.",
  ),
});

const layers = z.union([
  mapping({
    mode: words("even", "lengthen").default("even").describe(
      "even: every block has `step` layers. lengthen: block j has j · step layers.",
    ),
    step: whole(1, LIMITS.layers).default(4).describe("Layers per block, or how many more in each block. Default: 4."),
  }),
  list(whole(1, LIMITS.layers), 1, LIMITS.blocks, "numbers of layers"),
], { error: "a mapping with the keys mode, step, or a list of layers per block" });

/** The document's schema; every default that depends on no other key is in it. */
export const specSchema = mapping({
  name: name.describe("Name, as in file names: lower-case letters, digits and single hyphens."),
  input: input.optional().describe("How images become input tensors. Default: as for CIFAR-10, or ImageNet's by stem."),
  classes: z.union([
    whole(2, LIMITS.classes),
    list(
      // deno-lint-ignore no-control-regex
      text(/^[^\u0000-\u001f\u007f-\u009f]{1,200}$/, "a label of 1 to 200 characters, in quotes if it is a number"),
      2,
      LIMITS.classes,
      "labels",
    ),
  ], { error: `a list of labels, or their number from 2 to ${LIMITS.classes}` }).describe(
    "Labels in the order of the logits, or their number (then labelled 0, 1, 2, …). Next to no cost.",
  ),
  stem: words("conv3x3", "conv7x7-pool").default("conv3x3").describe(
    "The first layer. conv3x3 keeps the resolution (CIFAR); conv7x7-pool quarters it by a strided convolution and a " +
      "max-pool (ImageNet), which makes all that follows 16 times cheaper. Default: conv3x3.",
  ),
  base_features: list(baseFeature, 1, LIMITS.subnetworks, "base features").describe(
    "Features that the initial network makes, coarsest first. All are computed before the first exit.",
  ),
  subnetworks: list(subnetwork, 1, LIMITS.subnetworks, "sub-networks").optional().describe(
    "Sub-networks, one per base feature, coarsest first. Default: 2, 4, 6, … blocks, everything else by default.",
  ),
  layers: layers.default({ mode: "even", step: 4 }).describe(
    "Dense layers per block, the same in every sub-network: a rule, or a list with one number per block of the last " +
      "sub-network. Default: 4 in every block. Cost grows about in proportion.",
  ),
  compress: z.number({ error: "a number above 0 and below 1" })
    .gt(0, { error: "a number above 0 and below 1" })
    .lt(1, { error: "a number above 0 and below 1" })
    .default(0.25)
    .describe(
      "Share of a fusion block's new channels that comes from the coarser sub-network. Default: 0.25. " +
        "Larger makes more of what is computed already, and costs more: the block is widened by that share at its end.",
    ),
  reduction: z.number({ error: "a number above 0, at most 1" })
    .gt(0, { error: "a number above 0, at most 1" })
    .max(1, { error: "a number above 0, at most 1" })
    .default(0.5)
    .describe("Share of the channels that a transition keeps. Default: 0.5. Smaller is cheaper."),
  head: mapping({
    channels: z.union([z.literal("input"), whole(1, LIMITS.channels)], {
      error: `input, or a whole number from 1 to ${LIMITS.channels}`,
    }).describe("Channels of the two convolutions, or `input`: as many as the features that the exit reads."),
  }).optional().describe(
    "Inner size of every exit. Default: 128 channels, or `input` with stem conv7x7-pool. " +
      "Its own cost grows with up to its square.",
  ),
}).meta({ title: "RANet architecture" });

/** A document that has the right shape, with its own defaults filled in. */
export type SpecDocument = z.infer<typeof specSchema>;
