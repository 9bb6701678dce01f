/**
 * Puts the model that a command line names on the device that it names.
 *
 * @module
 */

import { AdaptiveExecutor } from "../executor/executor.ts";
import { BUNDLED_MODELS, BUNDLED_SPECS, DEFAULT_MODEL, loadModel } from "../model/model.ts";
import { wrap } from "../text/wrap.ts";
import { choice, count, deviceChoice } from "./args.ts";
import type { Call, Option, Terminal } from "./command.ts";

/** The options that {@linkcode openExecutor} reads. */
export type ModelOption = "model" | "weights" | "key" | "device" | "precision" | "threads";

/** Their help. */
export const MODEL_OPTIONS: Readonly<Record<ModelOption, Option>> = {
  model: {
    value: "M",
    help: `a bundled model, a directory with spec.yaml and weights.safetensors, or a spec with --weights\n` +
      `(bundled: ${BUNDLED_MODELS.join(", ")}; default the first; specs without weights:\n${
        wrap(BUNDLED_SPECS.filter((name) => !BUNDLED_MODELS.includes(name)).join(", "), 80).join("\n")
      })`,
  },
  weights: { value: "W", help: "a safetensors file or PyTorch checkpoint (or URL) to take instead of the model's own" },
  key: {
    value: "K",
    help: "the key that a checkpoint's state_dict is under (default: state_dict, or the only one with tensors)",
  },
  device: {
    value: "D",
    help: `auto (default): the WebGPU adapter if there is one that is not itself a CPU driver, else the CPU, which also
takes over where the adapter fails; or gpu; or cpu`,
  },
  precision: {
    value: "P",
    help: "how weights are stored on the device: float32 (default), or float16, in half the memory",
  },
  threads: { value: "N", help: "most threads to use on the CPU (default one per core); results do not depend on it" },
};

/** Flags of commands that read a data set, and their help. */
export const DATASET_FLAGS: Readonly<Record<"skip-bad" | "allow-outside", string>> = {
  "skip-bad": "leave out images that cannot be read or have an unknown label",
  "allow-outside": "let a CSV name images outside of its own folder",
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
