import { inputLength, inputShape } from "../../lib/network/common.ts";
import {
  assertEquals,
  assertGreater,
  assertInstanceOf,
  assertLess,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import fc from "fast-check";
import { InferenceSession } from "onnxruntime-node";
import { AdaptiveExecutor, createModel, type Model, RanetError } from "../../mod.ts";
import { buildNetwork, parseSpec, specFromOfficialFlags } from "../../spec.ts";
import { readCheckpoint } from "../../weights.ts";
import { readNpy } from "../../lib/data/npy.ts";
import { exportOnnx } from "../../lib/onnx/export.ts";
import { parseRecipe } from "../../lib/training/recipe.ts";
import { train } from "../../lib/training/train.ts";
import { randomArray, randomTensors, relativeError, tinyModel } from "../fixtures.ts";
import { plain, tiny } from "../training/fake.ts";
import { times } from "../long.ts";
import { sides } from "../sizes.ts";
import { everyFusion, imageNetStem, prunedMsdnet } from "./networks.ts";
import { runOnnx } from "./run.ts";

const TOLERANCE = 1e-4;

/** Checks that ONNX Runtime's logits of every exit are equal to the CPU runner's. */
async function checkAgainstRunner(model: Model, count: number): Promise<void> {
  const images = randomArray(count * inputLength(model.spec.input), 7);
  using executor = await AdaptiveExecutor.create(model, { device: "cpu", batchSize: count });
  const expected = await executor.forward(images);
  const actual = await runOnnx(exportOnnx(model), images, [count, ...inputShape(model.spec.input)]);
  assertEquals(Object.keys(actual), expected.map((_, k) => `exit${k + 1}`));
  expected.forEach((logits, k) => assertLess(relativeError(actual[`exit${k + 1}`], logits), TOLERANCE));
}

/** Variations of a spec, each with sizes that cannot be halved evenly. */
const SPECS: Record<string, string> = {
  "odd sizes and every fusion": everyFusion(35),
  "7 to 13 pixels, a quotient that float32 rounds down": `
name: thirteen
input: { size: 13 }
classes: 2
base_features: [{ scale: 1/2, channels: 9 }, { scale: 1/2, channels: 12 }, { scale: 1, channels: 16 }]
subnetworks:
  - { blocks: 2, growth: 5, bottleneck: 2 }
  - { blocks: 2, growth: 3, bottleneck: 1, fusion: up-conv }
  - { blocks: 3, growth: 4, bottleneck: 4 }
layers: { mode: lengthen, step: 1 }
compress: 0.5
`,
  "ImageNet's stem, equal scales, a head of 4×4": imageNetStem(101),
  "an MSDNet of odd sizes": prunedMsdnet(45),
};

for (const [name, text] of Object.entries(SPECS)) {
  Deno.test(`${name}: ONNX Runtime computes the same logits`, async () => {
    const spec = parseSpec(text);
    const model = createModel(spec, randomTensors(buildNetwork(spec)), { source: "random" });
    await checkAgainstRunner(model, 1);
    await checkAgainstRunner(model, 3);
  });
}

const documents = fc.record({
  size: sides(5, 130),
  stem: fc.constantFrom("conv3x3", "conv7x7-pool"),
  halvings: fc.array(fc.boolean(), { maxLength: 3 }),
  channels: fc.integer({ min: 1, max: 9 }),
  growth: fc.integer({ min: 2, max: 9 }),
  fusion: fc.constantFrom("auto", "up-conv", "down-conv"),
  step: fc.integer({ min: 1, max: 3 }),
  compress: fc.constantFrom(0.25, 0.5, 0.9),
  head: fc.constantFrom("input", 3),
}).map(({ size, stem, halvings, channels, growth, fusion, step, compress, head }) => {
  let scale = 1;
  const scales = [1, ...halvings.map((halved) => scale /= halved ? 2 : 1)].reverse();
  // JSON is valid YAML.
  return JSON.stringify({
    name: "any",
    input: { size },
    classes: 3,
    stem,
    base_features: scales.map((scale) => ({ scale, channels })),
    subnetworks: scales.map((_, i) => ({ blocks: i + 1, growth, bottleneck: 2, fusion: i > 0 ? fusion : "auto" })),
    layers: { step },
    compress,
    head: { channels: head },
  });
});

/** Some sizes and shares leave nothing to compute. */
function isValid(text: string): boolean {
  try {
    return parseSpec(text) !== undefined;
  } catch (error) {
    assertInstanceOf(error, RanetError);
    return false;
  }
}

Deno.test("any architecture: ONNX Runtime computes the same logits", async () => {
  await fc.assert(
    fc.asyncProperty(documents.filter(isValid), async (text) => {
      const spec = parseSpec(text);
      await checkAgainstRunner(createModel(spec, randomTensors(buildNetwork(spec)), { source: "random" }), 2);
    }),
    { numRuns: times(8, 20) },
  );
});

Deno.test("tiny network: ONNX Runtime computes the same logits", async () => {
  for (const seed of [1, 2]) for (const count of [1, 3]) await checkAgainstRunner(tinyModel(seed), count);
});

const FOLDER = new URL("../fixtures/reference/", import.meta.url);
for (const name of ["cifar10-lg", "cifar100-4features", "imagenet-even", "msdnet-imagenet"]) {
  Deno.test(`${name}: ONNX Runtime computes the authors' logits`, async () => {
    const read = (file: string) => Deno.readFileSync(new URL(`${name}/${file}`, FOLDER));
    const { flags } = JSON.parse(new TextDecoder().decode(read("expect.json")));
    const tensors = readCheckpoint(read("checkpoint.pth.tar"), { source: name });
    const model = createModel(parseSpec(specFromOfficialFlags(flags)), tensors, { source: name });
    const input = readNpy(read("input.npy"), { source: "input.npy" });
    const { data, shape: [exits, count, classes] } = readNpy(read("logits.npy"), { source: "logits.npy" });
    const outputs = await runOnnx(exportOnnx(model), input.data, input.shape);
    assertEquals(Object.keys(outputs).length, exits);
    Object.values(outputs).forEach((logits, k) => {
      assertLess(relativeError(logits, data.subarray(k * count * classes, (k + 1) * count * classes)), TOLERANCE);
    });
  });
}

Deno.test("a network cut at an exit has only that exit's logits and the weights that it needs", async () => {
  const model = tinyModel();
  const images = randomArray(2 * 3 * 20 ** 2, 8);
  const whole = exportOnnx(model);
  const all = await runOnnx(whole, images, [2, ...inputShape(model.spec.input)]);
  for (const exit of [1, 2, 3]) {
    const file = exportOnnx(model, { exit });
    const outputs = await runOnnx(file, images, [2, ...inputShape(model.spec.input)]);
    assertEquals(Object.keys(outputs), [`exit${exit}`]);
    assertEquals(outputs[`exit${exit}`], all[`exit${exit}`]);
    // Even the last exit does not need the other heads.
    assertGreater(whole.length, file.length);
  }
  for (const exit of [0, 4, 1.5]) {
    const { message } = assertThrows(() => exportOnnx(model, { exit }), RanetError);
    assertStringIncludes(message, "from 1 to 3");
  }
});

Deno.test("an ONNX file describes its metadata, input and outputs", async () => {
  const model = tinyModel();
  const file = exportOnnx(model);
  const text = new TextDecoder().decode(file);
  for (const part of ["@ranet/ranet", JSON.stringify(model.spec.classes), JSON.stringify(model.spec.input.mean)]) {
    assertStringIncludes(text, part);
  }
  const session = await InferenceSession.create(file);
  const shapes = [...session.inputMetadata, ...session.outputMetadata].map((port) => port.isTensor && port.shape);
  assertEquals(shapes, [["batch", 3, 20, 20], ["batch", 5], ["batch", 5], ["batch", 5]]);
  await session.release();
});

Deno.test("weights that exceed the size limit of ONNX files are refused", () => {
  const { network, tensors } = tinyModel();
  const data = { byteLength: 2 ** 31 } as Float32Array<ArrayBuffer>;
  const huge = new Map([...tensors, ["classifier.0.linear.weight", { shape: [5, 7], data }]]);
  const { message, remedies } = assertThrows(() => exportOnnx({ network, tensors: huge }), RanetError);
  assertStringIncludes(message, "Cut it at an earlier exit");
  assertEquals(remedies, [{ exit: network.exits.length - 1 }]);
});

Deno.test("the ONNX file of a newly trained network gives the same logits", async () => {
  const recipe = parseRecipe("{ steps: 6, batch: 8, schedule: { kind: constant, rate: 0.05 }, augment: false }");
  const { model } = await train(tiny, plain(24), recipe, { device: "cpu", threads: 1 });
  await checkAgainstRunner(model, 3);
});
