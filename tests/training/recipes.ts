/**
 * Random recipes, for properties that hold for all.
 *
 * @module
 */

import fc from "fast-check";
import type { Recipe } from "../../lib/training/recipe.ts";

const share = fc.double({ min: 0, max: 1, noNaN: true });
const positive = fc.double({ min: 0.001, max: 1, noNaN: true });
/** Further augmentations. Keys without an effect are left out. */
const varied = {
  trivial: fc.constant(true),
  erase: positive,
  mix: fc.record({
    kind: fc.constantFrom("mixup", "cutmix"),
    share: positive,
    alpha: fc.double({ min: 0.1, max: 2, noNaN: true }),
  }),
};
/** Any recipe. */
export const recipes: fc.Arbitrary<Recipe> = fc.record({
  name: fc.stringMatching(/^[a-z][a-z0-9]{0,9}(-[a-z0-9]{1,5})?$/),
  length: fc.oneof(
    fc.record({ epochs: fc.integer({ min: 1, max: 100_000 }) }),
    fc.record({ steps: fc.integer({ min: 1, max: 1e9 }) }),
  ),
  batch: fc.integer({ min: 2, max: 65_536 }),
  optimizer: fc.oneof(
    fc.record({
      kind: fc.constant("sgd"),
      momentum: fc.double({ min: 0.001, max: 0.999, noNaN: true }),
      nesterov: fc.boolean(),
      weightDecay: share,
      decay: fc.constantFrom("all", "weights"),
    }),
    fc.record({
      kind: fc.constant("adamw"),
      betas: fc.tuple(fc.double({ min: 0, max: 0.999, noNaN: true }), fc.double({ min: 0, max: 0.999, noNaN: true })),
      epsilon: positive,
      weightDecay: share,
      decay: fc.constantFrom("all", "weights"),
    }),
  ),
  schedule: fc.record({
    kind: fc.constantFrom("constant", "multistep", "cosine", "one-cycle"),
    learningRate: fc.double({ min: 0, minExcluded: true, max: 100, noNaN: true }),
    milestones: fc.array(share, { maxLength: 5 }).map((all) => all.sort((a, b) => a - b)),
    factor: share,
    warmup: share,
  }).map((schedule) =>
    schedule.kind === "multistep" ? schedule : { ...schedule, milestones: [0.5, 0.75], factor: 0.1 }
  ),
  loss: fc.record({
    exits: fc.oneof(positive, fc.array(positive, { minLength: 1, maxLength: 6 })),
    labelSmoothing: fc.double({ min: 0, max: 0.9, noNaN: true }),
    distillation: fc.record({
      teacher: fc.constant("last-exit" as const),
      weight: positive,
      temperature: fc.double({ min: 0.1, max: 100, noNaN: true }),
    }),
  }, { requiredKeys: ["exits", "labelSmoothing"] }),
  augment: fc.oneof(
    fc.constant(false as const),
    fc.record({ crop: fc.integer({ min: 0, max: 256 }), flip: fc.boolean(), ...varied }, {
      requiredKeys: ["crop", "flip"],
    }),
    fc.record({
      resizedCrop: fc.tuple(
        fc.double({ min: 0.001, max: 0.5, noNaN: true }),
        fc.double({ min: 0.5, max: 1, noNaN: true }),
      ),
      flip: fc.boolean(),
      ...varied,
    }, { requiredKeys: ["resizedCrop", "flip"] }),
  ),
  sizes: fc.uniqueArray(fc.record({ until: positive, scale: positive }), {
    maxLength: 10,
    selector: ({ until }) => until,
  }).map((sizes) => sizes.toSorted((a, b) => a.until - b.until)),
  emaDecay: fc.double({ min: 0, max: 0.9999, noNaN: true }),
  gradients: fc.constantFrom("plain", "equilibrium"),
  statistics: fc.constantFrom("averaged", "recomputed"),
  train: fc.constantFrom("all", "classifiers"),
  shuffle: fc.boolean(),
  seed: fc.nat(),
}).map((recipe) =>
  recipe.emaDecay > 0 && recipe.train === "all" ? recipe : { ...recipe, statistics: "averaged" }
) as fc.Arbitrary<Recipe>;
