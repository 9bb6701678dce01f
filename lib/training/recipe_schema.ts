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
    "sgd: stochastic gradient descent; adamw: Adam with decoupled weight decay (Loshchilov and Hutter, ICLR 2019), " +
      "with rates of about 0.001 to 0.01. Both as in PyTorch. Default: sgd.",
  ),
  momentum: real(0, 0.9999).optional().describe(
    "Momentum: share of the previous update that is added to the next. Default: 0.9. Only for sgd.",
  ),
  nesterov: z.boolean({ error: "true or false" }).optional().describe(
    "Whether to use Nesterov momentum. Default: false. Only for sgd.",
  ),
  betas: list(real(0, 0.999999), 2, 2, "shares, of the mean of gradients and of the mean of their squares").optional()
    .describe(
      "Decay per step of the moving averages of gradients and of their squares. Default: [0.9, 0.999]. Only for adamw.",
    ),
  epsilon: above(0, 1).optional().describe(
    "Added to the square root of the average of squares. Default: 1e-8. Only for adamw.",
  ),
  weight_decay: real(0, 1).optional().describe(
    "Weight decay. With sgd, its product with the parameter is added to the gradient; with adamw, its product with " +
      "rate and parameter is subtracted from the parameter. Default: 0.0001, 0.01 with adamw.",
  ),
  decay: words("all", "weights").default("all").describe(
    "Parameters with weight decay: all, as in the authors' code, or only weights, without batch norm and biases. " +
      "Default: all.",
  ),
});

const share = real(0, 1);

const schedule = mapping({
  kind: words("constant", "multistep", "cosine", "one-cycle").default("multistep").describe(
    "Course of the rate. constant; multistep: multiplied by factor at each milestone; cosine: falls to 0 along half " +
      "a cosine; one-cycle: rises during the warmup, then falls linearly to 0. Default: multistep.",
  ),
  rate: above(0, 100).default(0.1).describe("Highest learning rate. Default: 0.1."),
  milestones: list(share, 0, 100, "shares of the run").optional().describe(
    "Points at which multistep reduces the rate, as ascending shares of the run. Default: [0.5, 0.75]. Only for " +
      "multistep.",
  ),
  factor: share.optional().describe(
    "Factor by which multistep multiplies the rate at each milestone. Default: 0.1. Only for multistep.",
  ),
  warmup: share.optional().describe(
    "Share of the run in which the rate rises linearly. Default: 0, or 0.3 with one-cycle.",
  ),
});

const exitWeight = real(0, 1000);

const distillation = mapping({
  teacher: words("last-exit").default("last-exit").describe(
    "The teacher: the last exit, which learns only from labels. Other teachers are not supported.",
  ),
  weight: above(0, 1).default(0.5).describe(
    "Share of an earlier exit's loss that is distillation; the rest is cross-entropy. Default: 0.5.",
  ),
  temperature: real(0.1, 100).default(3).describe(
    "Temperature by which the logits of both are divided. A higher one gives more weight to the teacher's ranking of " +
      "wrong classes. Default: 3.",
  ),
});

const loss = mapping({
  exits: z.union([exitWeight, list(exitWeight, 1, 1000, "weights")], {
    error: "a weight for all exits, or a list with one per exit",
  }).default(1).describe(
    "Weight of each exit's cross-entropy in the loss: one for all, or one per exit; not 0 for all. Default: 1.",
  ),
  label_smoothing: real(0, 0.9).default(0).describe(
    "Label smoothing: share of the target that is distributed equally over all classes. Default: 0.",
  ),
  distillation: distillation.optional().describe(
    "Earlier exits also learn from the last one (Li et al., ICCV 2019): its probabilities at a temperature are their " +
      "targets. For networks with more than one exit. Default: none.",
  ),
});

const mix = mapping({
  kind: words("mixup", "cutmix").describe(
    "mixup: two images are blended (ICLR 2018); cutmix: a box of one is pasted into another (ICCV 2019).",
  ),
  share: above(0, 1).default(0.5).describe("Share of the images that are mixed with another. Default: 0.5."),
  alpha: real(0.1, 2).optional().describe(
    "Parameter of the distribution Beta(alpha, alpha) of both images' shares; 1: uniform. Default: 1, 0.2 " +
      "with mixup.",
  ),
});

