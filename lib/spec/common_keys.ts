/**
 * Keys that specs of all families have: their values, and the descriptions that editors show.
 *
 * @module
 */

import * as z from "zod";
import type { Activation } from "../network/activation.ts";
import { list, mapping, name, real, schemaKey, text, whole, words } from "../yaml/fields.ts";
import type { LABELS } from "./labels.ts";
import { LIMITS } from "./limits.ts";

const perChannel = (min: number) => list(real(min, 1), 1, LIMITS.inputChannels, "numbers, one per channel");

/** The side of a square, or height and width. */
const sides = (max: number) =>
  z.union([whole(5, max), list(whole(5, max), 2, 2, "sides")], {
    error: `a whole number from 5 to ${max}, or a list of two, [height, width]`,
  });

const input = mapping({
  size: sides(LIMITS.size).optional().describe(
    "Side of a square input in pixels, or [height, width]. Default: 32, or 224 with stem conv7x7-pool. " +
      "The cost is proportional to the number of pixels.",
  ),
  channels: whole(1, LIMITS.inputChannels).optional().describe(
    "3 (default): red, green and blue. 1: images are converted to grey. Other numbers: bands of arrays, one " +
      ".npy or TIFF file per sample. Affects only the cost of the first layer.",
  ),
  resize: sides(2 * LIMITS.size).optional().describe(
    "The shorter side of an image is resized to this, then `size` is cropped from the centre. [height, width]: the " +
      "image is resized to cover both. Default: size, or size · 256/224 with stem conv7x7-pool. No effect on the " +
      "cost of the network.",
  ),
  mean: perChannel(0).optional().describe(
    "Mean of each channel on a scale of [0, 1], which is subtracted. Must be the same as in training. " +
      "Default: CIFAR-10's, or ImageNet's with stem conv7x7-pool; 0.5 unless there are 3 channels.",
  ),
  std: perChannel(0.001).optional().describe(
    "Standard deviation of each channel, by which values are divided. Must be the same as in training. " +
      "Default: CIFAR-10's, or ImageNet's with stem conv7x7-pool; 0.5 unless there are 3 channels.",
  ),
});

const KERNELS = [1, 3, 5, 7, 9, 11];

const ownStem = mapping({
  kernel: z.literal(KERNELS, { error: "1, 3, 5, 7, 9 or 11" }).default(3).describe(
    "Size of the convolution's kernel: 1, 3, 5, 7, 9 or 11. Default: 3. The cost of this layer grows with its square.",
  ),
  stride: whole(1, 4).default(1).describe(
    "Stride of the convolution. 2 halves the resolution, which makes all later layers four times cheaper. Default: 1.",
  ),
  channels: whole(1, LIMITS.channels).optional().describe(
    "Number of channels of the convolution. If it differs from the finest base feature's, another 3×3 convolution " +
      "follows that computes the base feature. Default: that of the finest base feature.",
  ),
  pool: z.boolean({ error: "true or false" }).default(false).describe(
    "Whether a 3×3 max-pool with stride 2 follows, which makes all later layers four times cheaper. Default: false.",
  ),
});

const head = mapping({
  channels: z.union([z.literal("input"), whole(1, LIMITS.channels)], {
    error: `input, or a whole number from 1 to ${LIMITS.channels}`,
  }).optional().describe(
    "Number of channels of the two convolutions, or `input`: that of the features that the exit reads. Default: 128, " +
      "or `input` with stem conv7x7-pool.",
  ),
  pool: z.literal(["all", 2], { error: "all or 2" }).optional().describe(
    "Which pixels are averaged after the convolutions: all (default), or 2: only the 2×2 at the top left, as in the " +
      "authors' code; those are all pixels only if the exit reads features of 5×5 to 8×8. The cost is negligible.",
  ),
  depthwise: z.boolean({ error: "true or false" }).optional().describe(
    "Whether the two convolutions are depthwise 3×3 ones, each followed by a 1×1 one: up to nine times cheaper. " +
      "Default: false.",
  ),
});

const DENSE_KERNELS = [3, 5, 7];

/** Keys of dense layers. `of`: which layers, in words; `default`: the origin of a missing value, in words. */
export const denseKeys = ({ of, default: otherwise }: { of: string; default?: string }) => ({
  depthwise: z.boolean({ error: "true or false" }).optional().describe(
    `Whether ${of} have a depthwise k×k convolution followed by a 1×1 one, as in MobileNet and EfficientNet, instead ` +
      "of one k×k convolution: for n new channels, k² + n operations per inner channel and pixel instead of k² · n, " +
      `so that bottleneck may be larger. Default: ${otherwise ?? "false"}.`,
  ),
  kernel: z.literal(DENSE_KERNELS, { error: "3, 5 or 7" }).optional().describe(
    `Kernel size of the k×k convolutions of ${of}: 3, 5 or 7. Their cost grows with its square, which is small if ` +
      `they are depthwise. Default: ${otherwise ?? "3"}.`,
  ),
  se_ratio: real(0, 1).optional().describe(
    `Squeeze-and-excitation in ${of}: each input channel of the last convolution is multiplied by a gate, which two ` +
      "linear layers compute from the means of all these channels. The value is the size of the hidden layer as a " +
      "share of these channels (0.25 in MobileNetV3). The cost is about two operations per gated value. Default: " +
      `${otherwise ?? "0, none"}.`,
  ),
});

