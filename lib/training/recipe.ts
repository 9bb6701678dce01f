/**
 * Recipes: how a network is trained, as YAML or as an object.
 *
 * @module
 */

import type { LossOptions, OptimizerOptions } from "../device/trainer.ts";
import { takesImages } from "../data/preprocess.ts";
import { RanetError } from "../errors.ts";
import { readBundled, readResource } from "../io/resource.ts";
import { schemaLine } from "../spec/yaml_text.ts";
import { parseDocument, type Report, resolveDocument } from "../yaml/read.ts";
import { type RecipeDocument, recipeSchema } from "./recipe_schema.ts";
import { expectObject, expectString } from "../text/expect.ts";

/** The learning rate over a run. */
export interface Schedule {
  /** `multistep` multiplies by `factor` at milestones, `cosine` and `one-cycle` end at 0. */
  readonly kind: "constant" | "multistep" | "cosine" | "one-cycle";
  /** The highest rate. */
  readonly learningRate: number;
  /** Shares of the run, ascending; used only by `multistep`. */
  readonly milestones: readonly number[];
  /** The factor by which `multistep` multiplies the rate. */
  readonly factor: number;
  /** Share of the run in which the rate rises. */
  readonly warmup: number;
}

/** A part of the run with smaller images. */
export interface SizeStage {
  /** Share of the run's epochs after which it ends. */
  readonly until: number;
  /** Height and width of the images as a share of the network's input. */
  readonly scale: number;
}

/** How images are augmented. Exactly one of `crop` and `resizedCrop` is given. */
export interface Augmentation {
  /** Width of the black border, in pixels, that is added before a random crop. */
  readonly crop?: number;
  /** Smallest and largest share of the original's area. */
  readonly resizedCrop?: readonly [least: number, most: number];
  /** Whether half of the images are mirrored. */
  readonly flip: boolean;
  /** Whether an operation of TrivialAugment is then applied to each image. Default: no. */
  readonly trivial?: boolean;
  /** Share of the images in which a random box is erased. Default: none. */
  readonly erase?: number;
  /** How images of a batch are mixed. Default: not mixed. */
  readonly mix?: Mixing;
}

/** How images of a batch are mixed with each other. */
export interface Mixing {
  /** `mixup`: two images are blended; `cutmix`: a box of one is pasted into the other. */
  readonly kind: "mixup" | "cutmix";
  /** Share of the images that are mixed with another. */
  readonly share: number;
  /** Parameter of the distribution Beta(alpha, alpha) of the shares of both images. */
  readonly alpha: number;
}

/** The loss, for any number of exits. */
export interface RecipeLoss extends Omit<LossOptions, "exits"> {
  /** One weight for all exits, or one per exit. */
  readonly exits: number | readonly number[];
}

/**
 * How a network is trained. {@linkcode parseRecipe} and {@linkcode readRecipe} create it, with all defaults filled in.
 */
export interface Recipe {
  /** Name, usable as a file name. */
  readonly name: string;
  /** Length of the run: passes over the training images, or steps. */
  readonly length: { readonly epochs: number } | { readonly steps: number };
  /** Images in a step. */
  readonly batch: number;
  /** The optimiser. */
  readonly optimizer: OptimizerOptions;
  /** The learning rate. */
  readonly schedule: Schedule;
  /** The loss to minimise. */
  readonly loss: RecipeLoss;
  /** How images are augmented; `false`: not augmented. */
  readonly augment: Augmentation | false;
  /** Stages with smaller images, by ascending `until`; then images have full size. */
  readonly sizes: readonly SizeStage[];
  /** Decay of the moving average of weights that is saved; 0: none. */
  readonly emaDecay: number;
  /**
   * Batch norm's mean and variance beside averaged weights: `averaged` like them, or `recomputed` for them from training
   * images, before each validation and at the end.
   */
  readonly statistics: "averaged" | "recomputed";
  /** How the exits' gradients are combined in the layers that they share. */
  readonly gradients: "plain" | "equilibrium";
  /** Which parameters are trained. */
  readonly train: "all" | "classifiers";
  /** Whether images are shuffled in every epoch. */
  readonly shuffle: boolean;
  /** Seed of initial weights, order and augmentation. */
  readonly seed: number;
}

/** The values that {@linkcode changeRecipe} can change. */
export interface RecipeChanges {
  /** Passes over the training images. */
  readonly epochs?: number;
  /** Steps, instead of epochs. */
  readonly steps?: number;
  /** Images in a step. */
  readonly batch?: number;
  /** The highest learning rate. */
  readonly learningRate?: number;
  /** Seed of initial weights, order and augmentation. */
  readonly seed?: number;
}

