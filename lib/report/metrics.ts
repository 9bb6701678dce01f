/**
 * From what every exit says of a data set to the figures of a report.
 *
 * @module
 */

import { averageCost, byConfidence, exitsTaken, thresholdsForQ } from "../calibration/thresholds.ts";
import type { Outcomes } from "./logits_file.ts";

/** How many bins of confidence the calibration error has. */
const BINS = 15;
/** The authors' sweep: 0.05, 0.10 … 1.95. */
const SWEEP: readonly number[] = Array.from({ length: 39 }, (_, i) => (i + 1) / 20);

/** How well one exit does on a whole data set. */
export interface ExitMetrics {
  /** The exit, counted from 1. */
  readonly exit: number;
  /** Multiply-adds from the image to this exit. */
  readonly flops: number;
  /** Share of samples whose most probable class is right, in [0, 1]. */
  readonly top1: number;
  /** Share of samples whose correct class is among the five most probable. */
  readonly top5: number;
  /** Expected calibration error, 15 bins: how far confidence is from accuracy, in [0, 1]. */
  readonly calibrationError: number;
  /** Samples by confidence; bins without any are left out. */
  readonly reliability?: readonly ReliabilityBin[];
  /** The same without the model's temperatures, if it has some. */
  readonly uncalibrated?: {
    /** Expected calibration error. */
    readonly calibrationError: number;
    /** Samples by confidence. */
    readonly reliability: readonly ReliabilityBin[];
  };
}

/** Samples of about the same confidence. */
export interface ReliabilityBin {
  /** Their mean confidence. */
  readonly confidence: number;
  /** The share of them classified rightly. */
  readonly accuracy: number;
  /** How many there are. */
  readonly samples: number;
}

/** What one setting of the thresholds gives. */
export interface BudgetPoint {
  /** Parameter of the sweep: about `q^k` of the validation samples leave at exit k. */
  readonly q: number;
  /** Confidence at which a sample leaves, per exit. */
  readonly thresholds: readonly number[];
  /** Share classified rightly. */
  readonly accuracy: number;
  /** Multiply-adds per image, on average. */
  readonly flops: number;
  /** Share classified rightly, of the validation set. */
  readonly validationAccuracy: number;
  /** Multiply-adds per image of the validation set. */
  readonly validationFlops: number;
  /** Share of samples that leave at each exit. */
  readonly exitShare: readonly number[];
}

/** The anytime curve: each exit by itself. */
export function exitMetrics(outcomes: Outcomes, flops: readonly number[]): ExitMetrics[] {
  const { labels, confidences, predictions, top5, uncalibrated } = outcomes;
  const measured = (found: Float32Array, k: number) => {
    const bins = reliability(found, (i) => predictions[k][i] === labels[i]);
    return { calibrationError: errorOf(bins), reliability: bins };
  };
  return flops.map((cost, k) => ({
    exit: k + 1,
    flops: cost,
    top1: labels.reduce((sum, label, i) => sum + Number(predictions[k][i] === label), 0) / labels.length,
    top5: top5[k].reduce((sum, hit) => sum + hit, 0) / labels.length,
    ...measured(confidences[k], k),
    ...(uncalibrated && { uncalibrated: measured(uncalibrated[k], k) }),
  }));
}

/**
 * Expected calibration error (Guo et al., ICML 2017): over 15 equal bins of confidence, the distance between mean
 * confidence and accuracy, weighted by the bin's samples.
 */
export function calibrationError(confidences: ArrayLike<number>, isCorrect: (sample: number) => boolean): number {
  return errorOf(reliability(confidences, isCorrect));
}

function errorOf(bins: readonly ReliabilityBin[]): number {
  const samples = bins.reduce((sum, bin) => sum + bin.samples, 0);
  return bins.reduce((sum, bin) => sum + bin.samples * Math.abs(bin.confidence - bin.accuracy), 0) / samples;
}

/** How right samples are, in 15 equal bins of confidence; empty ones are left out. */
export function reliability(
  confidences: ArrayLike<number>,
  isCorrect: (sample: number) => boolean,
): ReliabilityBin[] {
  const sums = Array.from({ length: BINS }, () => ({ confidence: 0, correct: 0, samples: 0 }));
  for (let i = 0; i < confidences.length; i++) {
    const sum = sums[Math.min(BINS - 1, Math.max(0, Math.ceil(confidences[i] * BINS) - 1))];
    sum.confidence += confidences[i];
    sum.correct += Number(isCorrect(i));
    sum.samples++;
  }
  return sums.filter(({ samples }) => samples > 0).map(({ confidence, correct, samples }) => ({
    confidence: confidence / samples,
    accuracy: correct / samples,
    samples,
  }));
}

/** The budgeted-batch curve: thresholds from the validation set for each q of the authors' sweep. */
export function budgetCurve(test: Outcomes, validation: Outcomes, flops: readonly number[]): BudgetPoint[] {
  const order = byConfidence(validation.confidences);
  return SWEEP.map((q) => {
    const thresholds = thresholdsForQ(q, validation.confidences, { order });
    const on = (outcomes: Outcomes) => {
      const exits = exitsTaken(thresholds, outcomes.confidences);
      const correct = exits.reduce((sum, k, i) => sum + Number(outcomes.predictions[k][i] === outcomes.labels[i]), 0);
      return { exits, accuracy: correct / exits.length, flops: averageCost(exits, flops) };
    };
    const { exits, ...found } = on(test);
    const before = on(validation);
    const counts = flops.map(() => 0);
    for (const exit of exits) counts[exit]++;
    return {
      q,
      thresholds,
      ...found,
      validationAccuracy: before.accuracy,
      validationFlops: before.flops,
      exitShare: counts.map((n) => n / exits.length),
    };
  });
}

/** How often one class was taken for another, or for itself. */
export interface Confused {
  /** The actual class. */
  readonly actual: number;
  /** The predicted one. */
  readonly predicted: number;
  /** How many samples. */
  readonly samples: number;
}

/** Which classes were taken for which at one exit, by actual and predicted class; only pairs that there are. */
export function confusion({ labels, predictions }: Outcomes, exit: number): Confused[] {
  const counts = new Map<number, Map<number, number>>();
  labels.forEach((actual, i) => {
    const row = counts.get(actual) ?? new Map<number, number>();
    counts.set(actual, row);
    const predicted = predictions[exit][i];
    row.set(predicted, (row.get(predicted) ?? 0) + 1);
  });
  const pairs = [...counts].flatMap(([actual, row]) =>
    Array.from(row, ([predicted, samples]) => ({ actual, predicted, samples }))
  );
  return pairs.sort((a, b) => a.actual - b.actual || a.predicted - b.predicted);
}
