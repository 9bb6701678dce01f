/**
 * Decides where images leave: the thresholds, and the exits within a budget.
 *
 * @module
 */

import { checkCalibration } from "../calibration/calibration.ts";
import { RanetError } from "../errors.ts";
import type { Model } from "../model/model.ts";
import { kindOf } from "../text/kind.ts";
import { checkOptions, type ClassifyOptions, DEFAULT_THRESHOLD } from "./options.ts";

/**
 * The largest relative difference between confidences that two devices round differently. A calibrated threshold is the
 * confidence of a sample. Without this tolerance the sample might not leave, and the batch could exceed its budget.
 */
const ROUNDING = 2 ** -18;

/**
 * One threshold per exit; all remaining samples leave at the last exit.
 *
 * @throws {RanetError} If a threshold is outside [0, 1], there are too few or too many, or the calibration belongs to
 * another model.
 */
export async function thresholdsPerExit(options: ClassifyOptions, model: Model): Promise<number[]> {
  checkOptions(options);
  const { threshold = DEFAULT_THRESHOLD, calibration } = options;
  if (calibration) {
    if (options.threshold !== undefined) {
      throw new RanetError("Cannot classify: expected either a threshold or a calibration, found both");
    }
    await checkCalibration(calibration, model);
    // Confidences are in [0, 1], and kernels need not handle infinities.
    return calibration.thresholds.map((threshold) => Math.min(Math.max(threshold * (1 - ROUNDING), 0), 2));
  }
  const exits = model.network.exits.length;
  if (typeof threshold !== "number" && !Array.isArray(threshold)) {
    throw new RanetError(
      `Cannot classify: threshold is ${kindOf(threshold)}, expected a number from 0 to 1, or a list of them`,
    );
  }
  const thresholds = typeof threshold === "number" ? new Array<number>(exits).fill(threshold) : [...threshold];
  if (thresholds.length !== exits) {
    throw new RanetError(`Cannot classify: expected one threshold, or ${exits} of them, found ${thresholds.length}`);
  }
  const bad = thresholds.findIndex((value) => !(typeof value === "number" && value >= 0 && value <= 1));
  if (bad >= 0) throw new RanetError(`Cannot classify: threshold ${kindOf(thresholds[bad])} is outside [0, 1]`);
  return thresholds.with(-1, 0);
}

/**
 * The number of exits within a budget.
 *
 * @throws {RanetError} If it is not a number, or is below the cost of exit 1.
 */
export function exitsWithin(budget: number | undefined = Infinity, { name, network: { exits } }: Model): number {
  if (typeof budget !== "number" || Number.isNaN(budget)) {
    const found = typeof budget === "number" ? budget : kindOf(budget);
    throw new RanetError(`Cannot classify: the budget is ${found}, expected a number of multiply-adds`);
  }
  const last = exits.findLastIndex(({ cumulativeFlops }) => cumulativeFlops <= budget);
  if (last >= 0) return last + 1;
  throw new RanetError(
    `Cannot classify within ${budget} multiply-adds: the smallest budget of ${name} is ${exits[0].cumulativeFlops}, ` +
      "the cost of exit 1",
  );
}