/** A scale, as a share of the finest. */
export const scale = (max: number) => {
  const halvings = Array.from({ length: max - 1 }, (_, i) => 2 ** (i + 1));
  return z.literal([1, "1", ...halvings.map((n) => `1/${n}`), ...halvings.map((n) => 1 / n)], {
    error: `1, 1/2, 1/4, … or 1/${halvings.at(-1)}`,
  });
};

/** Description of the key `family`. Each family accepts only its own name. */
export const FAMILY = "Kind of network. Default: ranet.";

/** Keys that come first. */
export const FIRST_KEYS = {
  $schema: schemaKey,
  name: name.describe("Name, usable as a file name: lower-case letters, digits and single hyphens."),
  input: input.optional().describe(
    "How images become input tensors. Default: as for CIFAR-10 or ImageNet, depending on the stem.",
  ),
  classes: z.union([
    whole(2, LIMITS.classes),
    words("cifar10", "cifar100", "imagenet"),
    list(
      // deno-lint-ignore no-control-regex
      text(/^[^\u0000-\u001f\u007f-\u009f]{1,200}$/u, "a label of 1 to 200 characters, in quotes if it is a number"),
      2,
      LIMITS.classes,
      "labels",
    ),
  ], { error: `a list of labels, their number from 2 to ${LIMITS.classes}, or cifar10, cifar100, imagenet` }).describe(
    "Labels in the order of the logits; or the number of classes (labelled 0, 1, 2, …); or cifar10, cifar100 or " +
      "imagenet for the labels of these data sets. The effect on the cost is negligible.",
  ),
  stem: z.union([words("conv3x3", "conv7x7-pool"), ownStem], {
    error: "conv3x3, conv7x7-pool, or a mapping with the keys kernel, stride, channels, pool",
  }).default("conv3x3").describe(
    "The first layer. conv3x3 keeps the resolution (CIFAR); conv7x7-pool quarters it by a strided convolution and a " +
      "max-pool (ImageNet), which makes all later layers 16 times cheaper. Or a custom one. Default: conv3x3.",
  ),
};

const exitBlocks = [
  words("auto", "all"),
  list(whole(1, LIMITS.blocksInAll), 1, LIMITS.blocksInAll, "block numbers"),
] as const;

const boostedExits = mapping({
  blocks: z.union(exitBlocks, { error: "auto, all, or a list of block numbers" }).default("auto").describe(
    "Which blocks end in an exit: auto (default), all, or a list of block numbers.",
  ),
  boosted: z.boolean({ error: "true or false" }).default(false).describe(
    "Whether `reweight` times the logits of the previous exit, which training treats as constant, are added to its " +
      "own (Yu et al., AAAI 2023), so that each exit learns to correct the previous ones. Default: false. The cost " +
      "is one operation per class.",
  ),
  reweight: real(0, LIMITS.reweight).optional().describe(
    "Factor for the logits of the previous exit. Default: 0.5. No effect on the cost.",
  ),
});

/** Keys that come last. */
export const LAST_KEYS = {
  exits: z.union([...exitBlocks, boostedExits], {
    error: "auto, all, a list of block numbers, or a mapping with the keys blocks, boosted, reweight",
  }).default("auto").describe(
    "Which blocks end in an exit. auto (default): blocks of a RANet that are not fusion blocks, all blocks of an " +
      "MSDNet. all: fusion blocks too. Or a list of block numbers, counted from 1 through the whole network in order " +
      "of execution. Each exit adds its head to the cost of all later ones. Or a mapping: `blocks` is one of these; " +
      "`boosted: true` adds `reweight` times the logits of the previous exit to an exit's.",
  ),
  head: z.union([head, list(head, 1, LIMITS.blocksInAll, "heads, one per exit")], {
    error: "a mapping with the keys channels, pool, depthwise, or a list of them, one per exit",
  }).optional().describe(
    "Settings of the exits' heads: for all, or a list with one entry per exit. Default: 128 channels, or `input` " +
      "with stem conv7x7-pool. The cost of a head grows with up to the square of its channels.",
  ),
  ...denseKeys({ of: "dense layers" }),
  activation: words("relu", "hard-swish", "silu").default("relu").describe(
    "Activation of every convolution: relu (default), hard-swish or silu. All count as one operation; hard-swish and " +
      "silu take longer, silu the longest.",
  ),
  dropout: real(0, 0.9).default(0).describe(
    "Dropout probability of the channels that an exit's linear layer reads. Default: 0. No effect on the cost, " +
      "because it is only used in training.",
  ),
};

/** Value of the key that selects the blocks with an exit. */
export type ExitBlocks = "auto" | "all" | readonly number[];

/** The common keys in a document of valid shape. */
export interface CommonDocument {
  readonly name: string;
  readonly input?: z.infer<typeof input>;
  readonly classes: number | keyof typeof LABELS | readonly string[];
  readonly stem: "conv3x3" | "conv7x7-pool" | z.infer<typeof ownStem>;
  readonly exits: ExitBlocks | z.infer<typeof boostedExits>;
  readonly activation: Exclude<Activation, "none">;
  readonly dropout: number;
  readonly depthwise?: boolean;
  readonly kernel?: number;
  readonly se_ratio?: number;
  readonly head?: z.infer<typeof head> | readonly z.infer<typeof head>[];
}
