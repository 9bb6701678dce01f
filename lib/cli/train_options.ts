/**
 * The options of `ranet train`.
 *
 * @module
 */

import { BUNDLED_RECIPES, DEFAULT_RECIPE } from "../training/recipe.ts";
import type { Option } from "./command.ts";
import { DATASET_OPTIONS } from "./run_on.ts";

/** Their names. */
export type TrainOption =
  | ("data" | "val" | "labels" | "init" | "recipe" | "out" | "resume" | "keep" | "cache" | "device" | "threads")
  | ("epochs" | "steps" | "batch" | "rate" | "seed");

/** Their help. */
export const TRAIN_OPTIONS: Readonly<Record<TrainOption, Option>> = {
  data: { value: "DATASET", help: "images to train on" },
  val: {
    value: "DATASET",
    help:
      "images to measure accuracy on after each epoch, and to calibrate on at the end (default: val/ beside train/ in\n" +
      "--data, else some of each class, a tenth or up to 50, are set aside, chosen by the seed); none: all images train",
  },
  ...DATASET_OPTIONS,
  out: { value: "DIR", help: "the model's directory, made if missing" },
  resume: {
    value: "DIR",
    help: "go on with the training in a model's directory, with everything as it was; --data says where images are now",
  },
  recipe: {
    value: "R",
    help: `how to train (default ${DEFAULT_RECIPE}): a YAML file, its URL, or one of\n${BUNDLED_RECIPES.join(", ")}`,
  },
  init: {
    value: "W",
    help: "weights to start from: a bundled model, a model's directory, a safetensors file, or a checkpoint of the\n" +
      "authors' code; or the URL of such a file",
  },
  epochs: { value: "N", help: "passes over the images, instead of the recipe's" },
  steps: { value: "N", help: "steps, a batch each, instead of epochs" },
  batch: { value: "N", help: "images in a step, instead of the recipe's" },
  rate: { value: "X", help: "the highest learning rate, instead of the recipe's" },
  seed: { value: "N", help: "what initial weights, order and augmentation follow from, instead of the recipe's" },
  keep: { value: "WHICH", help: "weights to keep: last (default), or best: of the epoch with the best validation" },
  cache: {
    value: "BYTES",
    help: "memory for decoded images (default 2G); what does not fit is decoded each time; 0: none",
  },
  device: { value: "D", help: "auto (default): a real GPU if there is one, else the CPU; or gpu; or cpu" },
  threads: { value: "N", help: "threads of the CPU (default: as many as there are cores)" },
};
