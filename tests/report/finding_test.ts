import { assertEquals } from "@std/assert";
import { findingOf } from "../../lib/report/finding.ts";
import type { BudgetPoint } from "../../lib/report/metrics.ts";
import type { ModelReport } from "../../lib/report/model_report.ts";

const exit = (exit: number, top1: number) => ({ exit, flops: exit * 10e6, top1, top5: 1, calibrationError: 0 });
const point = (flops: number, accuracy: number) => ({ flops, accuracy }) as BudgetPoint;
const model = (budgeted?: BudgetPoint[]) =>
  ({
    name: "net",
    dataset: { name: "photos", samples: 100 },
    exits: [exit(1, 0.7), exit(2, 0.795), exit(3, 0.8)],
    budgeted,
  }) as unknown as ModelReport;

Deno.test("findingOf() reports the lowest cost for the full network's accuracy, or the accuracy at half the cost", () => {
  const whole = "the full network reaches 80.0 % at 30.00 M.";
  assertEquals(
    findingOf(model([point(25e6, 0.81), point(12e6, 0.8), point(9e6, 0.75)])),
    `On 100 images of photos, net reaches 80.0 % at 12.00 M multiply-adds per image; ${whole}`,
  );
  assertEquals(
    findingOf(model([point(25e6, 0.79), point(16e6, 0.78)])),
    `On 100 images of photos, net reaches 78.0 % at 16.00 M multiply-adds per image; ${whole}`,
  );
  assertEquals(
    findingOf(model()),
    `On 100 images of photos, net reaches 79.5 % at exit 2 for 20.00 M multiply-adds per image; ${whole}`,
  );
});
