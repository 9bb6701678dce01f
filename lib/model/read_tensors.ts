/**
 * The parameters of a trained model, wherever they are.
 *
 * @module
 */

import { toPlace } from "../io/place.ts";
import type { ReadWeightsOptions } from "../weights/read.ts";
import type { Tensor } from "../weights/tensor.ts";
import { isArchive } from "./archive.ts";
import { BUNDLED_SPECS, isDirectory, loadModel } from "./model.ts";
import { readWeightsFile } from "./weights_file.ts";

/**
 * Reads parameters.
 *
 * @param source A bundled model, a directory with `spec.yaml` and `weights.safetensors`, a zip archive of one (`.zip`), or the path or URL of a
 * safetensors file or a PyTorch checkpoint.
 * @param options Which names are expected, and who is told what was done to find them.
 * @returns The tensors by name, as trained. Whether they are a network's is for the caller to check.
 * @throws {RanetError} If there is none, or it cannot be read.
 */
export async function readTensors(
  source: string,
  options: Omit<ReadWeightsOptions, "source"> = {},
): Promise<ReadonlyMap<string, Tensor>> {
  const place = toPlace(source);
  if (BUNDLED_SPECS.includes(place) || await isDirectory(place) || isArchive(place)) {
    return (await loadModel(place, { calibrated: false })).tensors;
  }
  return await readWeightsFile(place, options);
}
