/**
 * `--budget`: where calibrations are kept, and what a batch made of its budget.
 *
 * @module
 */

import { RanetError } from "../errors.ts";
import { type Calibration, checkCalibration } from "../calibration/calibration.ts";
import { checkBudget } from "../calibration/search.ts";
import { calibrationWithin, readCalibrations } from "../calibration/calibration_file.ts";
import { BUNDLED_SPECS, DEFAULT_MODEL, type Model } from "../model/model.ts";
import { isUrl } from "../model/resource.ts";
import type { BatchSummary } from "../executor/summary.ts";
import { large, percent } from "../numbers.ts";
import { readAmount } from "./amount.ts";
import { type Call, UsageError } from "./command.ts";
import { exists } from "./exists.ts";
import type { ModelOption } from "./run_on.ts";
import { printable } from "./text.ts";

type Options = Call<ModelOption | "threshold" | "budget" | "calibration">["options"];

/** A budget, and the thresholds that are to keep it. */
export interface Budget {
  /** Multiply-adds per image, on average. */
  readonly budget: number;
  /** The calibration that spends most within it. */
  readonly calibration: Calibration;
}

/**
 * Where a model's calibrations are kept: beside its weights; for a bundled model, or one on the web, in the current
 * directory.
 */
export async function calibrationPath(options: Call<ModelOption>["options"], model: Model): Promise<string> {
  const { model: name = DEFAULT_MODEL, weights } = options;
  if (weights !== undefined && !isUrl(weights)) {
    return `${weights.replace(/\.safetensors$/, "")}.calibration.json`;
  }
  const bundled = BUNDLED_SPECS.includes(name) || isUrl(name);
  if (!bundled && (await exists(`${name}/spec.yaml`))) return `${name.replace(/\/+$/, "")}/calibration.json`;
  return `${model.name}.calibration.json`;
}

/**
 * Reads `--budget`, and the calibration for it.
 *
 * @returns `undefined` without `--budget`.
 * @throws {RanetError} If there is no calibration, none within the budget, or no way to meet the budget.
 */
export async function readBudget(options: Options, model: Model): Promise<Budget | undefined> {
  if (options.budget === undefined) {
    if (options.calibration !== undefined) throw new UsageError("Cannot use --calibration without --budget");
    return undefined;
  }
  if (options.threshold !== undefined) {
    throw new UsageError("Cannot use --threshold together with --budget: expected one of them");
  }
  const budget = readAmount(options.budget, "budget");
  checkBudget(budget, model.network);
  const path = options.calibration ?? await calibrationPath(options, model);
  const make = `ranet calibrate DATASET${options.model === undefined ? "" : ` --model ${options.model}`}` +
    `${options.weights === undefined ? "" : ` --weights ${options.weights}`} --budget ${options.budget}`;
  const calibrations = await readOwnOrBundled(path, options, make);
  for (const calibration of calibrations) await checkCalibration(calibration, model);
  try {
    return { budget, calibration: calibrationWithin(budget, calibrations) };
  } catch (error) {
    if (error instanceof RanetError) throw new RanetError(`${error.message} (${path}). Make one: ${make}`);
    throw error;
  }
}

/** What a batch made of its budget, in two lines. */
export function budgetText({ budget, calibration }: Budget, summary: BatchSummary): string {
  const { expectedCost, expectedAccuracy, dataset, samples } = calibration;
  const shares = summary.exits.filter(({ share }) => share > 0)
    .map(({ exit, share }) => `${percent(share)} at exit ${exit}`);
  return `average ${large(summary.averageFlops)} of a budget of ${large(budget)}; ${shares.join(", ")}
expected of these thresholds, from ${samples} samples${dataset ? ` of ${printable(dataset)}` : ""}: ` +
    `${large(expectedCost)}, accuracy ${percent(expectedAccuracy)}`;
}

async function readOwnOrBundled(path: string, options: Options, make: string): Promise<Calibration[]> {
  if (options.calibration !== undefined || await exists(path)) return await readCalibrations(path);
  const { model = DEFAULT_MODEL, weights } = options;
  if (model === DEFAULT_MODEL && weights === undefined) return await readCalibrations(DEFAULT_MODEL);
  throw new RanetError(`Cannot keep a budget: there is no calibration ${path}. Make one: ${make}`);
}
