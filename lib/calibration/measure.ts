/**
 * The data for calibration: each exit's confidence and prediction for every sample of a validation set.
 *
 * @module
 */

import { RanetError } from "../errors.ts";
import type { Network } from "../network/network.ts";
import { argmax, confidence } from "../softmax.ts";
import { averageCost, type Confidences, exitsTaken } from "./thresholds.ts";

/** Logits for a labelled data set that the network was not trained on. */
export interface Validation {
  /** For each exit, `N × classes` (see `AdaptiveExecutor.forward`). */
  readonly logits: readonly Float32Array[];
  /** The correct class of each of the N samples, as an index. */
  readonly labels: ArrayLike<number>;
}

/** The confidences and predictions of every exit for every sample. */
export interface Measured {
  /** Confidences, `[exit][sample]`. */
  readonly confidences: Confidences;
  /** Index of the most probable class, `[exit][sample]`. */
  readonly answers: readonly Uint32Array[];
  /** The correct class of each sample. */
  readonly labels: ArrayLike<number>;
}

/** The result of thresholds on measured samples. */
export interface Outcome {
  /** Share of samples classified correctly. */
  readonly expectedAccuracy: number;
  /** Multiply-adds per sample, on average. */
  readonly expectedCost: number;
}

/**
 * Measures a validation set.
 *
 * @throws {RanetError} If it has no samples, does not fit the network, or a logit is not finite.
 */
export function measure({ exits, spec }: Network, { logits, labels }: Validation): Measured {
  const classes = spec.classes.length;
  const samples = labels.length;
  if (samples === 0) throw new RanetError("Cannot calibrate: the validation set has no samples");
  if (logits.length !== exits.length || logits.some(({ length }) => length !== samples * classes)) {
    throw new RanetError(
      `Cannot calibrate: expected logits of ${exits.length} exits, ${samples} × ${classes} numbers each, found ` +
        `${logits.length} of ${logits.map(({ length }) => length).join(", ")} numbers`,
    );
  }
  const confidences = exits.map(() => new Float32Array(samples));
  const answers = exits.map(() => new Uint32Array(samples));
  logits.forEach((values, exit) => {
    for (let sample = 0; sample < samples; sample++) {
      const own = values.subarray(sample * classes, (sample + 1) * classes);
      const bad = own.find((value) => !Number.isFinite(value));
      if (bad !== undefined) {
        throw new RanetError(`Cannot calibrate: a logit of sample ${sample} at exit ${exit + 1} is ${bad}`);
      }
      confidences[exit][sample] = confidence(own);
      answers[exit][sample] = argmax(own);
    }
  });
  return { confidences, answers, labels };
}

/** The result of these thresholds on the samples. `flops`: cost up to each exit. */
export function outcomeOf(
  thresholds: readonly number[],
  { confidences, answers, labels }: Measured,
  flops: readonly number[],
): Outcome {
  const exits = exitsTaken(thresholds, confidences);
  const correct = exits.filter((exit, sample) => answers[exit][sample] === labels[sample]).length;
  return { expectedAccuracy: correct / exits.length, expectedCost: averageCost(exits, flops) };
}

/** Selects some of the samples. */
export function subset({ confidences, answers, labels }: Measured, samples: readonly number[]): Measured {
  return {
    confidences: confidences.map((values) => Float32Array.from(samples, (sample) => values[sample])),
    answers: answers.map((values) => Uint32Array.from(samples, (sample) => values[sample])),
    labels: samples.map((sample) => labels[sample]),
  };
}
