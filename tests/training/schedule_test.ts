import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { learningRateAt } from "../../lib/training/schedule.ts";
import { recipes } from "./recipes.ts";

const plain = { learningRate: 1, milestones: [0.5, 0.75], factor: 0.1, warmup: 0 } as const;
const rates = (schedule: Parameters<typeof learningRateAt>[0], steps: number) =>
  Array.from({ length: steps }, (_, step) => learningRateAt(schedule, step, steps));

Deno.test("learningRateAt() with multistep lowers the rate at each milestone", () => {
  const found = rates({ ...plain, kind: "multistep" }, 8);
  const expected = [1, 1, 1, 1, 0.1, 0.1, 0.01, 0.01];
  found.forEach((rate, step) => assertAlmostEquals(rate, expected[step], 1e-12));
});

Deno.test("learningRateAt() with cosine is equal to the authors'", () => {
  rates({ ...plain, kind: "cosine" }, 10).forEach((rate, step) =>
    assertAlmostEquals(rate, 0.5 * (1 + Math.cos(Math.PI * step / 10)), 1e-12)
  );
});

Deno.test("learningRateAt() with one-cycle rises and falls linearly", () => {
  const found = rates({ ...plain, kind: "one-cycle", warmup: 0.4 }, 10);
  const expected = [1 / 4, 2 / 4, 3 / 4, 1, 1, 5 / 6, 4 / 6, 3 / 6, 2 / 6, 1 / 6];
  found.forEach((rate, step) => assertAlmostEquals(rate, expected[step], 1e-12));
});

Deno.test("learningRateAt() rises during the warmup, then never rises, for any schedule", () => {
  fc.assert(fc.property(recipes, fc.integer({ min: 1, max: 500 }), ({ schedule }, steps) => {
    const rising = Math.round(schedule.warmup * steps);
    const found = rates(schedule, steps);
    found.forEach((rate, step) => {
      assert(rate >= 0 && rate <= schedule.learningRate * (1 + 1e-12), `${rate} at ${step}`);
      const before = found[step - 1] ?? 0;
      if (step < rising) assert(rate >= before);
      else if (step > rising) assert(rate <= before);
    });
    if (rising > 0) assertEquals(found[rising - 1], schedule.learningRate);
  }));
});
