/**
 * Keys that specs of all families have: what each may hold, and what an editor says about it.
 *
 * @module
 */

import * as z from "zod";
import type { Activation } from "../network/activation.ts";
import { list, mapping, name, real, schemaKey, text, whole, words } from "../yaml/fields.ts";
import type { LABELS } from "./labels.ts";
import { LIMITS } from "./limits.ts";

const perChannel = (min: number) => list(real(min, 1), 1, LIMITS.inputChannels, "numbers, one per channel");

/** A square's side, or height and width. */
const sides = (max: number) =>
  z.union([whole(5, max), list(whole(5, max), 2, 2, "sides")], {
    error: `a whole number from 5 to ${max}, or a list of two, [height, width]`,
  });

const input = mapping({
  size: sides(LIMITS.size).optional().describe(
    "Side of a square input in pixels, or [height, width]. Default: 32, or 224 with stem conv7x7-pool. " +
      "Cost grows with the number of pixels.",
  ),
  channels: whole(1, LIMITS.inputChannels).optional().describe(
    "3 (default): red, green and blue. 1: grey, to which images are converted. Others: bands of arrays, one " +
      ".npy or TIFF file per sample. Only the first layer's cost grows with it.",
  ),
  resize: sides(2 * LIMITS.size).optional().describe(
    "The shorter side of an image is resized to this, then `size` is cropped from the centre. [height, width]: the image " +
      "is resized to just cover both. " +
      "Default: size, or size · 256/224 with stem conv7x7-pool. Costs nothing in the network.",
  ),
  mean: perChannel(0).optional().describe(
    "Mean of each channel over [0, 1], subtracted. Must be what the weights were trained with. " +
      "Default: CIFAR-10's, or ImageNet's with stem conv7x7-pool; 0.5 unless there are 3 channels.",
  ),
  std: perChannel(0.001).optional().describe(
    "Standard deviation of each channel, divided by. Must be what the weights were trained with. " +
      "Default: CIFAR-10's, or ImageNet's with stem conv7x7-pool; 0.5 unless there are 3 channels.",
  ),
});

const KERNELS = [1, 3, 5, 7, 9, 11];

const ownStem = mapping({
  kernel: z.literal(KERNELS, { error: "1, 3, 5, 7, 9 or 11" }).default(3).describe(
    "Height and width of the convolution's kernel: 1, 3, 5, 7, 9 or 11. Default: 3. Its cost grows with the square.",
  ),
  stride: whole(1, 4).default(1).describe(
    "Step of the convolution: 2 halves the resolution, which makes all that follows four times cheaper. Default: 1.",
  ),
  channels: whole(1, LIMITS.channels).optional().describe(
    "Channels of the convolution. Where they are not those of the finest base feature, another 3×3 convolution makes " +
      "that one. Default: the finest base feature's.",
  ),
  pool: z.boolean({ error: "true or false" }).default(false).describe(
    "Whether a 3×3 max-pool of stride 2 follows: all that follows is four times cheaper. Default: false.",
  ),
});

const head = mapping({
  channels: z.union([z.literal("input"), whole(1, LIMITS.channels)], {
    error: `input, or a whole number from 1 to ${LIMITS.channels}`,
  }).optional().describe(
    "Channels of the two convolutions, or `input`: as many as the features that the exit reads. Default: 128, or " +
      "`input` with stem conv7x7-pool.",
  ),
  pool: z.literal(["all", 2], { error: "all or 2" }).optional().describe(
    "What is averaged of the pixels that the convolutions leave: all (default), or 2: the 2×2 at the top left, as the " +
      "authors' code does; that sees all of 5×5 to 8×8 features alone. Costs next to nothing.",
  ),
  depthwise: z.boolean({ error: "true or false" }).optional().describe(
    "Whether the two convolutions are depthwise 3×3 ones, each with a 1×1 one behind it: up to nine times cheaper. Default: " +
      "false.",
  ),
});

const DENSE_KERNELS = [3, 5, 7];