const augment = mapping({
  crop: whole(0, 256).optional().describe(
    "Width of the black border, in pixels, that is added before a random crop. Default: 4, unless resized_crop is " +
      "given.",
  ),
  resized_crop: list(real(0.001, 1), 2, 2, "shares of the image's area, least and most").optional().describe(
    "Instead of crop: a random box of the original image with a share of its area in this range and an aspect ratio " +
      "of 3/4 to 4/3, scaled to the input size. [0.08, 1] is usual for ImageNet.",
  ),
  flip: z.boolean({ error: "true or false" }).default(true).describe(
    "Mirror half of the images. Not for digits or text. Default: true.",
  ),
  trivial: z.boolean({ error: "true or false" }).optional().describe(
    "Then apply one of 14 operations of random strength to each image, such as a rotation or a change of contrast " +
      "(TrivialAugment, ICCV 2021). Default: false.",
  ),
  erase: real(0, 1).optional().describe(
    "Share of the images in which a random box with 2 to 33 % of the area is filled with the mean colour (random " +
      "erasing, AAAI 2020). Default: 0.",
  ),
  mix: mix.optional().describe(
    "Mix images of a batch with each other, and their targets with the same shares. Default: no mixing.",
  ),
});

const sizeStage = mapping({
  until: above(0, 1).describe("Share of the run's epochs after which the stage ends."),
  scale: above(0, 1).describe("Height and width of the images as a share of the network's input."),
});

/** The document's schema; it contains every default that does not depend on other keys. */
export const recipeSchema = mapping({
  $schema: schemaKey,
  name: name.default("unnamed").describe("Name, usable as a file name: lower-case letters, digits and single hyphens."),
  epochs: whole(1, 100_000).optional().describe(
    "Passes over the training images. Default: 300, unless steps is given.",
  ),
  steps: whole(1, 1_000_000_000).optional().describe("Instead of epochs: number of steps of one batch each."),
  batch: whole(1, 65_536).default(64).describe("Number of images in a step. Default: 64."),
  optimizer: optimizer.prefault({}).describe("The optimiser."),
  schedule: schedule.prefault({}).describe("The learning rate over the run."),
  loss: loss.prefault({}).describe("The loss: the weighted sum of the exits' mean cross-entropies."),
  augment: z.union([z.literal(false), augment], {
    error: "false, or a mapping with the keys crop, resized_crop, flip, trivial, erase, mix",
  })
    .prefault({}).describe("How images are augmented in every epoch. false: no augmentation."),
  sizes: list(sizeStage, 0, 10, "stages of until and scale").default([]).describe(
    "Progressive image sizes: stages with smaller images at the start of the run, by ascending until. After the last " +
      "stage, and in validation, images have full size. Default: none.",
  ),
  average: real(0, 0.999999).default(0).describe(
    "Decay of the exponential moving average of weights that is saved instead of the last weights; 0: no average. It " +
      "covers at most the last tenth of the run. Default: 0.",
  ),
  statistics: words("averaged", "recomputed").default("averaged").describe(
    "recomputed: before each validation and at the end, batch norm's mean and variance are computed for the averaged " +
      "weights, from training images; only with average. Default: averaged, like the weights.",
  ),
  gradients: words("plain", "equilibrium").default("plain").describe(
    "equilibrium: gradients of layers that several exits share are divided by the number of exits (Li et al., ICCV " +
      "2019). Default: plain.",
  ),
  train: words("all", "classifiers").default("all").describe(
    "classifiers: only the exits' linear layers are trained; all other layers are frozen. Default: all.",
  ),
  shuffle: z.boolean({ error: "true or false" }).default(true).describe(
    "Shuffle the images in every epoch. Default: true.",
  ),
  seed: whole(0, 4_294_967_295).default(0).describe(
    "Seed of initial weights, order and augmentation. Default: 0.",
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
