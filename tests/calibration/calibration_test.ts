import { assert, assertEquals, assertGreater, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import { RanetError } from "../../lib/errors.ts";
import { calibrate, type Calibration, checkCalibration } from "../../lib/calibration/calibration.ts";
import type { Validation } from "../../lib/calibration/measure.ts";
import { searchThresholds } from "../../lib/calibration/search.ts";
import {
  calibrationWithin,
  formatCalibrations,
  parseCalibrations,
  readCalibrationFile,
  readCalibrations,
  withCalibration,
} from "../../lib/calibration/calibration_file.ts";
import { loadModel } from "../../lib/model/model.ts";
import { BUNDLED_MODELS, readSpec } from "../../lib/model/read_spec.ts";
import { averageCost, exitsTaken, thresholdsForQ } from "../../lib/calibration/thresholds.ts";
import { confidence } from "../../lib/softmax.ts";
import { buildNetwork } from "../../lib/network/build.ts";
import { randomArray, tinyModel } from "../fixtures.ts";

const network = buildNetwork(await readSpec("ranet-cifar10"));
const flops = network.exits.map(({ cumulativeFlops }) => cumulativeFlops);
const [first, last] = [flops[0], flops[5]];

/** Later exits are correct more often. Rounding makes some confidences equal. */
function synthetic(samples: number, seed: number, step = 0.01): Validation {
  let state = seed;
  const random = () => (state = (state * 48271 + 11) % 2147483647) / 2147483647;
  const labels = Uint8Array.from({ length: samples }, () => Math.floor(10 * random()));
  const logits = network.exits.map((_, exit) => {
    const values = Float32Array.from({ length: 10 * samples }, () => Math.round(random() / step) * step);
    labels.forEach((label, sample) => values[10 * sample + label] += (0.2 + 0.1 * exit) * 4 * random());
    return values;
  });
  return { logits, labels };
}

const validations = fc.tuple(
  fc.integer({ min: 1, max: 60 }),
  fc.integer({ min: 1, max: 1e6 }),
  fc.constantFrom(0.01, 0.5),
).map((of) => synthetic(...of));

function confidencesOf({ logits, labels }: Validation): number[][] {
  return logits.map((values) =>
    Array.from(labels, (_, sample) => confidence(values.subarray(10 * sample, 10 * sample + 10)))
  );
}

Deno.test("a calibration stays within its budget on its own data, and reports the cost and accuracy of its thresholds", () => {
  fc.assert(
    fc.property(validations, fc.integer({ min: first, max: last }), (validation, budget) => {
      const { thresholds, expectedCost, expectedAccuracy } = searchThresholds(network, validation, { budget });
      const exits = exitsTaken(thresholds, confidencesOf(validation));
      assert(expectedCost <= budget);
      assertEquals(averageCost(exits, flops), expectedCost);
      const right = exits.filter((exit, sample) => {
        const own = validation.logits[exit].subarray(10 * sample, 10 * sample + 10);
        return own.indexOf(Math.max(...own)) === validation.labels[sample];
      });
      assertEquals(expectedAccuracy, right.length / validation.labels.length);
    }),
    { numRuns: 25 },
  );
});

Deno.test("a calibration uses almost all of its budget, for budgets from the first exit's cost to the last exit's", () => {
  const validation = synthetic(1000, 7, 1e-6);
  assertEquals(searchThresholds(network, validation, { budget: first }).expectedCost, first);
  assertEquals(searchThresholds(network, validation, { budget: last }).expectedCost, last);
  for (const budget of [9e6, 20e6, 35e6, 50e6, 58e6]) {
    assert(searchThresholds(network, validation, { budget }).expectedCost > 0.995 * budget);
  }
});

Deno.test("a budget equal to the cost of exit 1 lets all samples leave at exit 1", () => {
  for (let samples = 1; samples <= 64; samples++) {
    assertEquals(searchThresholds(network, synthetic(samples, samples), { budget: first }).expectedCost, first);
  }
});

Deno.test("no q of the authors' sweep is more accurate than a calibration within the same budget", () => {
  const validation = synthetic(300, 3);
  const confidences = confidencesOf(validation);
  for (let i = 1; i < 40; i++) {
    const budget = averageCost(exitsTaken(thresholdsForQ(0.05 * i, confidences), confidences), flops);
    const { expectedCost } = searchThresholds(network, validation, { budget });
    assert(expectedCost > 0.99 * budget && expectedCost <= budget, `q ${0.05 * i}`);
  }
});

Deno.test("a calibration for a lower accuracy costs no more than one for a higher accuracy", () => {
  const validation = synthetic(500, 5);
  let cost = 0;
  for (const accuracy of [0.1, 0.7, 0.75, 0.8]) {
    const result = searchThresholds(network, validation, { accuracy });
    assert(result.expectedAccuracy >= accuracy);
    assert(result.expectedCost >= cost);
    cost = result.expectedCost;
  }
});

Deno.test("calibrate() refuses unreachable targets and names the reachable range", () => {
  const validation = synthetic(50, 5);
  const refuse = (target: Parameters<typeof searchThresholds>[2], message: string) =>
    assertThrows(() => searchThresholds(network, validation, target), RanetError, message);
  for (const budget of [first - 1, last + 1, NaN, Infinity]) refuse({ budget }, `expected ${first}`);
  for (const accuracy of [0, 1.01, NaN]) refuse({ accuracy }, "above 0, up to 1");
  refuse({ accuracy: 1 }, "the highest accuracy that thresholds reach");
});

Deno.test("calibrate() refuses a validation set that does not fit the model", () => {
  const { logits, labels } = synthetic(4, 1);
  const refuse = (validation: Validation, message: string) =>
    assertThrows(() => searchThresholds(network, validation, { budget: last }), RanetError, message);
  refuse({ logits, labels: [] }, "no samples");
  refuse({ logits, labels: [1, 2] }, "2 × 10 numbers");
  refuse({ logits: logits.slice(1), labels }, "of 6 exits");
  refuse({ logits: logits.with(2, logits[2].with(13, NaN)), labels }, "sample 1 at exit 3 is NaN");
});

Deno.test("a calibration is only accepted for the weights that it was made with", async () => {
  const [model, other] = [1, 2].map(tinyModel);
  const validation = { logits: model.network.exits.map(() => randomArray(5 * 21, 1)), labels: new Uint32Array(21) };
  const calibration = await calibrate(model, validation, { accuracy: 0.01 }, { dataset: "some" });
  assertEquals(calibration.samples, 21);
  const few = { logits: validation.logits.map((own) => own.subarray(0, 5 * 19)), labels: new Uint32Array(19) };
  await assertRejects(() => calibrate(model, few, { accuracy: 0.01 }), RanetError, "Cannot calibrate on 19 images");
  assertEquals(calibration.dataset, "some");
  await checkCalibration(calibration, model);
  await assertRejects(() => checkCalibration(calibration, other), RanetError, "made with other weights");
  const renamed = { ...calibration, model: "other" };
  await assertRejects(() => checkCalibration(renamed, model), RanetError, "it was made for other with 3 exits");
});

Deno.test("the bundled calibrations belong to the bundled weights", async () => {
  for (const name of BUNDLED_MODELS) {
    const model = await loadModel(name);
    const calibrations = await readCalibrations(name);
    assert(calibrations.length >= 5, name);
    for (const calibration of calibrations) await checkCalibration(calibration, model);
  }
});

Deno.test("calibrations are equal after they are written and read", async () => {
  const model = { network, tensors: new Map() };
  const all = await Promise.all([
    ...[9e6, 30e6, 58e6].map((budget) => calibrate(model, synthetic(40, 2), { budget })),
    calibrate(model, synthetic(40, 2), { accuracy: 0.1 }, { dataset: "d" }),
    calibrate(model, synthetic(400, 2), { maxDrop: 0.2, confidence: 0.9 }),
  ]);
  assertEquals(parseCalibrations(formatCalibrations(all), "file"), all);
});

Deno.test("an invalid calibration file is refused with the name of the key", async () => {
  const model = { network, tensors: new Map() };
  const text = formatCalibrations([await calibrate(model, synthetic(40, 2), { budget: 9e6 })]);
  const refuse = (text: string, message: string) =>
    assertThrows(() => parseCalibrations(text, "c.json"), RanetError, message);
  refuse("{", '"c.json": it is not JSON');
  refuse("{}", "calibrations: missing, expected a list");
  refuse(text.replace("null", "0.5"), "calibrations[0].thresholds: expected a list with null in the last place");
  refuse(text.replace('"samples": 40', '"samples": 0.5'), "calibrations[0].samples: expected a whole number");
  refuse(text.replace('"q"', '"p"'), "calibrations[0].q: missing");
  refuse(text.replace(/"weights": ".*",/, ""), "calibrations[0].weights: missing");
});

Deno.test("a calibration file is read by its path, even if it has the name of a bundled model", async () => {
  assertGreater((await readCalibrations("ranet-cifar10")).length, 1);
  await assertRejects(() => readCalibrationFile("ranet-cifar10"), RanetError, "there is no such file");
});

Deno.test("a file holds one calibration per target; calibrationWithin() picks the most expensive one within the budget", () => {
  const of = (budget: number, expectedCost: number): Calibration => ({
    ...{ model: "m", weights: "", target: { budget }, thresholds: [-Infinity], q: 1, expectedAccuracy: 1, samples: 1 },
    expectedCost,
  });
  const all = [of(30, 29), of(10, 9), of(20, 19), of(20, 18)].reduce<Calibration[]>(withCalibration, []);
  assertEquals(all.map(({ expectedCost }) => expectedCost), [9, 18, 29]);
  assertEquals(calibrationWithin(28, all).expectedCost, 18);
  assertEquals(calibrationWithin(29, all).expectedCost, 29);
  assertThrows(() => calibrationWithin(8, all), RanetError, "the smallest budget of these 3 calibrations is 9");
  assertThrows(() => calibrationWithin(8, []), RanetError, "there are no calibrations");
});
