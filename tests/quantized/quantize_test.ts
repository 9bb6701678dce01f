/** Tests that a quantized model gives the same answers as the original, and which models are refused. */

import { assert, assertEquals, assertLess, assertRejects } from "@std/assert";
import { decodeImage } from "../../lib/data/decode.ts";
import { toTensor } from "../../lib/data/preprocess.ts";
import { RanetError } from "../../lib/errors.ts";
import { AdaptiveExecutor } from "../../lib/executor/executor.ts";
import { createModel, loadModel, type Model } from "../../lib/model/model.ts";
import { readSpec } from "../../lib/model/read_spec.ts";
import type { Convolution } from "../../lib/network/network.ts";
import { compareExits } from "../../lib/quantization/losses.ts";
import { quantize } from "../../lib/quantization/quantize.ts";
import { chooseSteps } from "../../lib/quantization/steps.ts";
import { roundConvolution } from "../../lib/quantization/whole_weights.ts";
import { buildNetwork } from "../../lib/network/build.ts";
import { initialWeights } from "../../lib/training/initial_weights.ts";
import { parseSpec } from "../../lib/spec/parse.ts";
import { MAX_BIAS, parseQuantized } from "../../lib/weights/quantized.ts";
import { canChain } from "../../lib/weights/quantized_runs.ts";
import { relativeError } from "../fixtures.ts";
import { randomNumbers } from "./random_model.ts";

const EXAMPLES = new URL("../../examples/", import.meta.url);
const model = await loadModel("ranet-cifar10-micro");
const length = 3 * 32 ** 2;

async function exampleImages(): Promise<Float32Array> {
  const names = ["airplane", "cat", "frog", "horse", "ship", "truck"];
  const images = new Float32Array(names.length * length);
  for (const [i, name] of names.entries()) {
    const source = `${name}.jpg`;
    const image = await decodeImage(await Deno.readFile(new URL(source, EXAMPLES)), { source });
    images.set(toTensor(image, model.spec.input), i * length);
  }
  return images;
}

const images = await exampleImages();

async function logitsOf(of: Model, of_images: Float32Array): Promise<readonly Float32Array[]> {
  using executor = await AdaptiveExecutor.create(of, { device: "cpu", threads: 1 });
  return await executor.forward(of_images);
}

for (const range of ["mse", "max"] as const) {
  Deno.test(`a quantized model's logits are close to those of the float model, with ranges by ${range}`, async () => {
    const quantized = await quantize(model, images, { range, threads: 1 });
    assertEquals(quantized.temperatures, model.temperatures);
    const [floats, whole] = [await logitsOf(model, images), await logitsOf(quantized, images)];
    floats.forEach((logits, exit) => {
      const error = relativeError(whole[exit], logits);
      assert(error > 0); // the computations differ
      assertLess(error, 0.1);
    });
  });
}

Deno.test("quantize() accepts depthwise convolutions and squeeze-and-excitation, with logits close to those in floats", async () => {
  const spec = await readSpec("ranet-cifar10-depthwise");
  const other = createModel(spec, initialWeights(buildNetwork(spec), 3), { source: "random" });
  const quantized = await quantize(other, images, { threads: 1 });
  assert(quantized.tensors.keys().some((name) => name.endsWith("excitation.multiplier")));
  const [floats, whole] = [await logitsOf(other, images), await logitsOf(quantized, images)];
  floats.forEach((logits, exit) => {
    const error = relativeError(whole[exit], logits);
    assert(error > 0);
    assertLess(error, 0.1);
  });
});

Deno.test("quantize() keeps weights small enough for chained sums", async () => {
  const { network, tensors } = await quantize(model, images, { threads: 1 });
  const { convolutions } = parseQuantized(network, tensors, { source: "it" });
  for (const { layers } of network.exits) {
    for (const layer of layers) {
      if (layer.kind !== "convolution") continue;
      const { weight } = convolutions.get(layer.name)!;
      const shape = { inputs: layer.reads[0].channels, kernel: layer.kernel };
      if (weight instanceof Int8Array) assert(canChain(weight, shape), layer.name);
    }
  }
});

Deno.test("quantize() gives finite steps and logits for constant images", async () => {
  const quantized = await quantize(model, new Float32Array(2 * length), { threads: 1 });
  for (const logits of await logitsOf(quantized, images)) assert(logits.every(Number.isFinite));
});

