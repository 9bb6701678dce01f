import { assertEquals, assertFalse, assertStringIncludes } from "@std/assert";
import { compareModels } from "../../lib/report/comparison.ts";
import type { ModelReport } from "../../lib/report/model_report.ts";

/** A model whose exits have these accuracies at these costs, in millions. */
function report(name: string, curve: readonly (readonly [cost: number, accuracy: number])[], samples: number) {
  const exits = curve.map(([cost, top1], k) => ({
    exit: k + 1,
    flops: cost * 1e6,
    top1,
    top5: 1,
    calibrationError: 0,
  }));
  const dataset = { name: "test", samples };
  return { name, labels: [], dataset, exits, confusion: [], pictures: [], setting: "" } satisfies ModelReport;
}

const A = [[5, 0.7], [20, 0.8]] as const;
const B = [[10, 0.75], [30, 0.9]] as const;

Deno.test("compareModels() says which model is more accurate at which cost, and by how much", () => {
  assertEquals(
    compareModels([report("a", A, 100_000), report("b", B, 100_000)]),
    "With all images leaving at the same exit, by multiply-adds per image: from 5.00 M to 10.00 M only a is available; " +
      "from 10.00 M to 20.00 M b is ahead, by up to 5.0 points (at 10.00 M); " +
      "from 20.00 M to 30.00 M a is ahead, by up to 5.0 points (at 20.00 M); " +
      "from 30.00 M on b is ahead, by up to 10.0 points (at 30.00 M). " +
      "Leads within chance for 100,000 images (95 % confidence) are not counted.",
  );
});

Deno.test("compareModels() claims no difference that few images cannot show", () => {
  const text = compareModels([report("a", A, 50), report("b", B, 50)]);
  assertStringIncludes(text, "from 10.00 M on none is clearly ahead");
  assertFalse(text.includes("is ahead, by"));
});

Deno.test("compareModels() ignores exits that cost more and are less accurate", () => {
  const text = compareModels([report("a", [[5, 0.7], [9, 0.1]], 1e6), report("b", [[9, 0.6]], 1e6)]);
  assertStringIncludes(text, "from 9.00 M on a is ahead, by up to 10.0 points (at 9.00 M)");
});

Deno.test("compareModels() compares budget curves if all models have one", () => {
  const budgeted = (name: string, accuracy: number): ModelReport => ({
    ...report(name, A, 100_000),
    budgeted: [{
      q: 1,
      thresholds: [],
      accuracy,
      flops: 5e6,
      validationAccuracy: accuracy,
      validationFlops: 5e6,
      exitShare: [],
    }],
  });
  const text = compareModels([budgeted("a", 0.5), budgeted("b", 0.6), budgeted("c", 0.4)]);
  assertStringIncludes(text, "With a shared budget");
  assertStringIncludes(text, "from 5.00 M on b is ahead, by up to 10.0 points (at 5.00 M).");
});
