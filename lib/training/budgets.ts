/**
 * The budgets that a newly trained network is calibrated for.
 *
 * @module
 */

import { calibrateMeasured, type Calibration } from "../calibration/calibration.ts";
import { measure, type Measured, type Validation } from "../calibration/measure.ts";
import type { Model } from "../model/model.ts";
import type { Network } from "../network/network.ts";
import { expectObject } from "../text/expect.ts";

/** Approximate number of budgets. */
const BUDGETS = 8;
/** Steps between budgets, in powers of ten. */
const ROUND = [1, 2, 2.5, 5, 10] as const;

/** Round budgets at equal distances between the cost of the first exit and that of the last: 10M, 15M, … 55M. */
export function roundBudgets({ exits }: Network): number[] {
  const [first, last] = [exits[0].cumulativeFlops, exits[exits.length - 1].cumulativeFlops];
  if (first === last) return [last];
  const rough = (last - first) / BUDGETS;
  const power = 10 ** Math.floor(Math.log10(rough));
  const nearest = ROUND.reduce((a, b) => Math.abs(b * power - rough) < Math.abs(a * power - rough) ? b : a);
  const step = Math.max(1, Math.round(nearest * power));
  const from = Math.ceil(first / step);
  return Array.from({ length: Math.floor(last / step) - from + 1 }, (_, i) => (from + i) * step);
}

/** Thresholds for each of the round budgets, the cheapest first. */
export async function calibrations(
  model: Pick<Model, "network" | "tensors">,
  measured: Measured,
  dataset: string,
): Promise<Calibration[]> {
  const budgets = roundBudgets(model.network);
  return await Promise.all(budgets.map((budget) => calibrateMeasured(model, measured, { budget }, { dataset })));
}

/**
 * Thresholds for round budgets between the costs of the first and the last exit.
 *
 * @param model A model, with its temperatures if it has any.
 * @param validation Logits of images that it was not trained on, and their labels.
 * @param options `dataset`: name of the images.
 * @returns One calibration per budget, the cheapest first, for `calibration.json`.
 * @throws {RanetError} If there are no images, or a logit is not finite.
 */
export async function calibrateBudgets(
  model: Pick<Model, "network" | "tensors">,
  validation: Validation,
  options: { readonly dataset: string },
): Promise<Calibration[]> {
  expectObject("calibrateBudgets", { model }, "network", "tensors");
  expectObject("calibrateBudgets", { validation }, "logits", "labels");
  expectObject("calibrateBudgets", { options }, "dataset");
  return await calibrations(model, measure(model.network, validation), options.dataset);
}
