/**
 * Opens the model of a command line on its device.
 *
 * @module
 */

import type { Dataset, DatasetOptions } from "../data/dataset.ts";
import type { LabelReading } from "../data/labels.ts";
import { openDataset } from "../data/open_dataset.ts";
import { MODEL_PRECISIONS, type ModelPrecision } from "../device/precision.ts";
import { AdaptiveExecutor } from "../executor/executor.ts";
import { loadModel, type Model } from "../model/model.ts";
import { BUNDLED_MODELS, DEFAULT_MODEL } from "../model/read_spec.ts";
import type { CommonSpec } from "../network/common.ts";
import { choice, count, deviceChoice } from "./args.ts";
import type { Call, Option, Terminal } from "./command.ts";
import { countTrained } from "../training/trained_images.ts";
import { printable } from "./text.ts";

/** The options that {@linkcode openExecutor} reads. */
export type ModelOption = "model" | "weights" | "key" | "device" | "precision" | "threads";

/** Help of these options. */
export const MODEL_OPTIONS: Readonly<Record<ModelOption, Option>> = {
  model: {
    value: "M",
    help: `a bundled model (${BUNDLED_MODELS.join(", ")}; default: the first), a folder with spec.yaml and ` +
      "weights.safetensors or a .zip of one, or a spec together with --weights",
  },
  weights: { value: "W", help: "a safetensors file or PyTorch checkpoint (or URL) to use instead of the model's own" },
  key: {
    value: "K",
    help: "key of a checkpoint's state_dict (default: state_dict, or the only key with tensors)",
  },
  device: {
    value: "D",
    help: "auto (default): a hardware GPU if there is one, otherwise the CPU; gpu; or cpu",
  },
  precision: {
    value: "P",
    help: "precision: float32 (default), float16 weights in half the memory, or int8, which is faster " +
      "on the CPU: the 8-bit weights of a bundled model (others: ranet quantize)",
  },
  threads: { value: "N", help: "largest number of CPU threads (default: one per core); results do not depend on it" },
};

/** Flags of commands that read a data set, and their help. */
export const DATASET_FLAGS: Readonly<Record<"skip-bad" | "allow-outside", string>> = {
  "skip-bad": "skip images that cannot be read or whose label is unknown",
  "allow-outside": "allow a CSV to list images outside its own folder",
};

/** Options of commands that read a data set, and their help. */
export const DATASET_OPTIONS: Readonly<Record<"labels", Option>> = {
  labels: {
    value: "HOW",
    help: "interpret a data set's labels as names or as indexes (default: whichever fits; an error if both do)",
  },
};

/** Options for opening data sets, from a command line. */
export function datasetOptions(
  { options, flags }: Pick<Call<"labels">, "options" | "flags">,
): Pick<DatasetOptions, "skipBad" | "allowOutside" | "readLabels"> {
  return {
    skipBad: flags.has("skip-bad"),
    allowOutside: flags.has("allow-outside"),
    readLabels: options.labels === undefined
      ? undefined
      : choice<LabelReading>("labels", options.labels, ["names", "indexes"]),
  };
}

/** Opens a data set for a model, and prints notes about it. */
export async function openDatasetFor(
  { classes, input }: CommonSpec,
  path: string,
  { call, terminal, part }: {
    readonly call: Pick<Call<"labels">, "options" | "flags">;
    readonly terminal: Terminal;
    readonly part?: DatasetOptions["part"];
  },
): Promise<Dataset> {
  const dataset = await openDataset(path, {
    labels: classes,
    inputSize: input.size,
    channels: input.mean.length,
    part,
    ...datasetOptions(call),
  });
  for (const note of dataset.notes ?? []) terminal.stderr(printable(note));
  for (const message of dataset.bad) terminal.stderr(printable(`Skipped: ${message}`));
  return dataset;
}

/** Prints a note if the model was trained on images of a data set. */
export async function noteTrained(
  dataset: Dataset,
  path: string,
  { spec: { classes, input }, call: { options }, terminal }: {
    readonly spec: CommonSpec;
    readonly call: Pick<Call<"model">, "options">;
    readonly terminal: Terminal;
  },
): Promise<void> {
  const { model = DEFAULT_MODEL } = options;
  const open = { labels: classes, inputSize: input.size, channels: input.mean.length };
  const count = await countTrained(dataset, model, { path, open });
  if (count === 0) return;
  const which = count === dataset.size ? `the ${count} images` : `${count} of the ${dataset.size} images`;
  terminal.stderr(
    printable(`${model} was trained on ${which} of ${path}: its accuracy on other images may be much lower`),
  );
}

/** The requested precision; `undefined` for the model's own. */
export function readPrecision(given: string | undefined): ModelPrecision | undefined {
  return given === undefined ? undefined : choice("precision", given, MODEL_PRECISIONS);
}

/** Loads a model and prepares it to run. Prints a notice if the CPU replaces an adapter. */
export async function openExecutor(
  call: Call<ModelOption>,
  terminal: Pick<Terminal, "stderr">,
  { calibrated, model: opened, ...how }: {
    readonly batchSize: number;
    readonly calibrated?: boolean;
    readonly together?: boolean;
    /** The model, if it is already open. */
    readonly model?: Model;
  },
): Promise<AdaptiveExecutor> {
  const { options } = call;
  const device = deviceChoice(options.device);
  const precision = readPrecision(options.precision);
  const threads = options.threads === undefined ? undefined : count("threads", options.threads);
  const model = opened ?? await openModel(call, terminal, { calibrated });
  return await AdaptiveExecutor.create(model, { ...how, device, precision, threads, onFallback: terminal.stderr });
}

/** Opens the model that the options name. */
export async function openModel(
  { options }: Call<ModelOption>,
  { stderr }: Pick<Terminal, "stderr">,
  { calibrated = true }: { readonly calibrated?: boolean } = {},
): Promise<Model> {
  const { model = DEFAULT_MODEL, weights, key } = options;
  return await loadModel(model, {
    weights,
    key,
    calibrated,
    precision: readPrecision(options.precision),
    onNote: stderr,
  });
}
