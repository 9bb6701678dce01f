/**
 * Writes the directory of a model that was made from another.
 *
 * @module
 */

import { join } from "node:path";
import type { Calibration } from "../calibration/calibration.ts";
import { formatCalibrations } from "../calibration/calibration_file.ts";
import { checkWritable, writeFiles } from "../io/write_files.ts";
import type { Model } from "../model/model.ts";
import { formatTemperatures } from "../model/temperatures.ts";
import type { ArchitectureSpec } from "../network/architecture.ts";
import { specTemplate } from "../spec/template.ts";
import { digestTrained } from "../weights/digest.ts";
import { UsageError } from "./command.ts";
import { printable } from "./text.ts";
import { schemaSeenFrom } from "./schema_link.ts";

/** Checks before a long computation that {@linkcode writeModel} can write a directory. */
export async function checkModelWritable(out: string): Promise<void> {
  await checkWritable(["weights.safetensors", "spec.yaml"].map((name) => join(out, name)));
}

/**
 * Checks that a model is not written over the one that it is made from.
 *
 * @param source The source: a directory, a name, or a file of weights.
 * @throws {UsageError} If it would be overwritten.
 */
export async function refuseSource(source: string, out: string): Promise<void> {
  const real = (path: string) => Deno.realPath(path).catch(() => undefined);
  const place = await real(source);
  if (place === undefined || place !== await real(out) && place !== await real(join(out, "weights.safetensors"))) {
    return;
  }
  throw new UsageError(
    `Cannot write to ${printable(out)}: that is the model itself, which would be overwritten. Choose another directory`,
  );
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
