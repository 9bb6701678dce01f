/**
 * `--budget`: finds the thresholds for it, and reports how much of it a batch used.
 *
 * @module
 */

import { RanetError } from "../errors.ts";
import { type Calibration, checkCalibration } from "../calibration/calibration.ts";
import { checkBudget } from "../calibration/search.ts";
import { accuracyInterval } from "../calibration/samples.ts";
import { calibrationWithin, readCalibrations } from "../calibration/calibration_file.ts";
import { calibrationPath, findCalibrations, type ModelPlace } from "../calibration/find.ts";
import type { Model } from "../model/model.ts";
import { DEFAULT_MODEL } from "../model/read_spec.ts";
import type { BatchSummary } from "../executor/summary.ts";
import { large, percent } from "../text/numbers.ts";
import { readAmount } from "./amount.ts";
import { type Call, UsageError } from "./command.ts";
import { type ModelOption, readPrecision } from "./run_on.ts";
import { printable } from "./text.ts";

type Options = Call<ModelOption | "threshold" | "budget" | "calibration">["options"];

/** A budget and its thresholds. */
export interface Budget {
  /** Multiply-adds per image, on average. */
  readonly budget: number;
  /** The most expensive calibration within it. */
  readonly calibration: Calibration;
}

/** The place of the model that a command line names. */
export function placeOf({ model: name = DEFAULT_MODEL, weights, precision }: Call<ModelOption>["options"]): ModelPlace {
  return { name, weights, precision: readPrecision(precision) };
}

/**
 * Reads `--budget` and the calibration for it.
 *
 * @returns `undefined` without `--budget`.
 * @throws {RanetError} If there is no calibration, none within the budget, or the budget cannot be met.
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
  const place = placeOf(options);
  const path = options.calibration ?? await calibrationPath(model, place);
  const make = `ranet calibrate DATASET${options.model === undefined ? "" : ` --model ${options.model}`}` +
    `${options.weights === undefined ? "" : ` --weights ${options.weights}`} --budget ${options.budget}`;
  const own = options.calibration;
  const calibrations = await (own === undefined ? findCalibrations(model, place) : readCalibrations(own));
  if (!calibrations) throw new RanetError(`Cannot keep a budget: there is no calibration ${path}. Create one: ${make}`);
  for (const calibration of calibrations) await checkCalibration(calibration, model);
  try {
    return { budget, calibration: calibrationWithin(budget, calibrations) };
  } catch (error) {
    if (error instanceof RanetError) throw new RanetError(`${error.message} (${path}). Create one: ${make}`);
    throw error;
  }
}

/** With fewer images, an average is not meaningful. */
const MANY = 30;

/** Describes how much of its budget a batch used, in a few lines. */
export function budgetText({ budget, calibration }: Budget, summary: BatchSummary): string {
  const { expectedCost, expectedAccuracy, dataset, samples } = calibration;
  const shares = summary.exits.filter(({ share }) => share > 0)
    .map(({ exit, share }) => `${percent(share)} at exit ${exit}`);
  return `average ${large(summary.averageFlops)} of a budget of ${large(budget)}; ${shares.join(", ")}
expected with these thresholds, from ${samples} samples${dataset ? ` of ${printable(dataset)}` : ""}: ` +
    `${large(expectedCost)}, accuracy ${percent(expectedAccuracy)} (${
      accuracyInterval(expectedAccuracy, samples).map((share) => percent(share)).join(" to ")
    })` +
    (summary.samples < MANY ? "\na budget is an average over many images: a few images may cost more or less" : "");
}
