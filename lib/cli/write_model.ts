/**
 * Writes the directory of a model that was made from another.
 *
 * @module
 */

import { join, resolve } from "node:path";
import type { Calibration } from "../calibration/calibration.ts";
import { formatCalibrations } from "../calibration/calibration_file.ts";
import { checkWritable, writeFiles } from "../io/write_files.ts";
import type { Model } from "../model/model.ts";
import { formatTemperatures } from "../model/temperatures.ts";
import type { ArchitectureSpec } from "../network/architecture.ts";
import { specTemplate } from "../spec/template.ts";
import { digestTrained } from "../weights/digest.ts";
import { schemaSeenFrom } from "./schema_link.ts";

/** Checks before a long computation that {@linkcode writeModel} can write a directory. */
export async function checkModelWritable(out: string): Promise<void> {
  await checkWritable(["weights.safetensors", "spec.yaml"].map((name) => join(out, name)));
}

/** Whether two paths lead to the same file or folder, following links. */
export async function isSamePlace(a: string, b: string): Promise<boolean> {
  const real = async (path: string) => await Deno.realPath(path).catch(() => resolve(path));
  return await real(a) === await real(b);
}

/**
 * Writes weights, spec, the card if there is one, and the model's temperatures and thresholds. Those of a replaced
 * model are removed.
 */
export async function writeModel(
  model: Model,
  { out, spec, weights, calibrations, card }: {
    readonly out: string;
    readonly spec: ArchitectureSpec;
    readonly weights: Uint8Array;
    readonly calibrations: readonly Calibration[];
    readonly card?: string;
  },
): Promise<void> {
  const { temperatures } = model;
  const encoder = new TextEncoder();
  const files: [path: string, contents: Uint8Array][] = [[join(out, "weights.safetensors"), weights]];
  const add = (name: string, text: string) => files.push([join(out, name), encoder.encode(text)]);
  add("spec.yaml", specTemplate(spec, { schema: schemaSeenFrom(join(out, "spec.yaml")) }));
  if (card !== undefined) add("card.md", card);
  if (temperatures) {
    add("temperatures.json", formatTemperatures({ weights: await digestTrained(model), temperatures }));
  }
  if (calibrations.length > 0) add("calibration.json", formatCalibrations(calibrations));
  await writeFiles(files, { without: ["temperatures.json", "calibration.json"].map((name) => join(out, name)) });
}
