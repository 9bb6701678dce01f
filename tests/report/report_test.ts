import { assert, assertArrayIncludes, assertEquals, assertFalse, assertStringIncludes } from "@std/assert";
import type { ModelReport } from "../../lib/report/model_report.ts";
import { reportFiles } from "../../lib/report/report.ts";

const EVIL = `<script>alert("1, 2")</script>`;

const ORIGIN = { command: EVIL, date: new Date(0), device: EVIL, versions: "1" };

function report(name: string, budgeted: boolean): ModelReport {
  const exits = [1, 2].map((exit) => ({ exit, flops: exit * 1e6, top1: 0.5, top5: 1, calibrationError: 0.1 }));
  const point = { q: 0.5, thresholds: [Infinity, -Infinity], accuracy: 0.5, flops: 2e6, exitShare: [0, 1] };
  return {
    name,
    labels: ["cat", EVIL],
    dataset: { name: EVIL, samples: 2 },
    exits,
    ...(budgeted && {
      validation: { name: "val", samples: 2 },
      budgeted: [{ ...point, validationAccuracy: 0.5, validationFlops: 2e6 }],
    }),
    confusion: exits.map(() => [{ actual: 0, predicted: 0, samples: 1 }, { actual: 1, predicted: 0, samples: 1 }]),
    pictures: [{
      label: EVIL,
      easy: [{ uri: "data:image/png;base64,AA==", predicted: "cat", correct: false }],
      hard: [],
    }],
    setting: "Under a setting.",
  };
}

Deno.test("reportFiles() has figures, plots and a page", () => {
  const files = reportFiles([report("one", true)], ORIGIN);
  const names = [
    "results.json",
    "exits.csv",
    "budgeted.csv",
    "confusion.csv",
    "accuracy.svg",
    "exits.svg",
    "overview.svg",
    "overview-dark.svg",
    "report.html",
  ];
  assertArrayIncludes([...files.keys()], names);
  const { models: [model] } = JSON.parse(files.get("results.json")!);
  assertEquals(model.budgeted[0].thresholds, ["never", "all"]);
  assertStringIncludes(files.get("confusion.csv")!, `one,1,"${EVIL.replaceAll('"', '""')}",cat,1\n`);
});

Deno.test("the report page loads nothing from outside, and escapes names", () => {
  const html = reportFiles([report("one", true), report("two", true)], ORIGIN).get("report.html")!;
  assertFalse(html.includes("<script"));
  assertEquals(html.replaceAll(/xmlns(:\w+)?="[^"]*"/g, "").match(/https?:|url\((?!#)/g), null);
  const ids = [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
  assertEquals(new Set(ids).size, ids.length);
});

Deno.test("several models are drawn in one plot of accuracy over budget", () => {
  const plot = reportFiles([report("one", true), report("two", true)], ORIGIN).get("accuracy.svg")!;
  for (const name of ["one, anytime", "one, budgeted batch", "two, anytime"]) assertStringIncludes(plot, name);
});

Deno.test("without a validation set, the report page says that there is no budget curve", () => {
  const files = reportFiles([report("one", false)], ORIGIN);
  assertStringIncludes(files.get("report.html")!, "no budgeted curve");
  assert(!files.has("exits.svg"));
});
