/**
 * Where images leave: at which confidence, and within which budget.
 *
 * @module
 */

import { checkCalibration } from "../calibration/calibration.ts";
import { RanetError } from "../errors.ts";
import type { Model } from "../model/model.ts";
import { kindOf } from "../text/kind.ts";
import { checkOptions, type ClassifyOptions, DEFAULT_THRESHOLD } from "./options.ts";

/**
 * How much lower, as a share, a device may round a confidence than another did. A calibrated threshold is some sample's
 * own confidence: without this allowance that sample would stay, and the batch could exceed its budget.
 */
const ROUNDING = 2 ** -18;

/**
 * One threshold per exit; every sample that is left leaves at the last.
 *
 * @throws {RanetError} If a threshold is outside [0, 1], there are too few or too many, or the calibration is another model's.
 */
export async function thresholdsPerExit(options: ClassifyOptions, model: Model): Promise<number[]> {
  checkOptions(options);
  const { threshold = DEFAULT_THRESHOLD, calibration } = options;
  if (calibration) {
    if (options.threshold !== undefined) {
      throw new RanetError("Cannot classify: expected either a threshold or a calibration, found both");
    }
    await checkCalibration(calibration, model);
    // A confidence lies in [0, 1], and a kernel need not know infinities.
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
 * How many exits a budget allows.
 *
 * @throws {RanetError} If it is no number, or not even exit 1 is within it.
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
      "what exit 1 costs",
  );
}
