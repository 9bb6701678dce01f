/**
 * Thresholds with a guarantee for new images: fitted on one half of a validation set, tested on the other.
 *
 * @module
 */

import { RanetError } from "../errors.ts";
import { type Measured, type Outcome, outcomeOf, subset } from "./measure.ts";
import { fewestSamples, lastSafeStep, type MeanPromise, showsMean } from "./risk_control.ts";
import { byConfidence, exitsTaken, thresholdsForQ } from "./thresholds.ts";

/** The largest loss by leaving early, on average over new images of the same kind. */
export interface RiskTarget {
  /** The largest loss, as a share of images, above 0 and below 1. */
  readonly maxDrop: number;
  /** Confidence level of the guarantee, over the random choice of validation images; below 1. */
  readonly confidence: number;
  /**
   * `accuracy`: the loss of accuracy relative to the full network. `disagreement`: how often the prediction differs
   * from the full network's, which does not depend on labels. Default: `accuracy`.
   */
  readonly risk?: "accuracy" | "disagreement";
}

/** The evidence of a guarantee. */
export interface Guarantee {
  /** Number of samples from which thresholds were found. */
  readonly fitted: number;
  /** Number of other samples on which they were tested. */
  readonly tested: number;
  /** The kind of test. */
  readonly bound: "betting, fixed sequence";
}

/** Number of values of q that are tried, from no sample leaving early to all leaving at exit 1. */
const STEPS = 100;

/**
 * The cheapest thresholds with a guarantee.
 *
 * @throws {RanetError} If the target is invalid, or cannot be guaranteed; the message says how many samples are needed.
 */
export function guaranteedThresholds(
  measured: Measured,
  target: RiskTarget,
  flops: readonly number[],
): Outcome & { q: number; thresholds: number[]; guarantee: Guarantee } {
  const promise = checkGuarantee(target, measured.labels.length);
  const [fitting, testing] = halves(measured.labels.length).map((samples) => subset(measured, samples));
  const path = pathOf(fitting);
  const last = lastSafeStep(path.length, (step) => lossesOf(path[step].thresholds, testing, target), promise);
  const tested = testing.labels.length;
  if (last < 0) throw tooFew(target, promise, measured.labels.length);
  return {
    ...path[last],
    ...outcomeOf(path[last].thresholds, measured, flops),
    guarantee: { fitted: fitting.labels.length, tested, bound: "betting, fixed sequence" },
  };
}

/**
 * Checks that this number of samples allows a guarantee if no early exit makes a mistake.
 *
 * @throws {RanetError} If the target is invalid, or there are too few samples.
 */
export function checkGuarantee(target: RiskTarget, samples: number): MeanPromise {
  const promise = promiseOf(target);
  if (!showsMean(new Float32Array(Math.floor(samples / 2)), promise)) throw tooFew(target, promise, samples);
  return promise;
}

function tooFew({ maxDrop, confidence }: RiskTarget, promise: MeanPromise, samples: number): RanetError {
  const [fewest, tested] = [fewestSamples(promise), Math.floor(samples / 2)];
  return new RanetError(
    `Cannot guarantee a drop of at most ${maxDrop} with confidence ${confidence}: ${tested} images are ` +
      `too few to test it on. Even if early exits never made a mistake, ${fewest} would be needed: ` +
      `expected a validation set of at least ${2 * fewest} images, found ${samples}.`,
  );
}

function promiseOf({ maxDrop, confidence, risk = "accuracy" }: RiskTarget): MeanPromise {
  for (const [name, value] of Object.entries({ maxDrop, confidence })) {
    if (value > 0 && value < 1) continue;
    throw new RanetError(`Cannot guarantee anything with ${name} ${value}: expected a number above 0 and below 1`);
  }
  return { limit: maxDrop, delta: 1 - confidence, lowest: risk === "accuracy" ? -1 : 0 };
}

/** Divides samples in a fixed random order, because data sets are sorted by class. */
function halves(samples: number): [number[], number[]] {
  const order = Array.from({ length: samples }, (_, i) => i);
  let state = 0x9e3779b9;
  for (let i = samples - 1; i > 0; i--) {
    // xorshift32 (Marsaglia, 2003)
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    const j = (state >>> 0) % (i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  const middle = Math.ceil(samples / 2);
  return [order.slice(0, middle), order.slice(middle)];
}

/** Thresholds from the full network for all samples to the cheapest ones. */
function pathOf({ confidences }: Measured): { q: number; thresholds: number[] }[] {
  const order = byConfidence(confidences);
  const end = Math.log(4 * order[0].length);
  return Array.from({ length: STEPS }, (_, step) => {
    const q = Math.exp(end * (1 - 2 * step / (STEPS - 1)));
    return { q, thresholds: thresholdsForQ(q, confidences, { order }) };
  });
}

/** The loss of each sample by leaving early: 1, 0, or -1 if the early prediction is right and the last one is wrong. */
function lossesOf(
  thresholds: readonly number[],
  { confidences, answers, labels }: Measured,
  { risk = "accuracy" }: RiskTarget,
): number[] {
  const whole = answers[answers.length - 1];
  return exitsTaken(thresholds, confidences).map((exit, sample) => {
    const early = answers[exit][sample];
    if (risk === "disagreement") return Number(early !== whole[sample]);
    return Number(whole[sample] === labels[sample]) - Number(early === labels[sample]);
  });
}
