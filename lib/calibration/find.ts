/**
 * Finds a model's calibrations.
 *
 * @module
 */

import { exists, hasFiles } from "../io/exists.ts";
import { inFolder, isUrl, sideFile, toPlace } from "../io/place.ts";
import { bundledName, type LoadModelOptions, type Model } from "../model/model.ts";
import { BUNDLED_MODELS, isDirectory } from "../model/read_spec.ts";
import type { Calibration } from "./calibration.ts";
import {
  archivedCalibrations,
  bundledCalibrations,
  readCalibrations,
  readCalibrationsIfThere,
} from "./calibration_file.ts";

/** The place from which a model was loaded. */
export interface ModelPlace extends LoadModelOptions {
  /** The name, directory or spec that it was loaded by. */
  readonly name: string | URL | Blob;
}

/**
 * The file of a model's calibrations, to read and to write: beside its weights; for a bundled model, or one on the web,
 * in the current directory.
 */
export async function calibrationPath(model: Pick<Model, "name">, place: ModelPlace): Promise<string> {
  const beside = await calibrationBeside(place);
  return beside === undefined || isUrl(beside)
    ? `${bundledName(model.name, place.precision)}.calibration.json`
    : beside;
}

/**
 * Reads a model's calibrations: those of {@linkcode calibrationPath}; else those beside the weights on the web, in the
 * model's archive, or the bundled ones.
 *
 * @returns `undefined` if there are none.
 * @throws {RanetError} If they cannot be read.
 */
export async function findCalibrations(
  model: Pick<Model, "name">,
  place: ModelPlace,
): Promise<Calibration[] | undefined> {
  if (place.name instanceof Blob) {
    return place.weights === undefined ? await archivedCalibrations(place.name) : undefined;
  }
  const path = await calibrationPath(model, place);
  if (await isThere(path)) return await readCalibrations(path);
  const beside = await calibrationBeside(place);
  if (beside !== undefined && isUrl(beside)) return await readCalibrationsIfThere(beside);
  if (place.weights !== undefined) return undefined;
  const name = toPlace(place.name);
  if (!BUNDLED_MODELS.includes(name)) return await archivedCalibrations(name);
  return await bundledCalibrations(bundledName(name, place.precision));
}

/** The file beside the weights, unless these are bundled or have a URL without siblings. */
async function calibrationBeside({ name, weights }: ModelPlace): Promise<string | undefined> {
  if (weights !== undefined) return sideFile(toPlace(weights), "calibration");
  if (name instanceof Blob) return undefined;
  const place = toPlace(name);
  return await isDirectory(place) ? inFolder(place, "calibration.json") : undefined;
}

/** Whether a file exists. Files without permission, and all files in a browser, do not. */
async function isThere(path: string): Promise<boolean> {
  if (!hasFiles()) return false;
  try {
    return await exists(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return false;
    throw error;
  }
}
