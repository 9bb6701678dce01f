/**
 * Weights files, `@ranet/ranet/weights`: reads PyTorch checkpoints and safetensors as named tensors. Nothing in a file
 * is executed.
 *
 * ```ts
 * import { createModel, readSpec } from "@ranet/ranet";
 * import { readSafetensors } from "@ranet/ranet/weights";
 *
 * const bytes = await Deno.readFile("weights/ranet-cifar10.safetensors");
 * const { tensors } = readSafetensors(bytes, { source: "weights/ranet-cifar10.safetensors" });
 * const model = createModel(await readSpec("ranet-cifar10"), tensors, { source: "the file" });
 * console.log(model.network.exits.length);
 * ```
 *
 * @module
 */

export { RanetError, type RanetErrorCode, type RanetErrorOptions, type Remedy } from "./lib/errors.ts";
export { readCheckpoint, type ReadCheckpointOptions } from "./lib/weights/checkpoint.ts";
export type { WeightNamesOptions } from "./lib/weights/names.ts";
export {
  readSafetensors,
  type ReadSafetensorsOptions,
  type Safetensors,
  type StoredType,
  writeSafetensors,
  type WriteSafetensorsOptions,
} from "./lib/weights/safetensors.ts";
export type { Tensor } from "./lib/weights/tensor.ts";
