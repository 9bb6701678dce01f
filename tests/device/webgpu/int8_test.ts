/** Tests that WebGPU computes the same integers of quantized networks as the CPU. */

import { assert, assertAlmostEquals, assertEquals, assertLess } from "@std/assert";
import fc from "fast-check";
import { AdaptiveExecutor } from "../../../lib/executor/executor.ts";
import { confidence } from "../../../lib/softmax.ts";
import type { Adapter } from "../../../lib/device/webgpu/adapter.ts";
import { arithmeticOf, imageSteps, resizeShares } from "../../../lib/device/webgpu/steps.ts";
import { CONVOLUTION_KERNELS, GPU_TILES } from "../../../lib/device/webgpu/tiles.ts";
import { WebGpuRunner } from "../../../lib/device/webgpu/runner.ts";
import { createModel, type Model } from "../../../lib/model/model.ts";
import type { Network } from "../../../lib/network/network.ts";
import { buildPlan } from "../../../lib/planner/build.ts";
import { parseSpec } from "../../../lib/spec/parse.ts";
import { parseQuantized, quantizedParameters, type QuantizedWeights } from "../../../lib/weights/quantized.ts";
import { relativeError, TINY_SPEC } from "../../fixtures.ts";
import { gpuTest } from "../../gpu.ts";
import { times } from "../../long.ts";
import { networkWith, shape } from "../../quantized/networks.ts";
import { runPlainly } from "../../quantized/plain_inference.ts";
import { randomImages, randomModel, randomTensors } from "../../quantized/random_model.ts";
import { square } from "../../sizes.ts";

/** A difference of one step in a single place exceeds this; float32 rounding in a classifier does not. */
const TOLERANCE = 1e-5;

/** Simulates a GPU that computes convolutions with one kernel only. */
function withKernel(adapter: Adapter, kernel: string): Adapter {
  const tiles = GPU_TILES.filter((tile) => tile.kernel === kernel);
  return { ...adapter, traits: { ...adapter.traits, lanes: 64, tiles } };
}

async function assertWholeNumbers(
  { network, weights }: { readonly network: Network; readonly weights: QuantizedWeights },
  { adapter, images, count }: { readonly adapter: Adapter; readonly images: Float32Array; readonly count: number },
): Promise<void> {
  using runner = await WebGpuRunner.create(buildPlan(network), weights, { batchSize: count, adapter });
  runner.load(images, count);
  const { logits } = await runner.run({ from: 0, to: network.exits.length });
  const classes = network.spec.classes.length;
  const length = images.length / count;
  for (let sample = 0; sample < count; sample++) {
    const wanted = runPlainly(network, weights, images.subarray(sample * length, (sample + 1) * length)).logits;
    wanted.forEach((plain, exit) => {
      const found = logits[exit].subarray(sample * classes, (sample + 1) * classes);
      const error = relativeError(found, plain);
      assertLess(error, TOLERANCE, `exit ${exit + 1} of sample ${sample} is off by ${error} of its largest logit`);
    });
  }
}

for (const kernel of CONVOLUTION_KERNELS) {
  gpuTest(`${kernel}, resize and max-pool give the integers of the reference implementation`, async (found) => {
    const adapter = withKernel(found, kernel);
    await fc.assert(
      fc.asyncProperty(shape, async (given) => {
        const network = networkWith(given);
        const weights = parseQuantized(network, randomTensors(network, given), { source: "random" });
        const images = randomImages({ network }, given.samples, given.seed);
        await assertWholeNumbers({ network, weights }, { adapter, images, count: given.samples });
      }),
      { numRuns: times(6, 30), seed: 1, endOnFailure: true },
    );
  });
}

/** The smallest model with a sub-network that reads another one's features. */
function tinyInSteps(seed = 1): Model {
  return randomModel(parseSpec(TINY_SPEC), { seed });
}

