import { assertEquals, assertMatch, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import { RanetError } from "../../lib/errors.ts";
import {
  type Augmentation,
  BUNDLED_RECIPES,
  changeRecipe,
  checkAugmentation,
  formatRecipe,
  lossOf,
  parseRecipe,
  readRecipe,
  type Recipe,
} from "../../lib/training/recipe.ts";
import { recipeJsonSchema } from "../../lib/training/recipe_schema.ts";
import { recipes } from "./recipes.ts";

Deno.test("a recipe without keys is equal to the authors' recipe for CIFAR", async () => {
  const { name: _, ...authors } = await readRecipe("paper-cifar");
  const { name, ...defaults } = parseRecipe("{}");
  assertEquals(name, "unnamed");
  assertEquals(defaults, authors);
  assertEquals(authors, {
    length: { epochs: 300 },
    batch: 64,
    optimizer: { kind: "sgd", momentum: 0.9, nesterov: false, weightDecay: 1e-4, decay: "all" },
    schedule: { kind: "multistep", learningRate: 0.1, milestones: [0.5, 0.75], factor: 0.1, warmup: 0 },
    loss: { exits: 1, labelSmoothing: 0 },
    augment: { crop: 4, flip: true },
    sizes: [],
    emaDecay: 0,
    statistics: "averaged",
    gradients: "plain",
    train: "all",
    shuffle: true,
    seed: 0,
  });
});

Deno.test("paper-imagenet trains for 90 epochs and lowers the rate after 30 and 60", async () => {
  const { length, batch, augment, schedule } = await readRecipe("paper-imagenet");
  assertEquals([length, batch, augment], [{ epochs: 90 }, 256, { resizedCrop: [0.08, 1], flip: true }]);
  for (const perEpoch of [5005, 17]) {
    assertEquals(schedule.milestones.map((share) => Math.round(share * 90 * perEpoch)), [30 * perEpoch, 60 * perEpoch]);
  }
});

Deno.test("every bundled recipe has the name of its file", async () => {
  for (const name of BUNDLED_RECIPES) assertEquals((await readRecipe(name)).name, name);
});

Deno.test("recipes/recipe.schema.json is up to date", async () => {
  assertEquals(await Deno.readTextFile("recipes/recipe.schema.json"), recipeJsonSchema());
});

/** −0 is 0 in YAML. */
const normal = (recipe: Recipe) => JSON.parse(JSON.stringify(recipe));

Deno.test("any recipe is equal to its YAML", () => {
  fc.assert(fc.property(recipes, (recipe) => {
    assertEquals(normal(parseRecipe(formatRecipe(recipe))), normal(recipe));
    assertEquals(normal(changeRecipe(recipe, {})), normal(recipe));
  }));
});

Deno.test("changeRecipe() replaces the given keys; epochs and steps replace each other", async () => {
  const recipe = await readRecipe("short");
  const changed = changeRecipe(recipe, { steps: 5, batch: 8, learningRate: 0.5, seed: 7 });
  assertEquals([changed.length, changed.batch, changed.schedule.learningRate, changed.seed], [{ steps: 5 }, 8, 0.5, 7]);
  assertEquals(changeRecipe(changed, { epochs: 2 }).length, { epochs: 2 });
  assertEquals(changed.optimizer, recipe.optimizer);
  const error = assertThrows(() => changeRecipe(recipe, { batch: 0 }), RanetError);
  assertEquals(error.message, "Cannot read recipe: batch: expected a whole number from 1 to 65536, found 0");
});

for (
  const [yaml, message] of [
    ["epochs: 0", "epochs: expected a whole number from 1 to 100000, found 0"],
    ["{ epochs: 1, steps: 1 }", "steps: expected either epochs or steps, found both"],
    ["epoch: 3", 'unknown key "epoch", did you mean epochs?'],
    ["optimizer: { kind: adam }", 'optimizer.kind: expected sgd or adamw, found "adam"'],
    [
      "optimizer: { kind: adamw, momentum: 0.9 }",
      "optimizer.momentum: expected only with kind sgd, found with adamw, where it has no effect; leave it out",
    ],
    ["optimizer: { betas: [0.9, 0.99] }", "optimizer.betas: expected only with kind adamw, found with sgd"],
    [
      "optimizer: { kind: adamw, betas: [0.9, 1] }",
      "optimizer.betas[1]: expected a number from 0 to 0.999999, found 1",
    ],
    ["optimizer: { kind: adamw, betas: [0.9] }", "optimizer.betas: expected a list of 2 shares"],
    ["optimizer: { kind: adamw, epsilon: 0 }", "optimizer.epsilon: expected a number above 0, at most 1, found 0"],
    ["optimizer: { momentum: 1 }", "optimizer.momentum: expected a number from 0 to 0.9999, found 1"],
    ["optimizer: { momentum: 0, nesterov: true }", "optimizer.nesterov: expected with momentum above 0, found with 0"],
    [
      "schedule: { milestones: [0.7, 0.2] }",
      "schedule.milestones: expected ascending shares of the run, found 0.7, 0.2",
    ],
    [
      "schedule: { kind: cosine, milestones: [0.1] }",
      "schedule.milestones: expected only with kind multistep, found with cosine, where it has no effect; leave it out",
    ],
    [
      "schedule: { kind: constant, factor: 0 }",
      "schedule.factor: expected only with kind multistep, found with constant",
    ],
    ["schedule: { rate: 0 }", "schedule.rate: expected a number above 0, at most 100, found 0"],
    ["loss: { exits: 0 }", "loss.exits: expected a weight above 0, found only 0"],
    ["loss: { exits: [0, 0] }", "loss.exits: expected a weight above 0, found only 0"],
    ["<<: { epochs: 3 }", "merge keys (<<) are not supported; write the keys out"],
    ["schedule: { kind: step }", "schedule.kind: expected constant, multistep, cosine or one-cycle, found"],
    [
      "augment: true",
      "augment: expected false, or a mapping with the keys crop, resized_crop, flip, trivial, erase, mix, found true",
    ],
    ["augment: { erase: 1.5 }", "augment.erase: expected a number from 0 to 1, found 1.5"],
    ["augment: { trivial: wide }", 'augment.trivial: expected true or false, found "wide"'],
    ["augment: { mix: cutmix }", 'augment.mix: expected a mapping with the keys kind, share, alpha, found "cutmix"'],
    ["augment: { mix: { share: 1 } }", "augment.mix.kind: missing, expected mixup or cutmix"],
    ["augment: { mix: { kind: mixup, alpha: 0 } }", "augment.mix.alpha: expected a number from 0.1 to 2, found 0"],
    [
      "augment: { mix: { kind: mixup, share: .nan } }",
      "augment.mix.share: expected a number above 0, at most 1, found NaN",
    ],
    ["augment: { mix: { kind: mixup, share: 0 } }", "augment.mix.share: expected a number above 0, at most 1, found 0"],
    [
      "{ batch: 1, augment: { mix: { kind: cutmix } } }",
      "augment.mix: expected with a batch of 2 images or more, found with 1",
    ],
    ["augment: { crop: 4, resized_crop: [0.1, 1] }", "augment.crop: expected either crop or resized_crop, found both"],
    ["augment: { resized_crop: [1, 0.1] }", "augment.resized_crop: expected the smaller share first, found 1, 0.1"],
    [
      "loss: { distillation: { weight: 1.1 } }",
      "loss.distillation.weight: expected a number above 0, at most 1, found 1.1",
    ],
    [
      "loss: { distillation: { weight: .nan } }",
      "loss.distillation.weight: expected a number above 0, at most 1, found NaN",
    ],
    [
      "loss: { distillation: { weight: 0 } }",
      "loss.distillation.weight: expected a number above 0, at most 1, found 0",
    ],
    [
      "loss: { distillation: { temperature: 0 } }",
      "loss.distillation.temperature: expected a number from 0.1 to 100, found 0",
    ],
    ["loss: { distillation: { teacher: first } }", 'loss.distillation.teacher: expected last-exit, found "first"'],
    ["loss: { distillation: true }", "loss.distillation: expected a mapping"],
    ["loss: { exits: [] }", "loss.exits: expected a list of 1 to 1000 weights, found a list of 0"],
    [
      "statistics: recomputed",
      "statistics: recomputed is expected with average above 0, found with 0; leave it out",
    ],
    [
      "{ statistics: recomputed, average: 0.9, train: classifiers }",
      "statistics: recomputed is expected with train: all, found with classifiers, which keeps statistics; leave it out",
    ],
    ["train: head", 'train: expected all or classifiers, found "head"'],
    ["seed: -1", "seed: expected a whole number from 0 to 4294967295, found -1"],
    ["[", "not valid YAML"],
  ]
) {
  Deno.test(`parseRecipe() refuses ${yaml} with the key`, () => {
    const error = assertThrows(() => parseRecipe(yaml, { source: "r.yaml" }), RanetError);
    assertStringIncludes(error.message, "Cannot read recipe r.yaml: ");
    assertStringIncludes(error.message, message);
  });
}

Deno.test("the key $schema is ignored", () => {
  assertEquals(parseRecipe("{ $schema: ./recipe.schema.json, epochs: 2 }"), parseRecipe("epochs: 2"));
});

Deno.test("resized_crop replaces crop, and one-cycle has a default warmup", () => {
  assertEquals(parseRecipe("augment: { resized_crop: [0.08, 1] }").augment, { resizedCrop: [0.08, 1], flip: true });
  assertEquals(parseRecipe("augment: { flip: false }").augment, { crop: 4, flip: false });
  assertEquals(parseRecipe("schedule: { kind: one-cycle }").schedule.warmup, 0.3);
});

Deno.test("defaults of optimizers are PyTorch's, and the authors' for SGD", () => {
  const { optimizer } = parseRecipe("optimizer: { kind: adamw }");
  assertEquals(optimizer, { kind: "adamw", betas: [0.9, 0.999], epsilon: 1e-8, weightDecay: 0.01, decay: "all" });
});

Deno.test("mix has the default share 0.5 and each paper's alpha", () => {
  const mixing = (yaml: string) => (parseRecipe(`augment: { mix: ${yaml} }`).augment as Augmentation).mix;
  assertEquals(mixing("{ kind: cutmix }"), { kind: "cutmix", share: 0.5, alpha: 1 });
  assertEquals(mixing("{ kind: mixup, share: 1 }"), { kind: "mixup", share: 1, alpha: 0.2 });
});

Deno.test("loss.exits is one weight for all exits, or one per exit", () => {
  assertEquals(lossOf(parseRecipe("loss: { exits: 2 }"), 3).exits, [2, 2, 2]);
  const two = parseRecipe("{ name: two, loss: { exits: [1, 0.5] } }");
  assertEquals(lossOf(two, 2).exits, [1, 0.5]);
  const error = assertThrows(() => lossOf(two, 3), RanetError);
  assertEquals(
    error.message,
    "Cannot use recipe two: loss.exits: expected one weight, or 3, one per exit, found 2",
  );
});

Deno.test("augmentations that only apply to images are refused for networks that read arrays", () => {
  for (const key of ["resized_crop: [0.1, 1]", "trivial: true"]) {
    const recipe = parseRecipe(`{ name: mine, augment: { ${key} } }`);
    for (const channels of [1, 3]) checkAugmentation(recipe, channels);
    const { message } = assertThrows(() => checkAugmentation(recipe, 4), RanetError);
    const name = key.split(":")[0];
    assertEquals(
      message,
      `Cannot use recipe mine: augment.${name}: expected a network of 1 or 3 channels, found 4; leave the key out`,
    );
  }
  checkAugmentation(parseRecipe("augment: { erase: 0.5, mix: { kind: mixup } }"), 4);
  checkAugmentation(parseRecipe("augment: false"), 4);
});

Deno.test("readRecipe() refuses a recipe that does not exist", async () => {
  const error = await assertRejects(() => readRecipe("shrt"), RanetError);
  assertMatch(error.message, /^Cannot find recipe "shrt": .*short, cifar, paper-cifar/);
  await assertRejects(() => readRecipe("./no.yaml"), RanetError, "there is no such file");
});
