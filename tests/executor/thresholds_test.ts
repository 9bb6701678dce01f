import { assert, assertAlmostEquals, assertEquals, assertLessOrEqual } from "@std/assert";
import fc from "fast-check";
import { averageCost, exitsTaken, thresholdsForQ } from "../../lib/executor/thresholds.ts";

const flops = [1, 3, 7];
const confidences = fc.integer({ min: 1, max: 60 }).chain((samples) =>
  fc.array(fc.array(fc.float({ min: 0, max: 1, noNaN: true }), { minLength: samples, maxLength: samples }), {
    minLength: 3,
    maxLength: 3,
  })
);

Deno.test("thresholdsForQ lets the planned share leave at each exit", () => {
  // q = 1 over two exits: half of four samples leave at the first.
  const thresholds = thresholdsForQ(1, [[0.9, 0.2, 0.8, 0.1], [0, 0, 0, 0]]);
  assertEquals(thresholds, [0.8, -Infinity]);
  assertEquals(exitsTaken(thresholds, [[0.9, 0.2, 0.8, 0.1], [0, 0, 0, 0]]), [0, 1, 0, 1]);
});

Deno.test("thresholdsForQ: nobody leaves where the quota is below one sample", () => {
  assertEquals(thresholdsForQ(9, [[0.9, 0.8], [0.9, 0.8], [0.9, 0.8]])[0], Infinity);
});

Deno.test("higher thresholds never lower the cost; the average is the sum over samples", () => {
  fc.assert(
    fc.property(
      confidences,
      fc.array(fc.float({ min: 0, max: 1, noNaN: true }), { minLength: 3, maxLength: 3 }),
      fc.float({ min: 0, max: 1, noNaN: true }),
      (confidences, thresholds, raise) => {
        const low = exitsTaken(thresholds, confidences);
        const high = exitsTaken(thresholds.map((value) => value + raise), confidences);
        assertLessOrEqual(averageCost(low, flops), averageCost(high, flops));
        assertAlmostEquals(averageCost(low, flops) * low.length, low.reduce((sum, exit) => sum + flops[exit], 0), 1e-9);
      },
    ),
  );
});

Deno.test("threshold 0 takes the first exit for all; above 1 the last", () => {
  fc.assert(fc.property(confidences, (confidences) => {
    assert(exitsTaken([0, 0, 0], confidences).every((exit) => exit === 0));
    assert(exitsTaken([1.1, 1.1, 1.1], confidences).every((exit) => exit === 2));
  }));
});
