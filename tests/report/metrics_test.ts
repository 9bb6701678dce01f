import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import reference from "../fixtures/report/dynamic.json" with { type: "json" };
import type { Outcomes } from "../../lib/report/logits_file.ts";
import { budgetCurve, calibrationError, confusion, exitMetrics } from "../../lib/report/metrics.ts";

const EXITS = 6;
const FLOPS = reference.cumulative_flops;

async function readFixture(name: string): Promise<Outcomes> {
  const view = new DataView((await Deno.readFile(new URL(`../fixtures/report/${name}`, import.meta.url))).buffer);
  const width = 1 + 6 * EXITS;
  const samples = view.byteLength / width;
  const column = <T>(read: (at: number) => number, make: (values: number[]) => T) =>
    Array.from(
      { length: EXITS },
      (_, k) => make(Array.from({ length: samples }, (_, i) => read(i * width + 1 + 6 * k))),
    );
  return {
    indexes: Uint32Array.from({ length: samples }, (_, i) => i),
    labels: Uint32Array.from({ length: samples }, (_, i) => view.getUint8(i * width)),
    confidences: column((at) => view.getFloat32(at, true), (values) => Float32Array.from(values)),
    predictions: column((at) => view.getUint8(at + 4), (values) => Uint32Array.from(values)),
    top5: column((at) => view.getUint8(at + 5), (values) => Uint8Array.from(values)),
  };
}

Deno.test("exitMetrics() gives the accuracies of the authors' code", async () => {
  const exits = exitMetrics(await readFixture("test.bin"), FLOPS);
  exits.forEach(({ top1, top5 }, k) => {
    assertAlmostEquals(100 * top1, reference.test_accuracy[k], 0.1);
    assertAlmostEquals(100 * top5, reference.test_top5[k], 0.1);
  });
});

Deno.test("budgetCurve() agrees with the authors' code at every point", async () => {
  const curve = budgetCurve(await readFixture("test.bin"), await readFixture("val.bin"), FLOPS);
  assertEquals(curve.length, reference.budgeted.length);
  curve.forEach((point, i) => {
    const expected = reference.budgeted[i];
    assertAlmostEquals(point.q, expected.q, 1e-9);
    assertAlmostEquals(100 * point.accuracy, expected.test_accuracy, 0.1);
    assertAlmostEquals(100 * point.validationAccuracy, expected.val_accuracy, 0.1);
    assertAlmostEquals(point.flops / expected.test_flops, 1, 0.005);
    assertAlmostEquals(point.validationFlops / expected.val_flops, 1, 0.005);
  });
});

Deno.test("calibrationError() is the difference between confidence and accuracy", () => {
  assertAlmostEquals(calibrationError([1, 1, 1, 1], () => true), 0);
  assertAlmostEquals(calibrationError([0.8, 0.8], (i) => i === 0), 0.3);
  assertAlmostEquals(calibrationError([0.9, 0.1], () => false), 0.5);
});

Deno.test("confusion() counts every sample once", async () => {
  const outcomes = await readFixture("val.bin");
  const pairs = confusion(outcomes, 5);
  const sum = (list: typeof pairs) => list.reduce((total, { samples }) => total + samples, 0);
  assertEquals(sum(pairs), outcomes.labels.length);
  const correct = sum(pairs.filter(({ actual, predicted }) => actual === predicted));
  assert(Math.abs(100 * correct / outcomes.labels.length - reference.val_accuracy[5]) < 0.1);
});

Deno.test("confusion() stores only pairs that occur", () => {
  const labels = Uint32Array.of(99_999, 70_000, 99_999, 0);
  const predictions = [Uint32Array.of(65_536, 70_000, 65_536, 99_998)];
  const outcomes = { labels, predictions } as unknown as Outcomes;
  assertEquals(confusion(outcomes, 0), [
    { actual: 0, predicted: 99_998, samples: 1 },
    { actual: 70_000, predicted: 70_000, samples: 1 },
    { actual: 99_999, predicted: 65_536, samples: 2 },
  ]);
});
