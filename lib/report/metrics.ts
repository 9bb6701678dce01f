/**
 * Computes the figures of a report from the predictions of every exit.
 *
 * @module
 */

import { averageCost, byConfidence, exitsTaken, thresholdsForQ } from "../calibration/thresholds.ts";
import type { Outcomes } from "./logits_file.ts";

/** Number of confidence bins of the calibration error. */
const BINS = 15;
/** Values of q in the authors' sweep: 0.05, 0.10 … 1.95. */
const SWEEP: readonly number[] = Array.from({ length: 39 }, (_, i) => (i + 1) / 20);

/** Metrics of one exit on a whole data set. */
export interface ExitMetrics {
  /** The exit, counted from 1. */
  readonly exit: number;
  /** Multiply-adds from the image to this exit. */
  readonly flops: number;
  /** Share of samples whose most probable class is correct, in [0, 1]. */
  readonly top1: number;
  /** Share of samples whose correct class is among the five most probable. */
  readonly top5: number;
  /** Expected calibration error with 15 bins: the average difference between confidence and accuracy, in [0, 1]. */
  readonly calibrationError: number;
  /** Non-empty bins of samples by confidence. */
  readonly reliability?: readonly ReliabilityBin[];
  /** The same without the model's temperatures, if it has any. */
  readonly uncalibrated?: {
    /** Expected calibration error. */
    readonly calibrationError: number;
    /** Non-empty bins of samples by confidence. */
    readonly reliability: readonly ReliabilityBin[];
  };
}

/** Samples with about the same confidence. */
export interface ReliabilityBin {
  /** Mean confidence. */
  readonly confidence: number;
  /** Share of them that is classified correctly. */
  readonly accuracy: number;
  /** Number of samples. */
  readonly samples: number;
}

/** Results of one setting of the thresholds. */
export interface BudgetPoint {
  /** Parameter of the sweep: about `q^k` of the validation samples leave at exit k. */
  readonly q: number;
  /** Confidence at which a sample leaves, per exit. */
  readonly thresholds: readonly number[];
  /** Accuracy, in [0, 1]. */
  readonly accuracy: number;
  /** Average multiply-adds per image. */
  readonly flops: number;
  /** Accuracy on the validation set. */
  readonly validationAccuracy: number;
  /** Average multiply-adds per image of the validation set. */
  readonly validationFlops: number;
  /** Share of samples that leave at each exit. */
  readonly exitShare: readonly number[];
}

/** The anytime curve: metrics of each exit alone. */
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
 * Expected calibration error (Guo et al., ICML 2017): the difference between mean confidence and accuracy in 15 equal
 * bins of confidence, averaged with each bin's number of samples as weight.
 */
export function calibrationError(confidences: ArrayLike<number>, isCorrect: (sample: number) => boolean): number {
  return errorOf(reliability(confidences, isCorrect));
}

function errorOf(bins: readonly ReliabilityBin[]): number {
  const samples = bins.reduce((sum, bin) => sum + bin.samples, 0);
  return bins.reduce((sum, bin) => sum + bin.samples * Math.abs(bin.confidence - bin.accuracy), 0) / samples;
}

/** The accuracy in 15 equal bins of confidence. Empty bins are omitted. */
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

/** An entry of the confusion matrix. */
export interface Confused {
  /** The actual class. */
  readonly actual: number;
  /** The predicted one. */
  readonly predicted: number;
  /** Number of samples. */
  readonly samples: number;
}

/** The confusion matrix of one exit, sorted by actual and predicted class. Entries of 0 are omitted. */
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
