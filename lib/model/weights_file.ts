/**
 * Reads a file of weights from disk or the web.
 *
 * @module
 */

import { placeName } from "../io/place.ts";
import { readResource } from "../io/resource.ts";
import { readWeights, type ReadWeightsOptions } from "../weights/read.ts";
import type { Tensor } from "../weights/tensor.ts";

/** Larger files are refused, because an array cannot be much larger. */
const MAX_BYTES = 2 ** 32;

/**
 * Reads a safetensors file or a PyTorch checkpoint.
 *
 * @param place Its path or URL.
 * @param options The expected names, and a function for notes.
 * @throws {RanetError} If it does not exist or cannot be read.
 */
export async function readWeightsFile(
  place: string,
  options: Omit<ReadWeightsOptions, "source"> = {},
): Promise<Map<string, Tensor>> {
  return readWeights(await readResource(place, { maxBytes: MAX_BYTES }), { ...options, source: placeName(place) });
}