gpuTest("a quantized model gives the same labels and exits on the GPU as on the CPU", async () => {
  const model = tinyInSteps();
  const count = 7;
  const images = randomImages(model, count, 3);
  const classes = model.spec.classes.length;
  for (const [gpuWorker, precision] of [[false, undefined], [true, "int8"]] as const) {
    using cpu = await AdaptiveExecutor.create(model, { device: "cpu", batchSize: count });
    using gpu = await AdaptiveExecutor.create(model, { device: "gpu", batchSize: count, gpuWorker, precision });
    const wanted = await cpu.forward(images);
    const found = await gpu.forward(images);
    assertEquals(gpu.device.kind, "gpu");
    wanted.forEach((logits, exit) => assertLess(relativeError(found[exit], logits), TOLERANCE));
    // Between two samples' confidences, so that some samples leave at each exit.
    const thresholds = wanted.map((logits, exit) => {
      const order = Array.from(
        { length: count },
        (_, i) => confidence(logits.subarray(classes * i, classes * (i + 1))),
      ).toSorted();
      return exit === wanted.length - 1 ? 0 : (order[3] + order[4]) / 2;
    });
    const [left, leaves] = [
      await cpu.classify(images, { threshold: thresholds }),
      await gpu.classify(images, { threshold: thresholds }),
    ];
    assertEquals(leaves.map(({ exit, label }) => ({ exit, label })), left.map(({ exit, label }) => ({ exit, label })));
    assert(new Set(left.map(({ exit }) => exit)).size > 1);
  }
});

gpuTest("temperatures divide a quantized model's logits", async () => {
  const model = tinyInSteps();
  const hot = { ...model, temperatures: model.network.exits.map(() => 2) };
  const images = randomImages(model, 1, 3);
  using plain = await AdaptiveExecutor.create(model, { device: "gpu", batchSize: 1, gpuWorker: false });
  using divided = await AdaptiveExecutor.create(hot, { device: "gpu", batchSize: 1, gpuWorker: false });
  const halves = (await plain.forward(images)).map((logits) => logits.map((value) => value / 2));
  (await divided.forward(images)).forEach((logits, exit) => assertLess(relativeError(logits, halves[exit]), TOLERANCE));
});

Deno.test("sums that may exceed float32's exact integers are computed in integers, others in floats", () => {
  const model = tinyInSteps();
  const plan = buildPlan(model.network);
  const count = (tensors: Model["tensors"]) => {
    const weights = parseQuantized(model.network, tensors, { source: "random" });
    const convolutions = plan.stages.flat(2).filter(({ kind }) => kind === "convolution");
    return {
      all: convolutions.length,
      whole: convolutions.filter((step) => arithmeticOf(step, weights) === "whole").length,
    };
  };
  assertEquals(count(model.tensors).whole, 1); // the layer that reads the image
  const wholeBiases = new Set(
    quantizedParameters(model.network).filter(({ dtype }) => dtype === "I32").map(({ name }) => name),
  );
  const biased = new Map([...model.tensors].map(([name, { shape, data }]) => [
    name,
    { shape, data: wholeBiases.has(name) ? data.map(() => 2 ** 24) : data },
  ]));
  const { all, whole } = count(createModel(parseSpec(TINY_SPEC), biased, { source: "random" }).tensors);
  assertEquals(whole, all);
});

Deno.test("pixels are rounded half to even and clamped to 2047", () => {
  const weights = { imageScale: 0.5 } as QuantizedWeights;
  const steps = imageSteps(Float32Array.of(0.25, 0.75, -0.25, -0.75, 0.3, 2000, -2000, 0), weights);
  assertEquals([...steps].map((value) => value + 0), [0, 2, 0, -2, 1, 2047, -2047, 0]);
});

Deno.test("shares of every resized pixel add up to 2^14", () => {
  for (const [from, to] of [[3, 7], [7, 3], [1, 4], [4, 1], [5, 5]]) {
    const shares = resizeShares(square(from), square(to));
    assertEquals(shares.length, 4 * to ** 2);
    for (let i = 0; i < shares.length; i += 4) {
      assertAlmostEquals(shares.subarray(i, i + 4).reduce((sum, share) => sum + share, 0), 2 ** 14, 0);
    }
  }
});
