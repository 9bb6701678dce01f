/**
 * Tests boosted exits: logits are those of the same weights without boosting, plus a share of the previous exit's, on every
 * device and in every way to run them.
 *
 * @module
 */

import { assert, assertEquals, assertLess, assertNotEquals, assertRejects } from "@std/assert";
import type { Calibration } from "../../lib/calibration/calibration.ts";
import { AdaptiveExecutor } from "../../lib/executor/executor.ts";
import { RanetError } from "../../lib/errors.ts";
import { type ModelFiles, readArchive, writeModelFiles } from "../../lib/model/archive.ts";
import { createModel, loadModel, type Model, withTemperatures } from "../../lib/model/model.ts";
import type { ArchitectureSpec } from "../../lib/network/architecture.ts";
import { buildNetwork } from "../../lib/network/build.ts";
import { exportOnnx } from "../../lib/onnx/export.ts";
import { confidence, softmax } from "../../lib/softmax.ts";
import { changeSpec } from "../../lib/spec/change.ts";
import { parseSpec } from "../../lib/spec/parse.ts";
import { packModel } from "../../lib/training/pack_model.ts";
import { digestModel, digestTensors } from "../../lib/weights/digest.ts";
import { withFolder } from "../cli/ranet.ts";
import { randomArray, randomTensors, relativeError, TINY_SPEC } from "../fixtures.ts";
import { gpuTest } from "../gpu.ts";
import { longTest } from "../long.ts";
import { runOnnx } from "../onnx/run.ts";
import { randomImages, randomModel } from "../quantized/random_model.ts";

const REWEIGHT = 0.7;
const TEMPERATURES = [0.5, 2, 1.25];
const COUNT = 5;
const PLAIN = changeSpec(parseSpec(TINY_SPEC), { exits: "all" });
const SPEC = changeSpec(PLAIN, { reweight: REWEIGHT });
const [CLASSES, EXITS] = [SPEC.classes.length, buildNetwork(SPEC).exits.length];
const tensors = randomTensors(buildNetwork(SPEC), 4);
const plain = createModel(PLAIN, tensors, { source: "random" });
const boosted = createModel(SPEC, tensors, { source: "random" });
const warm = withTemperatures(boosted, Array.from({ length: EXITS }, (_, k) => TEMPERATURES[k % 3]));
const LENGTH = 3 * 20 * 20;
const images = randomArray(COUNT * LENGTH, 9);
/** A model whose logits become infinite. */
const wild = images.map(() => 1e38);

/** The expected logits of a boosted model, computed from the same weights without boosting. */
async function expectedLogits({ temperatures }: Model): Promise<Float64Array[]> {
  using executor = await AdaptiveExecutor.create(plain, { device: "cpu", batchSize: COUNT });
  const own = await executor.forward(images);
  const sums: Float64Array[] = [];
  own.forEach((logits, k) => {
    sums.push(Float64Array.from(logits, (value, i) => value + (k === 0 ? 0 : REWEIGHT * sums[k - 1][i])));
  });
  return sums.map((logits, k) => logits.map((value) => value / (temperatures?.[k] ?? 1)));
}

/** Registers a test for every device. */
function deviceTest(name: string, test: (device: "cpu" | "gpu", threads?: number) => Promise<void>): void {
  Deno.test(`${name} (CPU)`, () => test("cpu"));
  longTest(`${name} (CPU, more threads than images)`, () => test("cpu", 7));
  gpuTest(name, () => test("gpu"));
}

