/**
 * Searches for thresholds over q, where the share of samples that leave at exit k is proportional to q^k (Huang et al.,
 * ICLR 2018, section 3, as in the RANet paper).
 *
 * @module
 */

import { RanetError } from "../errors.ts";
import type { Network } from "../network/network.ts";
import { type Guarantee, guaranteedThresholds, type RiskTarget } from "./guarantee.ts";
import { measure, type Measured, outcomeOf, type Validation } from "./measure.ts";
import { byConfidence, thresholdsForQ } from "./thresholds.ts";

/** The target of a calibration. */
export type CalibrationTarget =
  | {
    /** Multiply-adds per image, on average. */
    readonly budget: number;
  }
  | {
    /** Share of images classified correctly, in [0, 1]. */
    readonly accuracy: number;
  }
  | RiskTarget;

/** Thresholds, and their results on the validation set. */
export interface Thresholds {
  /** About `q^k` of the samples leave at exit k. */
  readonly q: number;
  /** Confidence at which a sample leaves, per exit: `Infinity` if none may leave, `-Infinity` for the last. */
  readonly thresholds: readonly number[];
  /** Share of the validation set classified correctly, in [0, 1]. */
  readonly expectedAccuracy: number;
  /** Multiply-adds per image of the validation set, on average. */
  readonly expectedCost: number;
  /** The evidence of a guarantee, if one was requested. */
  readonly guarantee?: Guarantee;
}

/** A q so small that, after rounding, all samples leave at exit 1. */
const SMALLEST_Q = 1e-20;
/** Number of values of q that are tried at first. */
const GRID = 512;
/** How often the gap after the best of them is halved. */
const REFINEMENTS = 40;

/**
 * Finds thresholds: for a budget, those that use most of it; for an accuracy, the cheapest that reach it; for a largest
 * drop, the cheapest that are guaranteed on other samples than those from which they were found.
 *
 * @throws {RanetError} If the budget is below the first exit's cost or above the last's, the accuracy cannot be
 * reached, the drop cannot be guaranteed, or the validation set does not fit the network.
 */
export function searchThresholds(
  network: Network,
  validation: Validation,
  target: CalibrationTarget,
): Thresholds {
  return searchMeasured(network, measure(network, validation), target);
}

/** Finds thresholds as {@linkcode searchThresholds} does, from known confidences and predictions. */
export function searchMeasured(network: Network, measured: Measured, target: CalibrationTarget): Thresholds {
  const flops = network.exits.map(({ cumulativeFlops }) => cumulativeFlops);
  if ("maxDrop" in target) return guaranteedThresholds(measured, target, flops);
  const samples = measured.labels.length;
  const order = byConfidence(measured.confidences);
  const candidate = (q: number): Thresholds => {
    const thresholds = thresholdsForQ(q, measured.confidences, { order });
    return { q, thresholds, ...outcomeOf(thresholds, measured, flops) };
  };
  if ("budget" in target) checkBudget(target.budget, network);
  return "budget" in target
    ? forBudget(target.budget, candidate, { samples })
    : forAccuracy(target.accuracy, candidate, { samples });
}

/**
 * Checks that a budget can be met on average over a batch.
 *
 * @param budget Multiply-adds per image.
 * @throws {RanetError} If it is below the cost of the first exit, or above that of the last.
 */
export function checkBudget(budget: number, { exits }: Network): void {
  const [first, last] = [exits[0].cumulativeFlops, exits[exits.length - 1].cumulativeFlops];
  if (budget >= first && budget <= last) return;
  throw new RanetError(
    `Cannot meet a budget of ${budget} multiply-adds per image: expected ${first} (all leave at exit 1) to ` +
      `${last} (all go to exit ${exits.length})`,
  );
}

type Try = (q: number) => Thresholds;

/** The cost mostly grows with q, but not everywhere, so the best of all tried values is used. */
function forBudget(
  budget: number,
  candidate: Try,
  { samples }: { samples: number },
): Thresholds {
  const grid = gridOf(samples).map(candidate);
  const within = ({ expectedCost }: Thresholds) => expectedCost <= budget;
  const dearer = (a: Thresholds, b: Thresholds) => a.expectedCost > b.expectedCost;
  const best = grid.filter(within).reduce((a, b) => dearer(b, a) ? b : a);
  return refine(best, grid[grid.indexOf(best) + 1], candidate, { holds: within, isBetter: dearer });
}

function forAccuracy(accuracy: number, candidate: Try, { samples }: { samples: number }): Thresholds {
  if (!(accuracy > 0 && accuracy <= 1)) {
    throw new RanetError(`Cannot calibrate for an accuracy of ${accuracy}: expected a number above 0, up to 1`);
  }
  const grid = gridOf(samples).map(candidate);
  const reached = ({ expectedAccuracy }: Thresholds) => expectedAccuracy >= accuracy;
  const good = grid.filter(reached);
  if (good.length === 0) {
    const most = Math.max(...grid.map(({ expectedAccuracy }) => expectedAccuracy));
    throw new RanetError(
      `Cannot calibrate for an accuracy of ${accuracy}: the highest accuracy that thresholds reach on this data is ${most}`,
    );
  }
  const cheaper = (a: Thresholds, b: Thresholds) => a.expectedCost < b.expectedCost;
  const best = good.reduce((a, b) => cheaper(b, a) ? b : a);
  return refine(best, grid[grid.indexOf(best) - 1], candidate, { holds: reached, isBetter: cheaper });
}

/** Halves the gap between the best candidate and its neighbour on the side where the target is missed. */
function refine(
  best: Thresholds,
  neighbour: Thresholds | undefined,
  candidate: Try,
  { holds, isBetter }: { holds(one: Thresholds): boolean; isBetter(a: Thresholds, b: Thresholds): boolean },
): Thresholds {
  let met = best.q;
  let missed = neighbour?.q ?? met;
  for (let i = 0; i < REFINEMENTS; i++) {
    const middle = candidate(Math.sqrt(met * missed));
    if (!holds(middle)) {
      missed = middle.q;
      continue;
    }
    met = middle.q;
    if (isBetter(middle, best)) best = middle;
  }
  return best;
}

/** Values of q in equal ratios, from all samples leaving at exit 1 to all reaching the last exit. */
function gridOf(samples: number): number[] {
  const end = Math.log(4 * samples);
  return [SMALLEST_Q, ...Array.from({ length: GRID }, (_, i) => Math.exp(end * (2 * i / (GRID - 1) - 1)))];
}
