import { assertEquals, assertLess } from "@std/assert";
import { CpuTrainer } from "../lib/device/cpu/trainer.ts";
import { WebGpuTrainer } from "../lib/device/webgpu/trainer.ts";
import { layOut } from "../lib/drawing/layout.ts";
import { AdaptiveExecutor } from "../lib/executor/executor.ts";
import { createModel } from "../lib/model/model.ts";
import { inputLength, inputShape } from "../lib/network/common.ts";
import { buildNetwork } from "../lib/network/build.ts";
import { exportOnnx } from "../lib/onnx/export.ts";
import { documentOf } from "../lib/spec/document.ts";
import { parseSpec, resolveSpec } from "../lib/spec/parse.ts";
import { specTemplate } from "../lib/spec/template.ts";
import { assertFirstStep, trainerOptions } from "./device/training.ts";
import { randomArray, randomTensors, relativeError } from "./fixtures.ts";
import { gpuTest, longGpuTest } from "./gpu.ts";
import { longTest } from "./long.ts";
import { runOnnx } from "./onnx/run.ts";
import { plainCounts } from "./network/plain_counts.ts";
import { variant, VARIANTS } from "./variants.ts";

const TOLERANCE = 1e-5;
const IMAGES = 2;
/** Variants that need something new of kernels. */
const NEEDS_KERNELS = /^(activation|depthwise|dropout|exits: boosted|input|stem|head|kernel|se_ratio)/;
/** Variants whose gradients are tried before each commit: together they have every kind of layer and of loss. */
const QUICK = new Set([
  "activation: silu",
  "depthwise of 5×5, squeeze-and-excitation, hard-swish",
  "dropout",
  "exits: boosted",
  "head.depthwise at some exits",
  "input.size: of two sides, with every kind of layer",
  "stem: 5×5 of stride 3, other channels",
]);
assertEquals([...QUICK].filter((title) => !(title in VARIANTS)), []);

for (const [title, document] of Object.entries(VARIANTS)) {
  const spec = variant(title);
  const network = buildNetwork(spec);
  const model = createModel(spec, randomTensors(network), { source: "random" });
  const images = randomArray(IMAGES * inputLength(spec.input), 3);
  const forward = async (device: "cpu" | "gpu") => {
    using executor = await AdaptiveExecutor.create(model, { device, batchSize: IMAGES });
    assertEquals(executor.device.kind, device);
    return await executor.forward(images);
  };

  Deno.test(`${title}: costs match a count by hand`, () => {
    const { flops, params } = plainCounts(document);
    assertEquals(network.exits.map(({ cumulativeFlops }) => cumulativeFlops), flops);
    assertEquals(network.exits.map(({ cumulativeParams }) => cumulativeParams), params);
  });

  Deno.test(`${title}: is equal to its document and its template`, () => {
    assertEquals(resolveSpec(documentOf(spec)), spec);
    assertEquals(parseSpec(specTemplate(spec)), spec);
  });

  Deno.test(`${title}: the drawing shows every exit`, () => {
    assertEquals(layOut(network).exits.map(({ flops }) => flops), network.exits.map((exit) => exit.cumulativeFlops));
  });

  Deno.test(`${title}: ONNX Runtime computes the same logits`, async () => {
    const expected = await forward("cpu");
    const actual = await runOnnx(exportOnnx(model), images, [IMAGES, ...inputShape(spec.input)]);
    expected.forEach((logits, k) => assertLess(relativeError(actual[`exit${k + 1}`], logits), TOLERANCE));
  });

  // Others only put the same layers together in another way, which is the same for every device.
  const needsKernels = NEEDS_KERNELS.test(title);
  (needsKernels ? gpuTest : longGpuTest)(`${title}: both devices agree`, async () => {
    const expected = await forward("cpu");
    for (const [k, logits] of (await forward("gpu")).entries()) {
      assertLess(relativeError(logits, expected[k]), TOLERANCE);
    }
  });

  const options = trainerOptions(network);
  const gradients = `${title}: losses and gradients are those of plain training`;
  const isQuick = QUICK.has(title);
  (isQuick ? Deno.test : longTest)(`${gradients} (CPU)`, async () => {
    await assertFirstStep(network, options, (state) => CpuTrainer.create(network, state, { ...options, threads: 1 }));
  });
  if (!needsKernels) continue;
  (isQuick ? gpuTest : longGpuTest)(gradients, async (adapter) => {
    await assertFirstStep(network, options, (state) => WebGpuTrainer.create(network, state, { ...options, adapter }));
  });
}
