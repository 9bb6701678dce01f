import { assert, assertEquals, assertGreater, assertLess, assertLessOrEqual, assertThrows } from "@std/assert";
import { guaranteedThresholds, type RiskTarget } from "../../lib/calibration/guarantee.ts";
import { type Measured, outcomeOf, subset } from "../../lib/calibration/measure.ts";
import { byConfidence, exitsTaken, thresholdsForQ } from "../../lib/calibration/thresholds.ts";
import { RanetError } from "../../lib/errors.ts";
import { randomNumbers } from "../fixtures.ts";
import { longTest } from "../long.ts";

const FLOPS = [1, 3, 6];

/** Random samples. The harder a sample, the lower its confidence and the more errors, especially at early exits. */
function draw(samples: number, next: () => number): Measured {
  const uniform = () => (next() + 1) / 2;
  const confidences = FLOPS.map(() => new Float32Array(samples));
  const answers = FLOPS.map(() => new Uint32Array(samples));
  for (let sample = 0; sample < samples; sample++) {
    const hardness = uniform();
    FLOPS.forEach((_, exit) => {
      const right = uniform() > hardness * [0.45, 0.3, 0.25][exit];
      answers[exit][sample] = right ? 0 : 1 + Math.floor(3 * uniform());
      confidences[exit][sample] = Math.min(1, 1 - hardness / 2 + (uniform() - 0.5) / 4);
    });
  }
  return { confidences, answers, labels: new Uint8Array(samples) };
}

/** The population of images. */
const POPULATION = draw(5000, randomNumbers(1));

/** Loss of accuracy on new images with these thresholds, relative to the full network. */
function trueDrop(thresholds: readonly number[]): number {
  return outcomeOf([Infinity, Infinity, -Infinity], POPULATION, FLOPS).expectedAccuracy -
    outcomeOf(thresholds, POPULATION, FLOPS).expectedAccuracy;
}

/** A plain calibration: the cheapest thresholds whose loss of accuracy on the validation images is within the limit. */
function plain(measured: Measured, limit: number): number[] {
  const order = byConfidence(measured.confidences);
  const whole = outcomeOf([Infinity, Infinity, -Infinity], measured, FLOPS).expectedAccuracy;
  const path = Array.from(
    { length: 60 },
    (_, step) => thresholdsForQ(Math.exp(4 - 8 * step / 59), measured.confidences, { order }),
  );
  return path.findLast((thresholds) => whole - outcomeOf(thresholds, measured, FLOPS).expectedAccuracy <= limit) ??
    path[0];
}

longTest("the guarantee holds over 1,000 draws, in which a plain calibration fails", () => {
  const draws = 1000;
  const target: RiskTarget = { maxDrop: 0.02, confidence: 0.95 };
  const next = randomNumbers(2);
  let broken = 0;
  let plainBroken = 0;
  let cost = 0;
  for (let i = 0; i < draws; i++) {
    const measured = subset(
      POPULATION,
      Array.from({ length: 1000 }, () => Math.floor((next() + 1) / 2 * POPULATION.labels.length)),
    );
    const { thresholds } = guaranteedThresholds(measured, target, FLOPS);
    broken += Number(trueDrop(thresholds) > target.maxDrop);
    plainBroken += Number(trueDrop(plain(measured, target.maxDrop)) > target.maxDrop);
    cost += outcomeOf(thresholds, measured, FLOPS).expectedCost / draws;
  }
  assertLessOrEqual(broken / draws, 0.05);
  assertGreater(plainBroken / draws, 0.2);
  assertLess(cost, FLOPS[2]);
});

Deno.test("guaranteedThresholds() cost less with more images, a larger drop or a lower confidence", () => {
  const cost = (samples: number, target: RiskTarget) =>
    guaranteedThresholds(draw(samples, randomNumbers(3)), target, FLOPS).expectedCost;
  const usual = cost(4000, { maxDrop: 0.02, confidence: 0.95 });
  assertLessOrEqual(usual, cost(1000, { maxDrop: 0.02, confidence: 0.95 }));
  assertLessOrEqual(cost(4000, { maxDrop: 0.05, confidence: 0.95 }), usual);
  assertLessOrEqual(cost(4000, { maxDrop: 0.02, confidence: 0.7 }), usual);
  const { guarantee } = guaranteedThresholds(draw(4001, randomNumbers(3)), { maxDrop: 0.02, confidence: 0.95 }, FLOPS);
  assertEquals(guarantee, { fitted: 2001, tested: 2000, bound: "betting, fixed sequence" });
});

Deno.test("guaranteedThresholds() for a largest disagreement do not depend on labels", () => {
  const measured = draw(3000, randomNumbers(4));
  const target: RiskTarget = { maxDrop: 0.1, confidence: 0.95, risk: "disagreement" };
  const { thresholds } = guaranteedThresholds(measured, target, FLOPS);
  assertEquals(
    guaranteedThresholds({ ...measured, labels: new Uint8Array(3000).fill(9) }, target, FLOPS).thresholds,
    thresholds,
  );
  const exits = exitsTaken(thresholds, POPULATION.confidences);
  const other = exits.filter((exit, i) => POPULATION.answers[exit][i] !== POPULATION.answers[2][i]).length;
  assertLess(other / exits.length, 0.1);
  assert(exits.some((exit) => exit < 2));
});

Deno.test("guaranteedThresholds() refuses too few images, and invalid options with the valid range", () => {
  const refuse = (samples: number, target: RiskTarget, message: string) =>
    assertThrows(() => guaranteedThresholds(draw(samples, randomNumbers(5)), target, FLOPS), RanetError, message);
  refuse(40, { maxDrop: 0.01, confidence: 0.95 }, "images, found 40");
  refuse(40, { maxDrop: 0, confidence: 0.95 }, "maxDrop 0: expected a number above 0");
  refuse(40, { maxDrop: 0.1, confidence: 1 }, "confidence 1: expected");
});
