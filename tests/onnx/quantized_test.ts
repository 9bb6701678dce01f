/**
 * Tests exports of 8-bit models: ONNX Runtime computes the same integers, except for resizes.
 *
 * @module
 */

import { assert, assertEquals, assertGreater, assertLess, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InferenceSession } from "onnxruntime-node";
import { PbfReader } from "pbf";
import { createModel, type Model } from "../../lib/model/model.ts";
import type { Convolution } from "../../lib/network/network.ts";
import { exportOnnx, type ExportOnnxOptions } from "../../lib/onnx/export.ts";
import { transformersJsFiles } from "../../lib/onnx/transformers_js.ts";
import { parseSpec } from "../../lib/spec/parse.ts";
import { parseQuantized, readsImage } from "../../lib/weights/quantized.ts";
import type { Tensor } from "../../lib/weights/tensor.ts";
import { RanetError } from "../../mod.ts";
import { relativeError } from "../fixtures.ts";
import { mixExactly, mixInSteps, runPlainly } from "../quantized/plain_inference.ts";
import { randomImages, randomModel } from "../quantized/random_model.ts";
import { everyFusion, imageNetStem, prunedMsdnet } from "./networks.ts";
import { runOnnx } from "./run.ts";

/** A difference of one step in a single place exceeds this; float32 rounding at both ends does not. */
const TOLERANCE = 1e-5;

/** Even sizes, for which no resized number is halfway between two integers, where float32 rounding would decide. */
const SPECS: Readonly<Record<string, string>> = {
  "a network without resizing": `
name: plain
input: { size: 16 }
classes: 5
base_features: [{ scale: 1, channels: 6 }]
subnetworks: [{ blocks: 3, growth: 6, bottleneck: 2, transitions: [1] }]
layers: [2, 1, 2]
head: { channels: 7 }
`,
  "boosted exits": `
name: boosted
input: { size: 16 }
classes: 5
base_features: [{ scale: 1, channels: 6 }]
subnetworks: [{ blocks: 3, growth: 6, bottleneck: 2 }]
layers: [1, 1, 1]
exits: { boosted: true, reweight: 0.6 }
head: { channels: 7 }
`,
  "three sub-networks and every fusion": everyFusion(24),
  "depthwise convolutions and squeeze-and-excitation": `
name: gated
input: { size: 24 }
classes: 4
base_features: [{ scale: 1/2, channels: 7 }, { scale: 1, channels: 6 }]
subnetworks:
  - { blocks: 1, growth: 5, bottleneck: 2, depthwise: true }
  - { blocks: 2, growth: 6, bottleneck: 2, kernel: 5, depthwise: true }
layers: [2, 2]
se_ratio: 0.5
head: { channels: 9, depthwise: true }
`,
  "ImageNet's stem": imageNetStem(64),
  "an MSDNet": prunedMsdnet(32),
};

function convolutionsOf({ network }: Model): Convolution[] {
  return network.exits.flatMap(({ layers }) => layers).filter((layer) => layer.kind === "convolution");
}

/** A model of random numbers. For the image's convolutions, they are such that float32 sums are exact. */
function randomFor(text: string, seed: number): Model {
  const spec = parseSpec(text);
  const model = randomModel(spec, { seed });
  const tensors = new Map(model.tensors);
  const change = (name: string, by: (value: number) => number) => {
    const { shape, data } = tensors.get(name)!;
    tensors.set(name, { shape, data: data.map(by) });
  };
  for (const { name } of convolutionsOf(model).filter(readsImage)) {
    change(`${name}.weight`, (value) => Math.round(value / 64));
    change(`${name}.bias`, (value) => Math.round(value / 64));
    change(`${name}.multiplier`, (value) => 2 ** Math.round(Math.log2(64 * value)));
  }
  return createModel(spec, tensors, { source: "random" });
}

/** Logits of the reference implementation, for each exit those of all images; resized like ONNX Runtime. */
function expectedOf({ network, tensors }: Model, images: Float32Array, count: number): Float32Array[] {
  const weights = parseQuantized(network, tensors, { source: "random" });
  const length = images.length / count;
  const results = Array.from(
    { length: count },
    (_, i) => runPlainly(network, weights, images.subarray(i * length, (i + 1) * length), mixExactly).logits,
  );
  return network.exits.map((_, exit) => Float32Array.from(results.flatMap((logits) => [...logits[exit]])));
}

async function checkAgainstOracle(model: Model, options: ExportOnnxOptions = {}): Promise<void> {
  const count = 2;
  const { size: { height, width }, channels } = model.network.features[0];
  const images = randomImages(model, count, 7);
  const found = await runOnnx(exportOnnx(model, options), images, [count, channels, height, width]);
  const expected = expectedOf(model, images, count);
  assertEquals(Object.keys(found), expected.map((_, k) => `exit${k + 1}`));
  expected.forEach((logits, k) => {
    const error = relativeError(found[`exit${k + 1}`], logits);
    assertLess(error, TOLERANCE, `exit ${k + 1} is off by ${error} of its largest logit`);
  });
}

