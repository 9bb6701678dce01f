/**
 * Keys that specs of all families have: what each may hold, and what an editor says about it.
 *
 * @module
 */

import * as z from "zod";
import type { Stem } from "../network/common.ts";
import { list, mapping, name, real, schemaKey, text, whole, words } from "../yaml/fields.ts";
import type { LABELS } from "./labels.ts";
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

/** How coarse a scale is, as a share of the finest. */
export const scale = (max: number) => {
  const halvings = Array.from({ length: max - 1 }, (_, i) => 2 ** (i + 1));
  return z.literal([1, "1", ...halvings.map((n) => `1/${n}`), ...halvings.map((n) => 1 / n)], {
    error: `1, 1/2, 1/4, … or 1/${halvings.at(-1)}`,
  });
};

/** What says which kind of network it is; each family takes its own word of it. */
export const FAMILY = "Which kind of network: ranet (default) or msdnet.";

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
  stem: words("conv3x3", "conv7x7-pool").default("conv3x3").describe(
    "The first layer. conv3x3 keeps the resolution (CIFAR); conv7x7-pool quarters it by a strided convolution and a " +
      "max-pool (ImageNet), which makes all that follows 16 times cheaper. Default: conv3x3.",
  ),
};

/** Keys that come last. */
export const LAST_KEYS = {
  head: mapping({
    channels: z.union([z.literal("input"), whole(1, LIMITS.channels)], {
      error: `input, or a whole number from 1 to ${LIMITS.channels}`,
    }).describe("Channels of the two convolutions, or `input`: as many as the features that the exit reads."),
  }).optional().describe(
    "Inner size of every exit. Default: 128 channels, or `input` with stem conv7x7-pool. " +
      "Its own cost grows with up to its square.",
  ),
};

/** Those keys in a document that has the right shape. */
export interface CommonDocument {
  readonly name: string;
  readonly input?: z.infer<typeof input>;
  readonly classes: number | keyof typeof LABELS | readonly string[];
  readonly stem: Stem;
  readonly head?: { readonly channels: number | "input" };
}
