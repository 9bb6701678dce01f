/**
 * The parameters of a trained model, wherever they are.
 *
 * @module
 */

import { readCheckpoint } from "../weights/checkpoint.ts";
import { readSafetensors } from "../weights/safetensors.ts";
import type { Tensor } from "../weights/tensor.ts";
import { BUNDLED_SPECS, isDirectory, loadModel } from "./model.ts";
import { readResource } from "../io/resource.ts";

/** Larger files are refused: about as much as one array holds. */
const MAX_BYTES = 2 ** 32;

/**
 * Reads parameters.
 *
 * @param source A bundled model, a directory with `spec.yaml` and `weights.safetensors` or a `.zip` of one, or the path or URL of a
 * safetensors file or of a checkpoint of the authors' code.
 * @returns The tensors by name, as trained. Whether they are a network's is for the caller to check.
 * @throws {RanetError} If there is none, or it cannot be read.
 */
export async function readTensors(source: string): Promise<ReadonlyMap<string, Tensor>> {
  if (BUNDLED_SPECS.includes(source) || await isDirectory(source) || /\.zip$/i.test(source)) {
    return (await loadModel(source, { calibrated: false })).tensors;
  }
  const bytes = await readResource(source, { maxBytes: MAX_BYTES });
  const isSafetensors = /\.safetensors$/i.test(source) || !startsAsCheckpoint(bytes);
  return isSafetensors ? readSafetensors(bytes, { source }).tensors : readCheckpoint(bytes, { source });
}

/** A zip archive, or a pickle. */
function startsAsCheckpoint(bytes: Uint8Array): boolean {
  return bytes[0] === 0x80 || (bytes[0] === 0x50 && bytes[1] === 0x4b);
}
