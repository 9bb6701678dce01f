/**
 * Puts the model that a command line names on the device that it names.
 *
 * @module
 */

import { AdaptiveExecutor } from "../executor/executor.ts";
import { BUNDLED_MODELS, DEFAULT_MODEL, loadModel } from "../model/model.ts";
import { choice, count, deviceChoice } from "./args.ts";
import type { Call, Option, Terminal } from "./command.ts";

/** The options that {@linkcode openExecutor} reads. */
export type ModelOption = "model" | "weights" | "key" | "device" | "precision" | "threads";

/** Their help. */
export const MODEL_OPTIONS: Readonly<Record<ModelOption, Option>> = {
  model: {
    value: "M",
    help: `a bundled model (${BUNDLED_MODELS.join(", ")}; default: the first), a folder with spec.yaml and ` +
      "weights.safetensors or a .zip of one, or a spec together with --weights",
  },
  weights: { value: "W", help: "a safetensors file or PyTorch checkpoint (or URL) to take instead of the model's own" },
  key: {
    value: "K",
    help: "the key that a checkpoint's state_dict is under (default: state_dict, or the only one with tensors)",
  },
  device: {
    value: "D",
    help: "auto (default): a hardware GPU if there is one, otherwise the CPU; gpu; or cpu",
  },
  precision: {
    value: "P",
    help: "how the device stores weights: float32 (default), or float16 in half the memory",
  },
  threads: { value: "N", help: "largest number of CPU threads (default: one per core); results do not depend on it" },
};

/** Flags of commands that read a data set, and their help. */
export const DATASET_FLAGS: Readonly<Record<"skip-bad" | "allow-outside", string>> = {
  "skip-bad": "leave out images that cannot be read or whose label is unknown",
  "allow-outside": "allow a CSV to name images outside its own folder",
};

/** Loads a model and makes it ready to run; says so where the CPU stands in for an adapter. */
export async function openExecutor(
  { options }: Call<ModelOption>,
  { stderr }: Pick<Terminal, "stderr">,
  { capacity, calibrated = true }: { readonly capacity: number; readonly calibrated?: boolean },
): Promise<AdaptiveExecutor> {
  const device = deviceChoice(options.device);
  const precision = choice("precision", options.precision ?? "float32", ["float32", "float16"]);
  const threads = options.threads === undefined ? undefined : count("threads", options.threads);
  const { model: name = DEFAULT_MODEL, weights, key } = options;
  const model = await loadModel(name, { weights, key, calibrated, onNote: stderr });
  return await AdaptiveExecutor.create(model, { device, capacity, precision, threads, onFallback: stderr });
}
