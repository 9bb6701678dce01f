/**
 * Converts a file to a network's input tensor in the calling thread.
 *
 * @module
 */
import type { InputSpec } from "../network/common.ts";
import { arrayTensor, isArray } from "./arrays.ts";
import type { Dataset } from "./dataset.ts";
import { decodeImage, type DecodeImageOptions } from "./decode.ts";
import { toTensor } from "./preprocess.ts";

/**
 * Reads a sample of a data set.
 *
 * @throws {RanetError} If it is bad, or does not fit the network.
 */
export async function readSampleTensor(dataset: Dataset, index: number, input: InputSpec): Promise<Float32Array> {
  const file = await dataset.file?.(index);
  if (file) return await readTensor(file.bytes, { source: file.source, input });
  return toTensor((await dataset.read(index)).image, input);
}

/**
 * Reads an image or an array.
 *
 * @throws {RanetError} If it is neither, or does not fit the network.
 */
export async function readTensor(
  bytes: Uint8Array,
  { input, ...options }: DecodeImageOptions & { readonly input: InputSpec },
): Promise<Float32Array> {
  if (isArray(bytes, input.mean.length)) return arrayTensor(bytes, { source: options.source, input });
  return toTensor(await decodeImage(bytes, options), input);
}
