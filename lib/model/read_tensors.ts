/**
 * Reads the parameters of a trained model from any place.
 *
 * @module
 */

import { toPlace } from "../io/place.ts";
import type { ReadWeightsOptions } from "../weights/read.ts";
import type { Tensor } from "../weights/tensor.ts";
import { isArchive } from "./archive.ts";
import { loadModel } from "./model.ts";
import { BUNDLED_SPECS, isDirectory } from "./read_spec.ts";
import { readWeightsFile } from "./weights_file.ts";

/** Parameters and their classes. */
export interface TrainedTensors {
  /** The tensors by name, as trained. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** The classes of their logits, in order; missing if the file does not list them. */
  readonly classes?: readonly string[];
}

/**
 * Reads parameters.
 *
 * @param source A bundled model, a directory with `spec.yaml` and `weights.safetensors`, a zip archive of one (`.zip`),
 * or the path or URL of a safetensors file or a PyTorch checkpoint.
 * @param options The expected names, and a function for notes.
 * @returns The tensors, and their classes if known. The caller checks that they fit a network.
 * @throws {RanetError} If there is none, or it cannot be read.
 */
export async function readTensors(
  source: string,
  options: Omit<ReadWeightsOptions, "source" | "onClasses"> = {},
): Promise<TrainedTensors> {
  const place = toPlace(source);
  if (BUNDLED_SPECS.includes(place) || await isDirectory(place) || isArchive(place)) {
    const { tensors, spec: { classes } } = await loadModel(place, { calibrated: false });
    return { tensors, classes };
  }
  let classes: readonly string[] | undefined;
  const tensors = await readWeightsFile(place, { ...options, onClasses: (found) => classes = found });
  return { tensors, classes };
}
