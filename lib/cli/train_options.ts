/**
 * The options of `ranet train`.
 *
 * @module
 */

import { BUNDLED_RECIPES, DEFAULT_RECIPE } from "../training/recipe.ts";
import type { Option } from "./command.ts";
import { DATASET_OPTIONS } from "./run_on.ts";

/** Names of the options. */
export type TrainOption =
  | ("data" | "val" | "labels" | "init" | "recipe" | "out" | "resume" | "keep" | "cache" | "device" | "threads")
  | ("epochs" | "steps" | "batch" | "rate" | "seed");

/** Help of the options. */
export const TRAIN_OPTIONS: Readonly<Record<TrainOption, Option>> = {
  data: { value: "DATASET", help: "images to train on" },
  val: {
    value: "DATASET",
    help:
      "images to measure accuracy on after each epoch, and to calibrate on at the end (default: val/ beside train/ in\n" +
      "--data, otherwise about a tenth of each class, chosen at random); none: train on all images",
  },
  ...DATASET_OPTIONS,
  out: { value: "DIR", help: "the model's directory; it is created if missing" },
  resume: {
    value: "DIR",
    help: "continue the run in a model's directory with the same settings; with --data if its images have moved",
  },
  recipe: {
    value: "R",
    help: `the recipe (default ${DEFAULT_RECIPE}): a YAML file, its URL, or one of\n${BUNDLED_RECIPES.join(", ")}`,
  },
  init: {
    value: "W",
    help: "weights to start from: a bundled model, a model's directory, a safetensors file, or a checkpoint of the\n" +
      "authors' code; or the URL of such a file",
  },
  epochs: { value: "N", help: "passes over the images, instead of the recipe's" },
  steps: { value: "N", help: "number of steps (one batch each), instead of epochs" },
  batch: { value: "N", help: "images in a step, instead of the recipe's" },
  rate: { value: "X", help: "the highest learning rate, instead of the recipe's" },
  seed: { value: "N", help: "seed of initial weights, order and augmentation, instead of the recipe's" },
  keep: {
    value: "WHICH",
    help: "weights to keep: last (default), or best, those of the epoch with the best validation accuracy",
  },
  cache: {
    value: "BYTES",
    help: "memory for decoded images (default 2G); images that do not fit are decoded in every epoch; 0: none",
  },
  device: { value: "D", help: "auto (default): a hardware GPU if there is one, otherwise the CPU; gpu; or cpu" },
  threads: { value: "N", help: "number of CPU threads (default: one per core)" },
};