for (const [title, model] of [["without temperatures", boosted], ["with temperatures", warm]] as const) {
  deviceTest(`${title}: the logits of an exit include those of the previous exit`, async (device, threads) => {
    using executor = await AdaptiveExecutor.create(model, { device, threads, batchSize: COUNT });
    const expected = await expectedLogits(model);
    // Later batches find the memory as earlier ones left it.
    for (const batch of [images, wild, images]) {
      const logits = await executor.forward(batch);
      if (batch === wild) continue;
      logits.forEach((values, k) => assertLess(relativeError(values, expected[k]), 1e-5));
    }
  });

  deviceTest(`${title}: thresholds apply to these logits`, async (device, threads) => {
    using executor = await AdaptiveExecutor.create(model, { device, threads, batchSize: COUNT });
    const expected = (await expectedLogits(model)).map((logits) => Float32Array.from(logits));
    const at = (k: number, i: number) => expected[k].subarray(i * CLASSES, (i + 1) * CLASSES);
    const threshold = confidence(at(1, 2)) * 0.9999;
    const results = await executor.classify(images, { threshold });
    for (const [i, { exit, probabilities }] of results.entries()) {
      const wanted = expected.findIndex((_, k) => k === EXITS - 1 || confidence(at(k, i)) >= threshold);
      assertEquals(exit, wanted + 1);
      assertLess(relativeError(probabilities, softmax(at(wanted, i))), 1e-4);
    }
    assert(new Set(results.map(({ exit }) => exit)).size > 1);
  });

  deviceTest(`${title}: running exit by exit gives the same results as one run`, async (device, threads) => {
    using executor = await AdaptiveExecutor.create(model, { device, threads, batchSize: COUNT });
    const expected = await expectedLogits(model);
    const results = await Array.fromAsync(executor.anytime(images.subarray(0, LENGTH)));
    assertEquals(results.length, EXITS);
    results.forEach(({ probabilities }, k) =>
      assertLess(relativeError(probabilities, softmax(Float32Array.from(expected[k].subarray(0, CLASSES)))), 1e-4)
    );
  });

  Deno.test(`${title}: ONNX files give the same logits, complete or cut at an exit`, async () => {
    const expected = await expectedLogits(model);
    const shape = [COUNT, 3, 20, 20];
    const whole = await runOnnx(exportOnnx(model), images, shape);
    assertEquals(Object.keys(whole), expected.map((_, k) => `exit${k + 1}`));
    expected.forEach((logits, k) => assertLess(relativeError(whole[`exit${k + 1}`], logits), 1e-4));
    const cut = await runOnnx(exportOnnx(model, { exit: 2 }), images, shape);
    assertEquals(Object.keys(cut), ["exit2"]);
    assertLess(relativeError(cut.exit2, expected[1]), 1e-4);
  });
}

Deno.test("boosted exits of 8-bit models add logits, with and without temperatures (CPU)", async () => {
  const plainly = randomModel(PLAIN, { seed: 3 });
  const batch = randomImages(plainly, COUNT, 5);
  using own = await AdaptiveExecutor.create(plainly, { device: "cpu", batchSize: COUNT });
  const sums: Float64Array[] = [];
  (await own.forward(batch)).forEach((logits, k) => {
    sums.push(Float64Array.from(logits, (value, i) => value + (k === 0 ? 0 : REWEIGHT * sums[k - 1][i])));
  });
  const quantized = createModel(SPEC, plainly.tensors, { source: "random" });
  for (const model of [quantized, withTemperatures(quantized, warm.temperatures!)]) {
    const wanted = sums.map((logits, k) => logits.map((value) => value / (model.temperatures?.[k] ?? 1)));
    for (const threads of [1, 7]) {
      using executor = await AdaptiveExecutor.create(model, { device: "cpu", batchSize: COUNT, threads });
      (await executor.forward(batch)).forEach((logits, k) => assertLess(relativeError(logits, wanted[k]), 1e-5));
    }
    const onnx = await runOnnx(exportOnnx(model), batch, [COUNT, 3, 20, 20]);
    assertEquals(Object.keys(onnx).length, EXITS);
  }
});

Deno.test("a calibration of a boosted model is refused for the same weights without boosting, and vice versa", async () => {
  assertEquals(await digestModel(plain), await digestTensors(tensors));
  assertNotEquals(await digestModel(boosted), await digestModel(plain));
  assertNotEquals(
    await digestModel(boosted),
    await digestModel(createModel(
      changeSpec(SPEC, { reweight: 0.5 }),
      tensors,
      { source: "random" },
    )),
  );
  assertNotEquals(await digestModel(boosted), await digestModel(warm));
  const calibration: Calibration = {
    model: plain.name,
    weights: await digestModel(plain),
    target: { budget: 1e9 },
    thresholds: new Array(EXITS).fill(0.5),
    q: 1,
    expectedAccuracy: 1,
    expectedCost: 1,
    samples: 1,
  };
  using executor = await AdaptiveExecutor.create(boosted, { device: "cpu", batchSize: COUNT });
  await assertRejects(() => executor.classify(images, { calibration }), RanetError, "other weights");
});

Deno.test("temperatures of a boosted model are refused for the same weights without boosting, and vice versa", async () => {
  await withFolder(async (folder) => {
    const save = async (spec: ArchitectureSpec, temperatures?: readonly number[]) =>
      await Deno.writeFile(`${folder}/model.zip`, await packModel(spec, tensors, { temperatures }));
    await save(SPEC, warm.temperatures);
    const loaded = await loadModel(`${folder}/model.zip`);
    assertEquals(loaded.temperatures, warm.temperatures);
    const { files } = await readArchive(`${folder}/model.zip`) as { files: ModelFiles };
    await save(PLAIN);
    const other = (await readArchive(`${folder}/model.zip`))!.files;
    await Deno.writeFile(
      `${folder}/model.zip`,
      writeModelFiles({ ...other, "temperatures.json": files["temperatures.json"] }),
    );
    await assertRejects(() => loadModel(`${folder}/model.zip`), RanetError, "different boosting");
  });
});