/** What dense layers are made of: `default` says where a value comes from that is not given, `of` which layers they are. */
export const denseKeys = ({ of, default: otherwise }: { of: string; default?: string }) => ({
  depthwise: z.boolean({ error: "true or false" }).optional().describe(
    `Whether ${of} have a depthwise k×k convolution and a 1×1 one behind it, as in MobileNet and EfficientNet, in place of ` +
      "one k×k convolution: for n new channels, k² + n operations per inner channel and pixel in place of k² · n, so that " +
      `bottleneck may be larger. Default: ${otherwise ?? "false"}.`,
  ),
  kernel: z.literal(DENSE_KERNELS, { error: "3, 5 or 7" }).optional().describe(
    `Height and width of the k×k convolutions of ${of}: 3, 5 or 7. Their cost grows with the square, which is little if ` +
      `they are depthwise. Default: ${otherwise ?? "3"}.`,
  ),
  se_ratio: real(0, 1).optional().describe(
    `Squeeze-and-excitation in ${of}: each channel that the last convolution reads is multiplied by a gate, made of the ` +
      "means of all those channels by two linear layers; this is the size of the layer between them, as a share of those " +
      `channels (0.25 in MobileNetV3). Costs about two operations per gated number. Default: ${
        otherwise ?? "0, none"
      }.`,
  ),
});

/** How coarse a scale is, as a share of the finest. */
export const scale = (max: number) => {
  const halvings = Array.from({ length: max - 1 }, (_, i) => 2 ** (i + 1));
  return z.literal([1, "1", ...halvings.map((n) => `1/${n}`), ...halvings.map((n) => 1 / n)], {
    error: `1, 1/2, 1/4, … or 1/${halvings.at(-1)}`,
  });
};

/** What says which kind of network it is; each family takes its own word of it. */
export const FAMILY = "Which kind of network. Default: ranet.";

/** Keys that come first. */
export const FIRST_KEYS = {
  $schema: schemaKey,
  name: name.describe("Name, as in file names: lower-case letters, digits and single hyphens."),
  input: input.optional().describe("How images become input tensors. Default: as for CIFAR-10, or ImageNet's by stem."),
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
    "Labels in the order of the logits; or their number (then labelled 0, 1, 2, …); or cifar10, cifar100 or imagenet " +
      "for the usual ones. Next to no cost.",
  ),
  stem: z.union([words("conv3x3", "conv7x7-pool"), ownStem], {
    error: "conv3x3, conv7x7-pool, or a mapping with the keys kernel, stride, channels, pool",
  }).default("conv3x3").describe(
    "The first layer. conv3x3 keeps the resolution (CIFAR); conv7x7-pool quarters it by a strided convolution and a " +
      "max-pool (ImageNet), which makes all that follows 16 times cheaper; or one of your own. Default: conv3x3.",
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
    "Whether an exit's logits are its own plus `reweight` times those of the exit before it, which training holds constant " +
      "(Yu et al., AAAI 2023): each exit learns what the ones before it got wrong. Default: false. Costs one operation " +
      "for each class.",
  ),
  reweight: real(0, LIMITS.reweight).optional().describe(
    "What boosted exits multiply the logits of the exit before by. Default: 0.5. Costs nothing more.",
  ),
});

/** Keys that come last. */
export const LAST_KEYS = {
  exits: z.union([...exitBlocks, boostedExits], {
    error: "auto, all, a list of block numbers, or a mapping with the keys blocks, boosted, reweight",
  }).default("auto").describe(
    "Which blocks end in an exit. auto (default): blocks of a RANet that are not fusion blocks, all blocks of an MSDNet. all: " +
      "fusion blocks too. Or a list: blocks' numbers, counted from 1 through the whole network in order of execution. " +
      "Each exit adds its head to the cost of all later ones. Or a mapping: `blocks`, any of these; `boosted: true` makes " +
      "an exit's logits its own plus `reweight` times those of the exit before it.",
  ),
  head: z.union([head, list(head, 1, LIMITS.blocksInAll, "heads, one per exit")], {
    error: "a mapping with the keys channels, pool, depthwise, or a list of them, one per exit",
  }).optional().describe(
    "Inner size of the exits: of all, or a list with one entry per exit. Default: 128 channels, or `input` with stem " +
      "conv7x7-pool. Its own cost grows with up to its square.",
  ),
  ...denseKeys({ of: "dense layers" }),
  activation: words("relu", "hard-swish", "silu").default("relu").describe(
    "What every convolution ends in: relu (default), hard-swish or silu. All count as one operation; hard-swish and silu " +
      "take longer, silu most.",
  ),
  dropout: real(0, 0.9).default(0).describe(
    "Probability with which training leaves out a channel of what an exit's linear layer reads. Default: 0. Costs nothing: " +
      "it is for training alone.",
  ),
};

/** Which blocks end in an exit. */
export type ExitBlocks = "auto" | "all" | readonly number[];

/** Those keys in a document that has the right shape. */
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