for (const [name, text] of Object.entries(SPECS)) {
  Deno.test(`${name} in 8 bits: ONNX Runtime computes the same integers at every exit`, async () => {
    for (const seed of [1, 2]) await checkAgainstOracle(randomFor(text, seed));
  });

  Deno.test(`${name} in 8 bits: ONNX Runtime computes all convolutions in integers, except those of the image`, async () => {
    const model = randomFor(text, 1);
    const all = convolutionsOf(model);
    const ofImage = all.filter(readsImage).length;
    for (const clip of [true, false]) {
      const operators = await optimizedOperators(exportOnnx(model, { clip }));
      const count = (name: string) => operators.filter((operator) => operator === name).length;
      const depthwise = model.network.exits.flatMap(({ layers }) => layers).filter(({ kind }) => kind === "depthwise");
      assertEquals({ whole: count("QLinearConv"), float: count("Conv") }, {
        whole: all.length - ofImage + depthwise.length,
        float: ofImage,
      });
      assertEquals(count("Gemm"), model.network.exits.length);
    }
  });
}

/** The operators in ONNX Runtime's optimized graph of a file. */
async function optimizedOperators(file: Uint8Array): Promise<string[]> {
  const path = await Deno.makeTempFile({ suffix: ".onnx" });
  try {
    const session = await InferenceSession.create(file, {
      optimizedModelFilePath: path,
      graphOptimizationLevel: "extended",
      logSeverityLevel: 3,
    });
    await session.release();
    return readOperators(await Deno.readFile(path));
  } finally {
    await Deno.remove(path);
  }
}

/** `ModelProto.graph` is field 7, `GraphProto.node` 1, `NodeProto.op_type` 4. */
function readOperators(file: Uint8Array): string[] {
  const operators: string[] = [];
  const readNode = (tag: number, _: unknown, pbf: PbfReader) => {
    if (tag === 4) operators.push(pbf.readString());
  };
  const readGraph = (tag: number, _: unknown, pbf: PbfReader) => {
    if (tag === 1) pbf.readMessage(readNode, undefined);
  };
  new PbfReader(file).readFields((tag, _, pbf) => {
    if (tag === 7) pbf.readMessage(readGraph, undefined);
  }, undefined);
  return operators;
}

Deno.test("resized integers are equal to ONNX Runtime's, or rarely differ by one", () => {
  const corner = fc.integer({ min: 0, max: 127 });
  const share = fc.integer({ min: 1, max: 63 }).chain((sides) =>
    fc.integer({ min: 0, max: sides }).map((i) => i / sides)
  );
  const counts = { all: 0, different: 0 };
  fc.assert(
    fc.property(fc.tuple(corner, corner, corner, corner), share, share, (corners, down, right) => {
      const [ours, theirs] = [mixInSteps, mixExactly].map((mix) => mix(corners, { down, right }));
      counts.all++;
      if (ours !== theirs) counts.different++;
      return Math.abs(ours - theirs) <= 1;
    }),
    { numRuns: 2000, seed: 1 },
  );
  assertLess(counts.different / counts.all, 0.03);
});

Deno.test("without Clip, the ONNX file is smaller and gives the same results below 127 steps", async () => {
  const text = SPECS["a network without resizing"];
  const model = randomFor(text, 1);
  const small = new Map([...model.tensors].map(([name, { shape, data }]): [string, Tensor] => [
    name,
    { shape, data: name.endsWith(".multiplier") ? data.map((value) => value / 16) : data },
  ]));
  const modest = createModel(parseSpec(text), small, { source: "random" });
  await checkAgainstOracle(modest, { clip: false });
  assertGreater(exportOnnx(modest).length, exportOnnx(modest, { clip: false }).length);
});

Deno.test("8-bit ONNX files support temperatures, a single exit and a fixed batch", async () => {
  const model = randomFor(SPECS["a network without resizing"], 1);
  const images = randomImages(model, 1, 7);
  const [, , wanted] = expectedOf(model, images, 1);
  const file = exportOnnx({ ...model, temperatures: [1, 1, 2] }, { exit: 3, batch: 1 });
  const found = await runOnnx(file, images, [1, 3, 16, 16]);
  assertEquals(Object.keys(found), ["exit3"]);
  assertLess(relativeError(found.exit3, wanted.map((value) => value / 2)), TOLERANCE);
});

Deno.test("the folder for transformers.js names an 8-bit file as transformers.js expects", () => {
  const model = randomFor(SPECS["a network without resizing"], 1);
  assert(transformersJsFiles(model).has("onnx/model_quantized.onnx"));
});

Deno.test("exportOnnx() refuses invalid numbers with the tensor's name", () => {
  const model = randomFor(SPECS["a network without resizing"], 1);
  const { name } = convolutionsOf(model)[1];
  for (const bad of [NaN, Infinity, 0, -1]) {
    const { shape, data } = model.tensors.get(`${name}.multiplier`)!;
    const tensors = new Map(model.tensors).set(`${name}.multiplier`, { shape, data: data.with(1, bad) });
    const { message } = assertThrows(() => exportOnnx({ network: model.network, tensors }), RanetError);
    assertStringIncludes(message, `"${name}.multiplier" contains ${bad} at index 1`);
  }
});
