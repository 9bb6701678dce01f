/**
 * A file of weights, wherever it lies.
 *
 * @module
 */

import { placeName } from "../io/place.ts";
import { readResource } from "../io/resource.ts";
import { readWeights, type ReadWeightsOptions } from "../weights/read.ts";
import type { Tensor } from "../weights/tensor.ts";

/** Larger files are refused: about as much as one array holds. */
const MAX_BYTES = 2 ** 32;

/**
 * Reads a safetensors file or a PyTorch checkpoint.
 *
 * @param place Its path or URL.
 * @param options Which names are expected, and who is told what was done to find them.
 * @throws {RanetError} If it is not there, or cannot be read.
 */
export async function readWeightsFile(
  place: string,
  options: Omit<ReadWeightsOptions, "source"> = {},
): Promise<Map<string, Tensor>> {
  return readWeights(await readResource(place, { maxBytes: MAX_BYTES }), { ...options, source: placeName(place) });
}
