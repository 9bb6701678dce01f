import { assert, assertAlmostEquals, assertEquals, assertLessOrEqual } from "@std/assert";
import fc from "fast-check";
import { averageCost, exitsTaken, thresholdsForQ } from "../../lib/calibration/thresholds.ts";

const flops = [1, 3, 7];
const confidences = fc.integer({ min: 1, max: 60 }).chain((samples) =>
  fc.array(fc.array(fc.float({ min: 0, max: 1, noNaN: true }), { minLength: samples, maxLength: samples }), {
    minLength: 3,
    maxLength: 3,
  })
);

Deno.test("thresholdsForQ() lets the planned share of samples leave at each exit", () => {
  // q = 1 over two exits: half of four samples leave at the first exit.
  const thresholds = thresholdsForQ(1, [[0.9, 0.2, 0.8, 0.1], [0, 0, 0, 0]]);
  assertEquals(thresholds, [0.8, -Infinity]);
  assertEquals(exitsTaken(thresholds, [[0.9, 0.2, 0.8, 0.1], [0, 0, 0, 0]]), [0, 1, 0, 1]);
});

Deno.test("thresholdsForQ() lets no sample leave at an exit whose quota is below one sample", () => {
  assertEquals(thresholdsForQ(9, [[0.9, 0.8], [0.9, 0.8], [0.9, 0.8]])[0], Infinity);
});

Deno.test("averageCost() is the mean over samples, and higher thresholds never reduce it", () => {
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

Deno.test("with threshold 0 all samples leave at the first exit; with a threshold above 1, at the last", () => {
  fc.assert(fc.property(confidences, (confidences) => {
    assert(exitsTaken([0, 0, 0], confidences).every((exit) => exit === 0));
    assert(exitsTaken([1.1, 1.1, 1.1], confidences).every((exit) => exit === 2));
  }));
});

Deno.test("thresholdsForQ() lets at least the quota or no sample leave at each exit; the last exit takes the rest", () => {
  fc.assert(fc.property(confidences, fc.double({ min: 0.05, max: 2, noNaN: true }), (confidences, q) => {
    const thresholds = thresholdsForQ(q, confidences);
    const exits = exitsTaken(thresholds, confidences);
    assertEquals(thresholds.at(-1), -Infinity);
    const total = q + q ** 2 + q ** 3;
    [0, 1].forEach((k) => {
      const leavers = exits.filter((exit) => exit === k).length;
      const quota = Math.floor(exits.length * q ** (k + 1) / total);
      // More samples than the quota leave only if their confidences are equal to that of the last one.
      const above = exits.filter((exit, i) => exit === k && confidences[k][i] > thresholds[k]).length;
      if (thresholds[k] === Infinity) assertEquals(leavers, 0);
      else assert(quota >= 1 && leavers >= quota && above < quota, `${leavers} left, ${above} above, quota ${quota}`);
    });
  }));
});
