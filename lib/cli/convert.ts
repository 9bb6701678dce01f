/**
 * `ranet import` of a model's directory: copies it with smaller weights.
 *
 * @module
 */

import { join } from "node:path";
import type { Calibration } from "../calibration/calibration.ts";
import { calibrationPath } from "../calibration/find.ts";
import { readCalibrationFile } from "../calibration/calibration_file.ts";
import { exists } from "../io/exists.ts";
import { createModel, loadModel, type Model, withTemperatures } from "../model/model.ts";
import { readSpec } from "../model/read_spec.ts";
import { digestModel } from "../weights/digest.ts";
import { weightsMetadata } from "../weights/metadata.ts";
import { refuseQuantized } from "../weights/quantized.ts";
import { readSafetensors, writeSafetensors } from "../weights/safetensors.ts";
import { writeModel } from "./write_model.ts";

/** Types in which weights can be stored. */
export type Dtype = "float32" | "float16";

/** A copied model. */
export interface Converted {
  /** The model with the stored weights. */
  readonly model: Model;
  /** Size of its weights in bytes. */
  readonly bytes: number;
}

/** The type in which each tensor is stored: vectors stay float32. */
export function storedAs(dtype: Dtype): (name: string, tensor: { readonly shape: readonly number[] }) => "F16" | "F32" {
  return (_, { shape }) => dtype === "float16" && shape.length > 1 ? "F16" : "F32";
}

/**
 * Copies a model's directory, with its temperatures and thresholds. They stay valid: rounding weights to float16
 * changes confidences by less than fitting on other images would.
 *
 * @param source The model's directory.
 * @param options `out`: the copy's directory; `dtype`: type of the stored weights.
 * @throws {RanetError} If it is not a model, or a weight is too large for its type.
 */
export async function convertModel(
  source: string,
  { out, dtype }: { readonly out: string; readonly dtype: Dtype },
): Promise<Converted> {
  const before = await loadModel(source);
  refuseQuantized(before.tensors, `store the weights of ${source} as ${dtype}`);
  const spec = await readSpec(join(source, "spec.yaml"));
  const bytes = writeSafetensors(before.tensors, { metadata: weightsMetadata(spec), dtype: storedAs(dtype) });
  const stored = createModel(spec, readSafetensors(bytes, { source: out }).tensors, { source: out });
  const { temperatures } = before;
  const model = temperatures ? withTemperatures(stored, temperatures) : stored;
  const calibrations = await calibrationsFor(before, model, source);
  await writeModel(model, { out, spec, weights: bytes, calibrations });
  return { model, bytes: bytes.length };
}

/** A model's thresholds for its copy. */
async function calibrationsFor(before: Model, model: Model, source: string): Promise<Calibration[]> {
  const path = await calibrationPath(before, { name: source });
  if (!await exists(path)) return [];
  const [own, weights] = [await digestModel(before), await digestModel(model)];
  return (await readCalibrationFile(path)).filter((one) => one.weights === own).map((one) => ({ ...one, weights }));
}
