/**
 * Packs a trained model into a single file.
 *
 * @module
 */

import type { Calibration } from "../calibration/calibration.ts";
import { formatCalibrations } from "../calibration/calibration_file.ts";
import { writeModelFiles } from "../model/archive.ts";
import { createModel } from "../model/model.ts";
import { formatTemperatures } from "../model/temperatures.ts";
import { type ArchitectureSpec, SPEC_PARTS } from "../network/architecture.ts";
import { specTemplate } from "../spec/template.ts";
import { digestTrained } from "../weights/digest.ts";
import { isQuantized } from "../weights/quantized.ts";
import { writeQuantized } from "../weights/quantized_file.ts";
import { writeSafetensors } from "../weights/safetensors.ts";
import type { Tensor } from "../weights/tensor.ts";
import { expectMap, expectObject } from "../text/expect.ts";

/** Files to pack with a model. */
export interface PackModelOptions {
  /** Temperatures by which each exit's logits are divided (see `fitTemperatures`). Default: none. */
  readonly temperatures?: readonly number[];
  /** Calibrations of the model, with those temperatures if there are any. Default: none. */
  readonly calibrations?: readonly Calibration[];
}

/** Path of the schema in packed specs, for editors. */
const SCHEMA = "./ranet.schema.json";

/**
 * Packs a model into a zip archive. `loadModel` and all commands (`--model my-model.zip`) accept the archive and its
 * unpacked folder.
 *
 * @param spec The architecture.
 * @param tensors The trained weights without temperatures applied, or those of a quantized model.
 * @param options Temperatures and calibrations.
 * @returns The archive: `spec.yaml`, `weights.safetensors`, `temperatures.json` and `calibration.json`.
 * @throws {RanetError} If the tensors do not fit the architecture.
 *
 * @example
 * ```ts
 * import { loadModel, readSpec } from "@ranet/ranet";
 * import { packModel } from "@ranet/ranet/train";
 *
 * const spec = await readSpec("ranet-cifar10-micro");
 * const { tensors } = await loadModel("ranet-cifar10-micro", { calibrated: false });
 * const archive = await packModel(spec, tensors);
 * console.log(archive.length); // to be written as my-model.zip
 * ```
 */
export async function packModel(
  spec: ArchitectureSpec,
  tensors: ReadonlyMap<string, Tensor>,
  options: PackModelOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  expectObject("packModel", { spec }, ...SPEC_PARTS);
  expectMap("packModel", { tensors });
  expectObject("packModel", { options });
  const { temperatures, calibrations = [] } = options;
  const { network } = createModel(spec, tensors, { source: "to be packed" });
  const metadata = { spec: spec.name };
  const encoder = new TextEncoder();
  return writeModelFiles({
    "spec.yaml": encoder.encode(specTemplate(spec, { schema: SCHEMA })),
    "weights.safetensors": isQuantized(tensors)
      ? writeQuantized(network, tensors, metadata)
      : writeSafetensors(tensors, { metadata }),
    ...temperatures && {
      "temperatures.json": encoder.encode(
        formatTemperatures({ weights: await digestTrained({ network, tensors }), temperatures }),
      ),
    },
    ...calibrations.length > 0 && { "calibration.json": encoder.encode(formatCalibrations(calibrations)) },
  });
}
