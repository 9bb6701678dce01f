import { assert, assertAlmostEquals, assertEquals, assertGreater, assertLess, assertThrows } from "@std/assert";
import fc from "fast-check";
import { fitTemperatures } from "../../lib/calibration/temperature.ts";
import { RanetError } from "../../lib/errors.ts";
import { AdaptiveExecutor } from "../../lib/executor/executor.ts";
import { loadModel, type Model, withTemperatures } from "../../lib/model/model.ts";
import { randomArray } from "../fixtures.ts";
import { buildNetwork } from "../../lib/network/build.ts";
import { parseSpec } from "../../lib/spec/parse.ts";
import { softmax } from "../../lib/softmax.ts";

const network = buildNetwork(parseSpec(`
name: tiny
classes: 3
base_features: [{ scale: 1, channels: 4 }]
subnetworks: [{ blocks: 1 }]
`));

/** Mean negative log-likelihood at a temperature. */
function loss(logits: Float32Array, labels: readonly number[], temperature: number): number {
  const losses = labels.map((label, i) =>
    -Math.log(softmax(logits.subarray(3 * i, 3 * i + 3).map((value) => value / temperature))[label])
  );
  return losses.reduce((a, b) => a + b) / labels.length;
}

/** The objective: the loss of the samples plus the penalty for temperatures far from 1. */
function objective(logits: Float32Array, labels: readonly number[], temperature: number): number {
  return labels.length * loss(logits, labels, temperature) + Math.log(temperature) ** 2 / (2 * 0.5 ** 2);
}

Deno.test("fitTemperatures() minimises the loss with a prior towards 1", () => {
  const logit = fc.float({ min: -4, max: 4, noNaN: true });
  const sample = fc.record({ logits: fc.tuple(logit, logit, logit), label: fc.nat(2) });
  fc.assert(
    fc.property(fc.array(sample, { minLength: 20, maxLength: 40 }), (samples) => {
      const logits = new Float32Array(samples.flatMap((one) => one.logits));
      const labels = samples.map(({ label }) => label);
      const [found] = fitTemperatures(network, { logits: [logits], labels });
      const least = objective(logits, labels, found);
      for (const other of [0.95, 1.05]) {
        const temperature = Math.min(16, Math.max(1 / 16, found * other));
        assertLess(least, objective(logits, labels, temperature) + 1e-4);
      }
    }),
  );
});

/** Samples whose labels follow the probabilities at temperature 1, with logits multiplied by a factor. */
function sharp(factor: number, times: number) {
  const labels = [...Array(7 * times).fill(0), ...Array(2 * times).fill(1), ...Array(times).fill(2)];
  const logits = new Float32Array(labels.flatMap(() => [0.7, 0.2, 0.1].map((share) => factor * Math.log(share))));
  return { logits: [logits], labels };
}

Deno.test("fitTemperatures() recovers a factor of the logits fully with many images, partly with few", () => {
  for (const factor of [0.5, 1, 3]) {
    assertAlmostEquals(fitTemperatures(network, sharp(factor, 200))[0], factor, 0.05);
  }
  const [few, more] = [2, 20].map((times) => fitTemperatures(network, sharp(3, times))[0]);
  assert(1.2 < few && few < more && more < 3, `${few} ${more}`);
  assertThrows(() => fitTemperatures(network, { logits: [new Float32Array()], labels: [] }), RanetError, "no samples");
  assertThrows(() => fitTemperatures(network, sharp(3, 1)), RanetError, "Cannot calibrate on 10 images");
});

Deno.test("fitTemperatures() limits confidences if all answers for few images are correct", () => {
  const labels = Array.from({ length: 20 }, () => 0);
  const logits = new Float32Array(labels.flatMap(() => [1, 0, 0]));
  const [temperature] = fitTemperatures(network, { logits: [logits], labels });
  // Minimising the loss alone would give 1/16, and confidences of 1.
  assert(0.25 < temperature && temperature < 1, `${temperature}`);
});

Deno.test("temperatures change confidences, but neither answers nor costs; the bundled model has temperatures", async () => {
  const [plain, calibrated] = [
    await loadModel("ranet-cifar10", { calibrated: false }),
    await loadModel("ranet-cifar10"),
  ];
  const { temperatures } = calibrated;
  assertEquals([plain.temperatures, temperatures?.length], [undefined, 6]);
  for (const temperature of temperatures!) assertGreater(temperature, 1);
  const name = "classifier.5.linear.weight";
  // Tensors are as trained, so that training can continue from them. Only logits are divided.
  assertEquals(calibrated.tensors.get(name), plain.tensors.get(name));
  const images = randomArray(3 * 32 ** 2, 1);
  const logitsOf = async (model: Model) => {
    using executor = await AdaptiveExecutor.create(model, { device: "cpu", batchSize: 1 });
    return await executor.forward(images);
  };
  const expected = await logitsOf(plain);
  for (const model of [calibrated, withTemperatures(plain, temperatures!)]) {
    (await logitsOf(model)).forEach((logits, exit) =>
      logits.forEach((logit, i) => assertAlmostEquals(logit, expected[exit][i] / temperatures![exit], 1e-5))
    );
  }
  assertThrows(
    () => withTemperatures(plain, [1, 2]),
    RanetError,
    "expected 6 numbers above 0, one per exit, found 1, 2",
  );
});
