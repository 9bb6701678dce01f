/**
 * The schema of a recipe's YAML document: its keys, their values, and the descriptions that editors show. Defaults are
 * those with which the authors of RANet trained on CIFAR. Run as a script, this module writes
 * `recipes/recipe.schema.json`.
 *
 * @module
 */

import * as z from "zod";
import {
  above,
  jsonSchema,
  jsonSchemaText,
  list,
  mapping,
  name,
  real,
  schemaKey,
  whole,
  words,
} from "../yaml/fields.ts";

const optimizer = mapping({
  kind: words("sgd", "adamw").default("sgd").describe(
    "sgd: stochastic gradient descent; adamw: Adam with decoupled weight decay (Loshchilov and Hutter, ICLR 2019), for " +
      "rates of about 0.001 to 0.01. Both as PyTorch's. Default: sgd.",
  ),
  momentum: real(0, 0.9999).optional().describe(
    "Share of the previous step's change that is added. Default: 0.9. Only for sgd.",
  ),
  nesterov: z.boolean({ error: "true or false" }).optional().describe(
    "Nesterov's momentum: look ahead before each step. Default: false. Only for sgd.",
  ),
  betas: list(real(0, 0.999999), 2, 2, "shares, of the mean of gradients and of the mean of their squares").optional()
    .describe(
      "Shares of the means of gradients and of their squares that stay in a step. Default: [0.9, 0.999]. Only for adamw.",
    ),
  epsilon: above(0, 1).optional().describe(
    "Added to the root of the mean of squares. Default: 1e-8. Only for adamw.",
  ),
  weight_decay: real(0, 1).optional().describe(
    "Keeps parameters small. With sgd, times the parameter, added to its gradient; with adamw, times rate and parameter, " +
      "subtracted from it. Default: 0.0001, 0.01 with adamw.",
  ),
  decay: words("all", "weights").default("all").describe(
    "What decays: all parameters, as the authors do it, or only weights, not batch norm and biases. Default: all.",
  ),
});

const share = real(0, 1);

const schedule = mapping({
  kind: words("constant", "multistep", "cosine", "one-cycle").default("multistep").describe(
    "How the rate goes on. constant; multistep: times factor at each milestone; cosine: down to 0 along half a wave; " +
      "one-cycle: up during the warmup, then down to 0 in a straight line. Default: multistep.",
  ),
  rate: above(0, 100).default(0.1).describe("Learning rate, at its highest. Default: 0.1."),
  milestones: list(share, 0, 100, "shares of the run").optional().describe(
    "Where multistep lowers the rate, as shares of the run, ascending. Default: [0.5, 0.75]. Only for multistep.",
  ),
  factor: share.optional().describe(
    "What multistep multiplies the rate by at each milestone. Default: 0.1. Only for multistep.",
  ),
  warmup: share.optional().describe(
    "Share of the run in which the rate rises in a straight line. Default: 0, or 0.3 with one-cycle.",
  ),
});

const exitWeight = real(0, 1000);

const distillation = mapping({
  teacher: words("last-exit").default("last-exit").describe(
    "Who teaches: the last exit, which learns from labels alone. There is no other teacher.",
  ),
  weight: above(0, 1).default(0.5).describe(
    "Share of an earlier exit's loss that is distillation; the rest is cross-entropy. 0: no distillation. Default: 0.5.",
  ),
  temperature: real(0.1, 100).default(3).describe(
    "What logits of both are divided by: more shows more of how the teacher ranks wrong classes. Default: 3.",
  ),
});

const loss = mapping({
  exits: z.union([exitWeight, list(exitWeight, 1, 1000, "weights")], {
    error: "a weight for all exits, or a list with one per exit",
  }).default(1).describe(
    "Weight of each exit's cross-entropy in the loss: one for all, or one per exit; not 0 for all. Default: 1.",
  ),
  label_smoothing: real(0, 0.9).default(0).describe(
    "Share of the target that is spread over all classes. Default: 0.",
  ),
  distillation: distillation.optional().describe(
    "Earlier exits learn from the last one, too (Li et al., ICCV 2019): its probabilities at a temperature are their " +
      "targets. For networks of more than one exit. Default: none.",
  ),
});