/** Names of the bundled recipes. */
export const BUNDLED_RECIPES: readonly string[] = [
  ...["short", "cifar", "paper-cifar", "paper-imagenet", "fine-tune", "few-images", "classifiers"],
];

/** Name of the default recipe. */
export const DEFAULT_RECIPE = "short";

/** The authors' number of epochs for CIFAR. */
const DEFAULT_EPOCHS = 300;
/** The authors' momentum. */
const DEFAULT_MOMENTUM = 0.9;
/** PyTorch's defaults. */
const [DEFAULT_BETAS, DEFAULT_EPSILON] = [[0.9, 0.999] as const, 1e-8];
/** The authors' weight decay for CIFAR, and PyTorch's default. */
const DEFAULT_DECAY = { sgd: 1e-4, adamw: 0.01 };
/** The authors' padding for CIFAR. */
const DEFAULT_CROP = 4;
/** The authors' milestones and factor for CIFAR. */
const DEFAULT_MULTISTEP = { milestones: [0.5, 0.75], factor: 0.1 };
/**
 * The papers' values for CIFAR. That of mixup is the value for ImageNet, because small networks underfit with larger
 * ones.
 */
const DEFAULT_ALPHA = { mixup: 0.2, cutmix: 1 };
/** Properties of every recipe, by which it is recognised. */
export const RECIPE_PARTS = ["length", "optimizer", "loss", "schedule"] as const;

/** Default share of the run in which `one-cycle` raises the rate. */
const ONE_CYCLE_WARMUP = 0.3;
/** Largest recipe that is read, in bytes. */
const MAX_BYTES = 2 ** 18;

/**
 * Reads a recipe.
 *
 * @param nameOrPath One of {@linkcode BUNDLED_RECIPES}, or the path or URL of a YAML file.
 * @returns The complete recipe.
 * @throws {RanetError} If there is no such file, or it is not a valid recipe.
 *
 * @example
 * ```ts
 * import { readRecipe } from "@ranet/ranet/train";
 *
 * const recipe = await readRecipe("paper-cifar");
 * console.log(recipe.length, recipe.schedule.learningRate); // { epochs: 300 } 0.1
 * ```
 */
export async function readRecipe(nameOrPath: string): Promise<Recipe> {
  expectString("readRecipe", { nameOrPath });
  const parse = (bytes: Uint8Array) => parseRecipe(new TextDecoder().decode(bytes), { source: nameOrPath });
  if (BUNDLED_RECIPES.includes(nameOrPath)) return await readBundled(`recipes/${nameOrPath}.yaml`, parse);
  if (!/[./\\]/.test(nameOrPath)) {
    throw new RanetError(
      `Cannot find recipe ${JSON.stringify(nameOrPath)}: expected a path, such as ./${nameOrPath}.yaml, or one of ` +
        `${BUNDLED_RECIPES.join(", ")}`,
    );
  }
  return parse(await readResource(nameOrPath, { maxBytes: MAX_BYTES }));
}

/**
 * Reads a recipe from YAML text. Missing keys have the authors' values.
 *
 * @param text YAML as described by `recipes/recipe.schema.json`; at most 256 KiB.
 * @param options `source`: its name in messages.
 * @returns The complete recipe.
 * @throws {RanetError} If the text is not YAML or not a valid recipe; lists every problem with its key.
 *
 * @example
 * ```ts
 * import { parseRecipe } from "@ranet/ranet/train";
 *
 * const recipe = parseRecipe("{ name: quick, epochs: 5, schedule: { kind: cosine } }");
 * console.log(recipe.batch, recipe.optimizer.weightDecay); // 64 0.0001
 * ```
 */
export function parseRecipe(text: string, options: { readonly source?: string } = {}): Recipe {
  expectString("parseRecipe", { text });
  expectObject("parseRecipe", { options });
  const subject = subjectOf(options);
  return resolveDocument(parseDocument(text, subject), { schema: recipeSchema, resolve, subject });
}

/**
 * Changes some values of a recipe.
 *
 * @param recipe The recipe.
 * @param changes The new values. Other values are kept.
 * @returns The changed recipe.
 * @throws {RanetError} If a value is out of range, or both epochs and steps are given.
 *
 * @example
 * ```ts
 * import { changeRecipe, readRecipe } from "@ranet/ranet/train";
 *
 * const recipe = changeRecipe(await readRecipe("short"), { epochs: 2, seed: 1 });
 * console.log(recipe.length); // { epochs: 2 }
 * ```
 */
