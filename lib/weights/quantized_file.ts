/**
 * Writes the weights of a quantized model.
 *
 * @module
 */

import type { Network } from "../network/network.ts";
import { QUANTIZATION_NOTE, quantizedParameters } from "./quantized.ts";
import { type StoredType, writeSafetensors } from "./safetensors.ts";
import type { Tensor } from "./tensor.ts";

/**
 * Writes 8-bit weights as safetensors: integers in their own types, the matrices of linear layers as float16.
 *
 * @param metadata Metadata in addition to the key that marks the file as quantized.
 */
export function writeQuantized(
  network: Network,
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const types = new Map<string, StoredType>(
    quantizedParameters(network).map(({ name, dtype, shape }) => [
      name,
      dtype === "F32" && shape.length > 1 ? "F16" : dtype,
    ]),
  );
  return writeSafetensors(tensors, {
    metadata: { ...metadata, [QUANTIZATION_NOTE.key]: QUANTIZATION_NOTE.value },
    dtype: (name) => types.get(name)!,
  });
}
