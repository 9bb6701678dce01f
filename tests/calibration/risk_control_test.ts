import { assert, assertEquals, assertGreater, assertLessOrEqual } from "@std/assert";
import fc from "fast-check";
import { fewestSamples, lastSafeStep, showsMean } from "../../lib/calibration/risk_control.ts";
import { randomNumbers } from "../fixtures.ts";

/** Random losses of -1, 0 and 1; the arguments are the probabilities of -1 and 1. */
function draw(count: number, { gain, loss }: { gain: number; loss: number }, next: () => number): Float32Array {
  return new Float32Array(count).map(() => {
    const uniform = (next() + 1) / 2;
    return uniform < loss ? 1 : uniform < loss + gain ? -1 : 0;
  });
}

Deno.test("showsMean() accepts a mean equal to the limit no more often than delta", () => {
  for (const [gain, loss] of [[0, 0.01], [0.02, 0.03], [0.1, 0.11]]) {
    const next = randomNumbers(1);
    const promise = { limit: 0.01, delta: 0.05, lowest: -1 } as const;
    const draws = 2000;
    let wrong = 0;
    for (let i = 0; i < draws; i++) wrong += Number(showsMean(draw(1000, { gain, loss }, next), promise));
    assertLessOrEqual(wrong / draws, 0.05 + 3 * Math.sqrt(0.05 * 0.95 / draws));
  }
});

Deno.test("showsMean() usually accepts a mean well below the limit, more often if the variance is small", () => {
  const next = randomNumbers(2);
  const promise = { limit: 0.01, delta: 0.05, lowest: -1 } as const;
  const found = (chances: { gain: number; loss: number }) =>
    Array.from({ length: 200 }, () => showsMean(draw(2500, chances, next), promise)).filter(Boolean).length / 200;
  const [calm, wild] = [found({ gain: 0.01, loss: 0.01 }), found({ gain: 0.1, loss: 0.1 })];
  assertGreater(calm, 0.85);
  assertGreater(calm, wild);
});

Deno.test("fewestSamples() is the smallest number of samples that can be accepted if every loss is 0", () => {
  fc.assert(fc.property(
    fc.double({ min: 0.002, max: 0.2, noNaN: true }),
    fc.constantFrom(0.01, 0.05, 0.1),
    fc.constantFrom<(-1 | 0)[]>(-1, 0),
    (limit, delta, lowest) => {
      const promise = { limit, delta, lowest };
      const count = fewestSamples(promise);
      assert(showsMean(new Float32Array(count), promise));
      assert(!showsMean(new Float32Array(count - 1), promise));
    },
  ));
});

Deno.test("lastSafeStep() stops at the first step that fails, even if later steps pass", () => {
  const promise = { limit: 0.05, delta: 0.05, lowest: 0 } as const;
  const none = new Float32Array(1000);
  const many = new Float32Array(1000).fill(1);
  const steps = (...losses: Float32Array[]) => lastSafeStep(losses.length, (step) => losses[step], promise);
  assertEquals(steps(none, none, many, none), 1);
  assertEquals(steps(many, none), -1);
  assertEquals(steps(none, none), 1);
  assertEquals(steps(), -1);
});
