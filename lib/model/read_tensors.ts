/**
 * The parameters of a trained model, wherever they are.
 *
 * @module
 */

import { readCheckpoint } from "../weights/checkpoint.ts";
import { classesIn } from "../weights/metadata.ts";
import { readSafetensors } from "../weights/safetensors.ts";
import type { Tensor } from "../weights/tensor.ts";
import { BUNDLED_SPECS, isDirectory, loadModel } from "./model.ts";
import { readResource } from "../io/resource.ts";

/** Larger files are refused: about as much as one array holds. */
const MAX_BYTES = 2 ** 32;

/** Parameters, and whose they are. */
export interface TrainedTensors {
  /** The tensors by name, as trained. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** The classes of their logits, in order; missing if the file does not name them. */
  readonly classes?: readonly string[];
}

/**
 * Reads parameters.
 *
 * @param source A bundled model, a directory with `spec.yaml` and `weights.safetensors`, or the path or URL of a
 * safetensors file or of a checkpoint of the authors' code.
 * @returns The tensors, and their classes where these are known. Whether they are a network's is for the caller to check.
 * @throws {RanetError} If there is none, or it cannot be read.
 */
export async function readTensors(source: string): Promise<TrainedTensors> {
  if (BUNDLED_SPECS.includes(source) || await isDirectory(source)) {
    const { tensors, spec: { classes } } = await loadModel(source, { calibrated: false });
    return { tensors, classes };
  }
  const bytes = await readResource(source, { maxBytes: MAX_BYTES });
  const isSafetensors = /\.safetensors$/i.test(source) || !startsAsCheckpoint(bytes);
  if (!isSafetensors) return { tensors: readCheckpoint(bytes, { source }) };
  const { tensors, metadata } = readSafetensors(bytes, { source });
  return { tensors, classes: classesIn(metadata) };
}

/** A zip archive, or a pickle. */
function startsAsCheckpoint(bytes: Uint8Array): boolean {
  return bytes[0] === 0x80 || (bytes[0] === 0x50 && bytes[1] === 0x4b);
}
