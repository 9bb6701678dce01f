/** The peer LiteRT.js runs in Deno, and computes the network that we compute. */

import { assertEquals, assertLess } from "@std/assert";
import { openLiteRt } from "../../bench/litert.ts";
import { AdaptiveExecutor } from "../../lib/executor/executor.ts";
import { createModel, loadModel, type Model } from "../../lib/model/model.ts";
import { buildNetwork } from "../../lib/network/build.ts";
import { argmax } from "../../lib/softmax.ts";
import { parseSpec } from "../../lib/spec/parse.ts";
import { initialWeights } from "../../lib/training/initial_weights.ts";
import { relativeError } from "../fixtures.ts";
import { randomImages } from "../quantized/random_model.ts";

const COUNT = 3;

/** A network with random weights. */
function randomNetwork(text: string): Model {
  const spec = parseSpec(text);
  return createModel(spec, initialWeights(buildNetwork(spec), 5), { source: "random" });
}

async function bothLogits(model: Model): Promise<readonly (readonly Float32Array[])[]> {
  const images = randomImages(model, COUNT, 3);
  using executor = await AdaptiveExecutor.create(model, { device: "cpu", batchSize: COUNT, threads: 1 });
  await using session = await openLiteRt(model);
  return [await executor.forward(images), await session.run(images, COUNT)];
}

const STEM = `
name: stem
input: { size: [45, 70] }
classes: 3
stem: conv7x7-pool
base_features: [{ scale: 1/2, channels: 6 }, { scale: 1, channels: 4 }]
subnetworks:
  - { blocks: 1, growth: 4, bottleneck: 1 }
  - { blocks: 2, growth: 4, bottleneck: 2, depthwise: true, fusion: down-conv }
layers: [2, 1]
exits: { boosted: true }
`;

for (
  const [name, open] of [["ranet-cifar10-micro", loadModel], [
    "a boosted network with a stem",
    () => randomNetwork(STEM),
  ]] as const
) {
  Deno.test(`LiteRT.js computes the logits of ${name} that we compute`, async () => {
    const [ours, theirs] = await bothLogits(await open(name));
    assertEquals(theirs.length, ours.length);
    theirs.forEach((logits, exit) => assertLess(relativeError(logits, ours[exit]), 1e-5, `exit ${exit + 1}`));
  });
}

Deno.test("LiteRT.js computes an 8-bit model, with the same answers", async () => {
  const model = await loadModel("ranet-cifar10-micro", { precision: "int8", calibrated: false });
  const [ours, theirs] = await bothLogits(model);
  const classes = model.spec.classes.length;
  theirs.forEach((logits, exit) => {
    // It resizes and limits features in its own way.
    assertLess(relativeError(logits, ours[exit]), 0.1, `exit ${exit + 1}`);
    for (let i = 0; i < COUNT; i++) {
      const answer = (all: Float32Array) => argmax(all.subarray(i * classes, (i + 1) * classes));
      assertEquals(answer(logits), answer(ours[exit]));
    }
  });
});
