/**
 * Where a model's calibrations are kept.
 *
 * @module
 */

import { exists } from "../io/exists.ts";
import { BUNDLED_MODELS, BUNDLED_SPECS, type LoadModelOptions, type Model } from "../model/model.ts";
import { isUrl } from "../io/resource.ts";
import type { Calibration } from "./calibration.ts";
import { readCalibrations } from "./calibration_file.ts";

/** How a model was found. */
export interface ModelPlace extends LoadModelOptions {
  /** The name, directory or spec that it was loaded by. */
  readonly name: string;
}

/**
 * The file of a model's calibrations: beside its weights; for a bundled model, or one on the web, in the current
 * directory.
 */
export async function calibrationPath(model: Pick<Model, "name">, { name, weights }: ModelPlace): Promise<string> {
  if (weights !== undefined && !isUrl(weights)) {
    return `${weights.replace(/\.safetensors$/, "")}.calibration.json`;
  }
  const bundled = BUNDLED_SPECS.includes(name) || isUrl(name);
  if (!bundled && (await exists(`${name}/spec.yaml`))) return `${name.replace(/\/+$/, "")}/calibration.json`;
  return `${model.name}.calibration.json`;
}

/**
 * Reads a model's calibrations: its own file's, else those that come with the library.
 *
 * @returns `undefined` if there are none.
 * @throws {RanetError} If they cannot be read.
 */
export async function findCalibrations(
  model: Pick<Model, "name">,
  place: ModelPlace,
): Promise<Calibration[] | undefined> {
  const path = await calibrationPath(model, place);
  if (await isThere(path)) return await readCalibrations(path);
  const bundled = BUNDLED_MODELS.includes(place.name) && place.weights === undefined;
  return bundled ? await readCalibrations(place.name) : undefined;
}

/** What may not be looked at is not there; nor is anything in a browser. */
async function isThere(path: string): Promise<boolean> {
  if (!("Deno" in globalThis)) return false;
  try {
    return await exists(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return false;
    throw error;
  }
}