export function changeRecipe(recipe: Recipe, changes: RecipeChanges): Recipe {
  expectObject("changeRecipe", { recipe }, ...RECIPE_PARTS);
  expectObject("changeRecipe", { changes });
  const { epochs, steps, batch = recipe.batch, learningRate = recipe.schedule.learningRate, seed = recipe.seed } =
    changes;
  const { epochs: _, steps: __, schedule, ...rest } = documentOf(recipe);
  const length = epochs === undefined && steps === undefined ? recipe.length : { epochs, steps };
  const document = { ...rest, ...length, batch, seed, schedule: { ...schedule, rate: learningRate } };
  return resolveDocument(JSON.parse(JSON.stringify(document)), { schema: recipeSchema, resolve, subject: "recipe" });
}

/**
 * Writes a recipe as YAML with every key.
 *
 * @param recipe The recipe.
 * @param options `schema`: path (relative to where the text will be stored) or URL of `recipe.schema.json`.
 * @returns Text that {@linkcode parseRecipe} reads as the same recipe.
 */
export function formatRecipe(recipe: Recipe, options: { readonly schema?: string } = {}): string {
  expectObject("formatRecipe", { recipe }, ...RECIPE_PARTS);
  expectObject("formatRecipe", { options });
  const lines = Object.entries(documentOf(recipe)).filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}: ${flow(value)}\n`);
  return [...options.schema === undefined ? [] : [`${schemaLine(options.schema)}\n`], ...lines].join("");
}

/**
 * The loss for a network with this number of exits.
 *
 * @throws {RanetError} If the recipe's weights are for another number of exits, or distillation is used with a single
 * exit.
 */
export function lossOf({ name, loss }: Recipe, exits: number): LossOptions {
  const refuse = (reason: string) => new RanetError(`Cannot use recipe ${name}: ${reason}`);
  if (loss.distillation && exits === 1) {
    throw refuse("loss.distillation: expected a network of more than one exit, found one; leave the key out");
  }
  const weights = typeof loss.exits === "number" ? Array<number>(exits).fill(loss.exits) : loss.exits;
  if (weights.length === exits) return { ...loss, exits: weights };
  throw refuse(`loss.exits: expected one weight, or ${exits}, one per exit, found ${weights.length}`);
}

/**
 * Checks that a network's images can be augmented by a recipe.
 *
 * @throws {RanetError} If the network takes arrays and the recipe has an augmentation that only works on images.
 */
export function checkAugmentation({ name, augment }: Recipe, channels: number): void {
  if (!augment || takesImages(channels)) return;
  const key = augment.resizedCrop ? "resized_crop" : augment.trivial ? "trivial" : undefined;
  if (key === undefined) return;
  throw new RanetError(
    `Cannot use recipe ${name}: augment.${key}: expected a network of 1 or 3 channels, found ${channels}; leave the key out`,
  );
}

function subjectOf({ source }: { readonly source?: string }): string {
  return source === undefined ? "recipe" : `recipe ${source}`;
}

function resolve(document: RecipeDocument, report: Report): Recipe {
  const { name, epochs, steps, batch, average: emaDecay, statistics, gradients, train, shuffle, seed } = document;
  const { loss, sizes } = document;
  if (epochs !== undefined && steps !== undefined) report("steps: expected either epochs or steps, found both");
  if ([loss.exits].flat().every((weight) => weight === 0)) {
    report("loss.exits: expected a weight above 0, found only 0, with which nothing is learned");
  }
  if (sizes.some(({ until }, i) => i > 0 && until <= sizes[i - 1]!.until)) {
    report(`sizes: expected ascending until, found ${sizes.map(({ until }) => until).join(", ")}`);
  }
  if (statistics === "recomputed" && emaDecay === 0) {
    report("statistics: recomputed is expected with average above 0, found with 0; leave it out");
  }
  if (statistics === "recomputed" && train === "classifiers") {
    report(
      "statistics: recomputed is expected with train: all, found with classifiers, which keeps statistics; leave it out",
    );
  }
  return {
    name,
    length: steps === undefined ? { epochs: epochs ?? DEFAULT_EPOCHS } : { steps },
    batch,
    optimizer: resolveOptimizer(document.optimizer, report),
    schedule: resolveSchedule(document.schedule, report),
    loss: {
      exits: loss.exits,
      labelSmoothing: loss.label_smoothing,
      ...loss.distillation && { distillation: loss.distillation },
    },
    augment: resolveAugment(document, report),
    sizes,
    emaDecay,
    statistics,
    gradients,
    train,
    shuffle,
    seed,
  };
}

/** Keys that only one kind of optimiser has. */
const OWN_KEYS = { sgd: ["momentum", "nesterov"], adamw: ["betas", "epsilon"] } as const;

function resolveOptimizer(optimizer: RecipeDocument["optimizer"], report: Report): OptimizerOptions {
  const { kind, weight_decay: given, decay } = optimizer;
  for (const [other, keys] of Object.entries(OWN_KEYS)) {
    for (const key of keys) {
      if (other === kind || optimizer[key] === undefined) continue;
      report(
        `optimizer.${key}: expected only with kind ${other}, found with ${kind}, where it has no effect; leave it out`,
      );
    }
  }
  switch (kind) {
    case "sgd": {
      const { momentum = DEFAULT_MOMENTUM, nesterov = false } = optimizer;
      if (nesterov && momentum === 0) report("optimizer.nesterov: expected with momentum above 0, found with 0");
      return { kind, momentum, nesterov, weightDecay: given ?? DEFAULT_DECAY.sgd, decay };
    }
    case "adamw": {
      const { betas: [first, second] = DEFAULT_BETAS, epsilon = DEFAULT_EPSILON } = optimizer;
      return { kind, betas: [first, second], epsilon, weightDecay: given ?? DEFAULT_DECAY.adamw, decay };
    }
  }
}

function resolveSchedule(schedule: RecipeDocument["schedule"], report: Report): Schedule {
  const { kind, rate, warmup = kind === "one-cycle" ? ONE_CYCLE_WARMUP : 0 } = schedule;
  for (const key of ["milestones", "factor"] as const) {
    if (kind !== "multistep" && schedule[key] !== undefined) {
      report(
        `schedule.${key}: expected only with kind multistep, found with ${kind}, where it has no effect; leave it out`,
      );
    }
  }
  const { milestones = DEFAULT_MULTISTEP.milestones, factor = DEFAULT_MULTISTEP.factor } = schedule;
  if (milestones.some((share, i, all) => i > 0 && share < all[i - 1])) {
    report(`schedule.milestones: expected ascending shares of the run, found ${milestones.join(", ")}`);
  }
  return { kind, learningRate: rate, milestones, factor, warmup };
}

function resolveAugment(
  { augment, batch }: Pick<RecipeDocument, "augment" | "batch">,
  report: Report,
): Augmentation | false {
  if (augment === false) return false;
  const { crop, resized_crop: resized, flip, trivial, erase, mix } = augment;
  if (mix && batch < 2) report("augment.mix: expected with a batch of 2 images or more, found with 1");
  const rest = {
    flip,
    ...trivial && { trivial },
    ...erase && { erase },
    ...mix && { mix: { ...mix, alpha: mix.alpha ?? DEFAULT_ALPHA[mix.kind] } },
  };
  if (!resized) return { crop: crop ?? DEFAULT_CROP, ...rest };
  if (crop !== undefined) report("augment.crop: expected either crop or resized_crop, found both");
  const [least, most] = resized;
  if (least > most) {
    report(`augment.resized_crop: expected the smaller share first, found ${resized.join(", ")}`);
  }
  return { resizedCrop: [least, most], ...rest };
}

function documentOf(recipe: Recipe) {
  const { name, length, batch, optimizer, loss, augment, sizes, schedule, emaDecay, statistics } = recipe;
  const { gradients, train, shuffle, seed } = recipe;
  const { kind, weightDecay, decay, ...own } = optimizer;
  return {
    name,
    epochs: "epochs" in length ? length.epochs : undefined,
    steps: "steps" in length ? length.steps : undefined,
    batch,
    optimizer: { kind, ...own, weight_decay: weightDecay, decay },
    schedule: documentOfSchedule(schedule),
    loss: { exits: loss.exits, label_smoothing: loss.labelSmoothing, distillation: loss.distillation },
    augment: augment && documentOfAugment(augment),
    sizes,
    average: emaDecay,
    statistics,
    gradients,
    train,
    shuffle,
    seed,
  };
}

function documentOfSchedule({ kind, learningRate: rate, milestones, factor, warmup }: Schedule) {
  return { kind, rate, ...kind === "multistep" && { milestones, factor }, warmup };
}

function documentOfAugment({ resizedCrop, ...rest }: Augmentation) {
  return { ...rest, resized_crop: resizedCrop };
}

/** Formats a value in flow style. Every text in a recipe is a plain word. */
function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(", ")}]`;
  if (typeof value !== "object" || value === null) return String(value);
  const entries = Object.entries(value).filter(([, one]) => one !== undefined);
  return `{ ${entries.map(([key, one]) => `${key}: ${flow(one)}`).join(", ")} }`;
}
