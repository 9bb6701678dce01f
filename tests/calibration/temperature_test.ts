import { assertAlmostEquals, assertEquals, assertGreater, assertLess, assertThrows } from "@std/assert";
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

Deno.test("fitTemperatures() finds the temperature of the least loss", () => {
  const logit = fc.float({ min: -4, max: 4, noNaN: true });
  const sample = fc.record({ logits: fc.tuple(logit, logit, logit), label: fc.nat(2) });
  fc.assert(
    fc.property(fc.array(sample, { minLength: 5, maxLength: 40 }), (samples) => {
      const logits = new Float32Array(samples.flatMap((one) => one.logits));
      const labels = samples.map(({ label }) => label);
      const [found] = fitTemperatures(network, { logits: [logits], labels });
      const least = loss(logits, labels, found);
      for (const other of [0.95, 1.05]) {
        const temperature = Math.min(16, Math.max(1 / 16, found * other));
        assertLess(least, loss(logits, labels, temperature) + 1e-6);
      }
    }),
  );
});

Deno.test("fitTemperatures() undoes what was multiplied", () => {
  // Labels as often as probabilities say: of temperature 1.
  const labels = [...Array(70).fill(0), ...Array(20).fill(1), ...Array(10).fill(2)];
  const logits = (factor: number) =>
    new Float32Array(labels.flatMap(() => [0.7, 0.2, 0.1].map((share) => factor * Math.log(share))));
  for (const factor of [0.5, 1, 3]) {
    assertAlmostEquals(fitTemperatures(network, { logits: [logits(factor)], labels })[0], factor, 1e-3);
  }
  assertThrows(() => fitTemperatures(network, { logits: [new Float32Array()], labels: [] }), RanetError, "no samples");
});

Deno.test("temperatures change confidences, neither answers nor costs, and the bundled model has some", async () => {
  const [plain, calibrated] = [
    await loadModel("ranet-cifar10", { calibrated: false }),
    await loadModel("ranet-cifar10"),
  ];
  const { temperatures } = calibrated;
  assertEquals([plain.temperatures, temperatures?.length], [undefined, 6]);
  for (const temperature of temperatures!) assertGreater(temperature, 1);
  const name = "classifier.5.linear.weight";
  // Tensors are as trained, so that others train on from them, or compare them; logits are divided.
  assertEquals(calibrated.tensors.get(name), plain.tensors.get(name));
  const images = randomArray(3 * 32 ** 2, 1);
  const logitsOf = async (model: Model) => {
    using executor = await AdaptiveExecutor.create(model, { device: "cpu", capacity: 1 });
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