Deno.test("quantize() does not clip inputs beyond the range of images", async () => {
  const large = images.map((value) => 6 * value);
  const quantized = await quantize(model, large, { threads: 1 });
  const [floats, whole] = [await logitsOf(model, large), await logitsOf(quantized, large)];
  floats.forEach((logits, exit) => assertLess(relativeError(whole[exit], logits), 0.1));
});

Deno.test("quantize() gives valid steps to layers and channels that are zero for all images", () => {
  const silent = { most: 0, mean: 0, counts: new Uint32Array(512) };
  assertEquals([...chooseSteps([silent, silent], "mse")], [1, 1]);
  const loud = { most: 127, mean: 1, counts: new Uint32Array(512).fill(1) };
  const steps = chooseSteps([silent, loud], "max");
  assertEquals(steps[1], 1);
  assert(steps[0] > 0 && steps[0] < 0.01);
});

Deno.test("quantize() refuses unsupported models with a suggestion", async () => {
  const refused = async (reason: string, run: () => Promise<unknown>) =>
    void await assertRejects(run, RanetError, reason);
  await refused("expected images of 3 × 32 × 32 numbers each", () => quantize(model, new Float32Array()));
  await refused("found 5 numbers", () => quantize(model, new Float32Array(5)));
  await refused("image 1 contains NaN", () => quantize(model, new Float32Array(2 * length).fill(NaN, length)));
  await refused(`range is "median"`, () => quantize(model, images, { range: "median" as "max" }));
  const quantized = await quantize(model, images.subarray(0, length), { threads: 1 });
  await refused("it is already in 8 bits", () => quantize(quantized, images));
});

Deno.test("quantize() refuses activations with negative values, and names the layer", async () => {
  const text = await Deno.readTextFile(new URL("../../specs/ranet-cifar10-micro.yaml", import.meta.url));
  const spec = parseSpec(`${text}\nactivation: silu\n`, { source: "silu.yaml" });
  const other = createModel(spec, model.tensors, { source: "it" });
  await assertRejects(() => quantize(other, images), RanetError, `has the activation "silu"`);
});

Deno.test("roundConvolution() rounds weights to the nearest step, and corrects the bias by the mean error", async () => {
  const { network } = createModel(await readSpec("ranet-cifar10-micro"), model.tensors, { source: "it" });
  const layer = network.exits[0].layers.find((one): one is Convolution =>
    one.kind === "convolution" && one.kernel === 1
  )!;
  const [inputs, outputs] = [layer.reads[0].channels, layer.writes[0].channels];
  const random = randomNumbers(3);
  const weight = new Float32Array(inputs * outputs).map(() => random() - 0.5);
  const bias = new Float32Array(outputs).map(() => random() - 0.5);
  bias[0] = 1e6; // far above the values that its weights give
  const means = new Float32Array(inputs).fill(40);
  const own = roundConvolution(layer, { weight, bias }, {
    inputs: new Float32Array(inputs).fill(0.01),
    means,
    outputs: new Float32Array(outputs).fill(0.02),
  });
  for (let out = 1; out < outputs; out++) {
    const unit = own.multiplier[out] * 0.02;
    let [exact, whole] = [bias[out], own.bias[out] * unit];
    for (let i = 0; i < inputs; i++) {
      exact += weight[out * inputs + i] * 0.01 * means[i];
      whole += own.weight[out * inputs + i] * unit * means[i];
    }
    // All inputs have their mean value, so that only the rounding of the bias remains.
    assertLess(Math.abs(exact - whole), unit);
  }
  assert(Math.abs(own.bias[0]) <= MAX_BIAS);
});

Deno.test("compareExits() counts correct answers of each exit on the same images", () => {
  const { network } = model;
  const classes = network.spec.classes.length;
  const saying = (...answers: number[]) => {
    const logits = new Float32Array(answers.length * classes);
    answers.forEach((answer, sample) => logits[sample * classes + answer] = 1);
    return network.exits.map(() => logits);
  };
  const labels = [0, 1, 2, 3];
  const losses = compareExits(
    network,
    { logits: saying(0, 1, 2, 4), labels },
    { logits: saying(0, 1, 5, 5), labels },
  );
  assertEquals(losses[0], { before: 0.75, after: 0.5, agreement: 0.5 });
  assertEquals(losses.length, network.exits.length);
});