const mix = mapping({
  kind: words("mixup", "cutmix").describe(
    "mixup: one image shines through another (ICLR 2018); cutmix: a box of one is put into another (ICCV 2019).",
  ),
  share: above(0, 1).default(0.5).describe("Share of the images that are mixed with another. Default: 0.5."),
  alpha: real(0.1, 2).optional().describe(
    "How much of each image: shares are drawn from the distribution Beta(alpha, alpha); 1: all alike. Default: 1, 0.2 " +
      "with mixup.",
  ),
});

const augment = mapping({
  crop: whole(0, 256).optional().describe(
    "Black pixels put around the image before it is cropped at random. Default: 4, unless resized_crop is there.",
  ),
  resized_crop: list(real(0.001, 1), 2, 2, "shares of the image's area, least and most").optional().describe(
    "Instead of crop: a part of the original image, of so much of its area and 3/4 to 4/3 as wide as high, scaled to " +
      "the input size; [0.08, 1] for ImageNet.",
  ),
  flip: z.boolean({ error: "true or false" }).default(true).describe(
    "Mirror half of the images. Not for digits or text. Default: true.",
  ),
  trivial: z.boolean({ error: "true or false" }).optional().describe(
    "Then change each image by one of 14 operations, such as a rotation or another contrast, of random strength " +
      "(TrivialAugment, ICCV 2021). Default: false.",
  ),
  erase: real(0, 1).optional().describe(
    "Share of the images of which a random box, 2 to 33 % of the area, is replaced by the mean colour (random erasing, " +
      "AAAI 2020). Default: 0.",
  ),
  mix: mix.optional().describe(
    "Mix images of a batch with each other; the target is shared likewise. Default: not at all.",
  ),
});

/** The document's schema; it contains every default that does not depend on other keys. */
export const recipeSchema = mapping({
  $schema: schemaKey,
  name: name.default("unnamed").describe("Name, as in file names: lower-case letters, digits and single hyphens."),
  epochs: whole(1, 100_000).optional().describe(
    "Passes over the training images. Default: 300, unless steps is there.",
  ),
  steps: whole(1, 1_000_000_000).optional().describe("Instead of epochs: number of steps, a batch each."),
  batch: whole(1, 65_536).default(64).describe("Images in a step. Default: 64."),
  optimizer: optimizer.prefault({}).describe("How gradients change parameters."),
  schedule: schedule.prefault({}).describe("The learning rate over the run."),
  loss: loss.prefault({}).describe("What is minimised: the weighted sum of the exits' mean cross-entropies."),
  augment: z.union([z.literal(false), augment], {
    error: "false, or a mapping with the keys crop, resized_crop, flip, trivial, erase, mix",
  })
    .prefault({}).describe("How images are augmented in every epoch. false: not at all."),
  average: real(0, 0.999999).default(0).describe(
    "Decay of the exponential moving average of weights that is saved in place of the last ones; 0: none. It reaches " +
      "back over a tenth of the run at most. Default: 0.",
  ),
  statistics: words("averaged", "recomputed").default("averaged").describe(
    "recomputed: before each validation and at the end, batch norm's mean and variance are computed for the averaged " +
      "weights, from training images; only with average. Default: averaged, like the weights.",
  ),
  gradients: words("plain", "equilibrium").default("plain").describe(
    "equilibrium: each exit's gradient into what several exits share is divided by their number (Li et al., ICCV 2019). " +
      "Default: plain.",
  ),
  train: words("all", "classifiers").default("all").describe(
    "classifiers: only the exits' linear layers are trained, everything else is frozen. Default: all.",
  ),
  shuffle: z.boolean({ error: "true or false" }).default(true).describe(
    "Take the images in another order in every epoch. Default: true.",
  ),
  seed: whole(0, 4_294_967_295).default(0).describe(
    "What initial weights, order and augmentation follow from. Default: 0.",
  ),
}).meta({ title: "RANet recipe" });

/** A valid document, with its defaults filled in. */
export type RecipeDocument = z.infer<typeof recipeSchema>;

/**
 * The text of `recipes/recipe.schema.json`.
 *
 * @returns JSON, with a final newline.
 */
export function recipeJsonSchema(): string {
  return jsonSchemaText(jsonSchema(recipeSchema));
}

if (import.meta.main) {
  Deno.writeTextFileSync(new URL("../../recipes/recipe.schema.json", import.meta.url), recipeJsonSchema());
}
