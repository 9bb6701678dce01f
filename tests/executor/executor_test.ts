import { assert, assertEquals, assertLess, assertRejects, assertStringIncludes } from "@std/assert";
import { AdaptiveExecutor, createModel, decodeImage, loadModel, type Model, RanetError, toTensor } from "../../mod.ts";
import { confidence, softmax } from "../../lib/softmax.ts";
import { parseSpec } from "../../lib/spec/parse.ts";
import { buildNetwork } from "../../lib/network/build.ts";
import { buildPlan } from "../../lib/planner/build.ts";
import { randomArray, randomTensors, relativeError, TINY_SPEC, tinyModel } from "../fixtures.ts";
import { gpuTest, longGpuTest } from "../gpu.ts";

const IMAGE = 3 * 20 * 20;
const model = tinyModel();
const images = randomArray(7 * IMAGE, 9);

async function checkClassify(device: "cpu" | "gpu"): Promise<void> {
  using executor = await AdaptiveExecutor.create(model, { device, batchSize: 3 });
  const { exits } = model.network;
  const first = await executor.classify(images, { threshold: 0 });
  assertEquals(first.map(({ exit }) => exit), new Array(7).fill(1));
  const last = await executor.classify(images, { threshold: 1 });
  assertEquals(last.map(({ exit }) => exit), new Array(7).fill(exits.length));

  const threshold = first.map(({ confidence }) => confidence).toSorted()[3];
  const batch = await executor.classify(images, { threshold: [threshold, threshold, 1] });
  assert(new Set(batch.map(({ exit }) => exit)).size > 1, "the threshold should divide these images");
  for (const [i, result] of batch.entries()) {
    const [alone] = await executor.classify(images.subarray(i * IMAGE, (i + 1) * IMAGE), { threshold });
    assertEquals(alone.exit, result.exit);
    assertLess(relativeError(alone.probabilities, result.probabilities), 1e-5);
    assertEquals(result.flops, exits[result.exit - 1].cumulativeFlops);
    assertEquals(result.exitLabel, exits[result.exit - 1].label);
    assertEquals(result.label, model.spec.classes[result.index]);
    assertEquals(result.confidence, Math.max(...result.probabilities));
    assertLess(Math.abs(result.probabilities.reduce((a, b) => a + b) - 1), 1e-5);
  }

  const logits = await executor.forward(images);
  assertEquals(logits.map(({ length }) => length), exits.map(() => 7 * 5));
  for (const options of [{}, { threshold: 0 }, { threshold: 1 }, { threshold: [threshold * 0.999, 0.9, 1] }]) {
    const decided = await executor.decide(logits, options);
    const classified = await executor.classify(images, options);
    assertEquals(
      decided.map(({ exit, flops, label }) => [exit, flops, label]),
      classified.map(({ exit, flops, label }) => [exit, flops, label]),
    );
  }
  await assertRejects(() => executor.decide(logits, { threshold: 2 }), RanetError, "outside [0, 1]");
}

Deno.test("classify() applies thresholds; a batch gives the same results as its images one by one (CPU)", () =>
  checkClassify("cpu"));
gpuTest(
  "classify() applies thresholds; a batch gives the same results as its images one by one",
  () => checkClassify("gpu"),
);

/** Compares every bit of every exit's results, with other images that leave earlier, at the same exit or later. */
async function checkCompanions(device: "cpu" | "gpu"): Promise<void> {
  using executor = await AdaptiveExecutor.create(model, { device, batchSize: 7 });
  const classes = model.spec.classes.length;
  for (let target = 0; target < 7; target++) {
    const image = images.subarray(target * IMAGE, (target + 1) * IMAGE);
    const among = new Float32Array([...images.subarray(target * IMAGE), ...images.subarray(0, target * IMAGE)]);
    const blank = new Float32Array(7 * IMAGE);
    blank.set(image, (6 - target) * IMAGE);
    const logits = (await executor.forward(among)).map((exit) => exit.slice(0, classes));
    const beside = await executor.forward(blank);
    assertEquals(beside.map((exit) => exit.slice((6 - target) * classes, (7 - target) * classes)), logits);
    for (const [exit, values] of logits.entries()) {
      // Slightly above the image's confidence, until it is to leave.
      const threshold = logits.map((values, k) => k < exit ? Math.min(1, confidence(values) * 1.0001) : 0);
      for (const [batch, slot] of [[among, 0], [blank, 6 - target]] as const) {
        const result = (await executor.classify(batch, { threshold }))[slot];
        assertEquals(result.exit, exit + 1);
        assertEquals(result.probabilities, softmax(values));
      }
    }
  }
}

Deno.test("results for an image do not depend on the other images of the batch (CPU)", () => checkCompanions("cpu"));
gpuTest("results for an image do not depend on the other images of the batch", () => checkCompanions("gpu"));

gpuTest("both devices give the same labels and exits for real images", async () => {
  const model = await loadModel("ranet-cifar10");
  const names = ["airplane", "cat", "frog", "horse", "ship", "truck"];
  const tensors = await Promise.all(names.map(async (name) => {
    const bytes = await Deno.readFile(new URL(`../../examples/${name}.jpg`, import.meta.url));
    return toTensor(await decodeImage(bytes, { source: name }), model.spec.input);
  }));
  const batch = new Float32Array(tensors.flatMap((tensor) => [...tensor]));
  const classify = async (device: "cpu" | "gpu") => {
    using executor = await AdaptiveExecutor.create(model, { device, batchSize: 6 });
    return (await executor.classify(batch, { threshold: 0.9 })).map(({ label, exit }) => ({ label, exit }));
  };
  const onCpu = await classify("cpu");
  assertEquals(onCpu.map(({ label }) => label), names);
  assertEquals(await classify("gpu"), onCpu);
});

Deno.test("concurrent calls of an executor run one after another", async () => {
  using executor = await AdaptiveExecutor.create(model, { device: "cpu", batchSize: 2 });
  const [a, b] = [images.subarray(0, IMAGE), images.subarray(IMAGE, 2 * IMAGE)];
  const [alone] = await executor.forward(a);
  const [[together]] = await Promise.all([executor.forward(a), executor.forward(b)]);
  assertEquals(together, alone);
});

Deno.test("an executor uses images as they are at the time of the call", async () => {
  using executor = await AdaptiveExecutor.create(model, { device: "cpu", batchSize: 2 });
  const [first, second] = [0, 1].map((i) => images.subarray(i * IMAGE, (i + 1) * IMAGE));
  const classify = (image: Float32Array) => executor.classify(image).then(([result]) => result.probabilities);
  const anytime = (image: Float32Array) => executor.classifyAnytime(image).then((result) => result.probabilities);
  const forward = (image: Float32Array) => executor.forward(image).then((logits) => logits.at(-1)!);
  for (const run of [classify, anytime, forward]) {
    const frame = first.slice();
    const early = run(frame);
    frame.set(second);
    const late = run(frame);
    assertEquals([await early, await late], [await run(first), await run(second)]);
  }
});

Deno.test("an executor refuses invalid devices, precisions and images", async () => {
  const options: readonly (readonly [object, string])[] = [
    [{ device: "cuda" }, 'device is "cuda", expected one of "auto", "gpu", "cpu"'],
    [{ device: "CPU" }, 'device is "CPU"'],
    [{ device: null }, "device is null"],
    [{ precision: "int4" }, 'precision is "int4", expected one of "float32", "float16"'],
  ];
  for (const [wrong, message] of options) {
    await assertRejects(
      () => AdaptiveExecutor.create(model, wrong),
      RanetError,
      `Cannot create an executor: ${message}`,
    );
  }
  using executor = await AdaptiveExecutor.create(model, { device: "cpu", batchSize: 1 });
  for (const other of [undefined, new Float64Array(IMAGE), Array(IMAGE).fill(0)]) {
    const wrong = other as unknown as Float32Array;
    const message = "expected a Float32Array of normalised images, as returned by toTensor, found";
    await assertRejects(() => executor.classify(wrong), RanetError, message);
    await assertRejects(() => executor.forward(wrong), RanetError, message);
    await assertRejects(() => Array.fromAsync(executor.anytime(wrong)), RanetError, message);
  }
});

Deno.test("classify() refuses invalid options", async () => {
  using executor = await AdaptiveExecutor.create(model, { device: "cpu", batchSize: 1 });
  const image = images.subarray(0, IMAGE);
  for (const threshold of [-0.1, 1.1, NaN, [0.5, 0.5], []]) {
    await assertRejects(() => executor.classify(image, { threshold }), RanetError, "threshold");
  }
  await assertRejects(() => executor.classify(image.subarray(1)), RanetError, "expected images of 3 × 20 × 20");
  await assertRejects(() => executor.classify(new Float32Array()), RanetError, "found 0 numbers");
  await assertRejects(() => executor.classify(image.with(5, NaN)), RanetError, "number 5 of image 0 is NaN");
  await assertRejects(() => AdaptiveExecutor.create(model, { batchSize: 0 }), RanetError, "batchSize is 0");
});

Deno.test("an overflow throws instead of giving wrong results", async () => {
  const spec = parseSpec(TINY_SPEC);
  const tensors = randomTensors(buildNetwork(spec));
  for (const [name, tensor] of tensors) {
    if (tensor.shape.length > 1) {
      tensors.set(name, {
        ...tensor,
        data: tensor.data.map(() => 1e37),
      });
    }
  }
  using executor = await AdaptiveExecutor.create(createModel(spec, tensors, { source: "huge" }), { device: "cpu" });
  await assertRejects(() => executor.forward(images), RanetError, "The weights overflow float32");
});

/** The weights are valid, but this image's numbers are too large for them. */
async function checkRecovery(device: "cpu" | "gpu"): Promise<void> {
  using executor = await AdaptiveExecutor.create(model, { device, batchSize: 2 });
  const image = images.subarray(0, IMAGE);
  const before = await executor.forward(image);
  for (const large of [3e38, -3e38]) {
    const { message } = await assertRejects(
      () => executor.forward(image.map((value) => value > 0 ? large : -large)),
      RanetError,
    );
    assertStringIncludes(message, "An image's numbers overflow float32: the largest is 3e+38");
    assertEquals(await executor.forward(image), before);
  }
}

Deno.test("an overflow does not affect later calls (CPU)", () => checkRecovery("cpu"));
gpuTest("an overflow does not affect later calls", () => checkRecovery("gpu"));

gpuTest("images that overflow on the CPU are also refused on the GPU", async () => {
  using cpu = await AdaptiveExecutor.create(model, { device: "cpu", batchSize: 1 });
  using gpu = await AdaptiveExecutor.create(model, { device: "gpu", batchSize: 1 });
  let overflows = 0;
  for (let i = 0; i < 16; i++) {
    const large = 5e37 * 1.12 ** i;
    const image = randomArray(IMAGE, i).map((value) => value > 0 ? large : -large);
    const isFinite = await cpu.forward(image).then(() => true, () => false);
    if (isFinite) continue;
    overflows++;
    await assertRejects(() => gpu.forward(image), RanetError, "An image's numbers overflow float32");
  }
  assert(overflows > 0, "some of these images should overflow");
});

async function checkDisposed(device: "cpu" | "gpu"): Promise<void> {
  const executor = await AdaptiveExecutor.create(model, { device, batchSize: 1 });
  const image = images.subarray(0, IMAGE);
  const stream = executor.anytime(image);
  await stream.next();
  executor[Symbol.dispose]();
  await assertRejects(() => stream.next(), RanetError, "disposed");
  await assertRejects(() => executor.forward(image), RanetError, "disposed");
}

Deno.test("a disposed executor throws (CPU)", () => checkDisposed("cpu"));
gpuTest("a disposed executor throws", () => checkDisposed("gpu"));

gpuTest(
  "a lost device is reopened once; if it is lost again, the call throws and the next call opens a new one",
  async (adapter) => {
    const devices: GPUDevice[] = [];
    const { requestDevice } = GPUAdapter.prototype;
    GPUAdapter.prototype.requestDevice = async function (...args) {
      const device = await requestDevice.apply(this, args);
      devices.push(device);
      return device;
    };
    try {
      using executor = await AdaptiveExecutor.create(model, { device: "gpu", batchSize: 3, gpuWorker: false });
      const image = images.subarray(0, IMAGE);
      const [before] = await executor.classify(image);
      const stream = executor.anytime(image);
      await stream.next();
      devices[0].destroy();
      assertEquals((await Array.fromAsync(stream)).length, 2);
      assertEquals(await executor.classify(image), [before]);
      assertEquals(devices.length, 2);

      const batch = executor.classify(images);
      devices[1].destroy();
      const { message } = await assertRejects(() => batch, RanetError, "lost");
      assertStringIncludes(message, adapter.name);
      assertEquals((await Array.fromAsync(executor.anytime(image))).length, 3);
      executor[Symbol.dispose]();
      await assertRejects(() => executor.classify(image), RanetError, "disposed");
      await assertRejects(() => executor.classify(image), RanetError, "disposed");
      assertEquals(devices.length, 3);
    } finally {
      GPUAdapter.prototype.requestDevice = requestDevice;
    }
  },
);

gpuTest("a batch that exceeds a device's limits is split, also if a reopened device has lower limits", async () => {
  const { sampleQuads, zeroQuads } = buildPlan(model.network);
  const devices: GPUDevice[] = [];
  const { requestDevice } = GPUAdapter.prototype;
  GPUAdapter.prototype.requestDevice = async function (...args) {
    const device = await requestDevice.apply(this, args);
    const samples = devices.push(device) === 1 ? 3 : 2;
    const maxStorageBufferBindingSize = 16 * (zeroQuads + samples * sampleQuads);
    Object.defineProperty(device, "limits", { value: { maxStorageBufferBindingSize, maxBufferSize: 2 ** 28 } });
    return device;
  };
  try {
    using executor = await AdaptiveExecutor.create(model, { device: "gpu", batchSize: 100, gpuWorker: false });
    const before = await executor.forward(images);
    devices[0].destroy();
    const after = await executor.forward(images);
    after.forEach((logits, exit) => assertLess(relativeError(logits, before[exit]), 1e-5));
  } finally {
    GPUAdapter.prototype.requestDevice = requestDevice;
  }
});

/** The smallest possible network. */
function oneBlock({ size, classes }: { readonly size: number; readonly classes: number }): Model {
  const spec = parseSpec(`
name: one-block
input: { size: ${size} }
classes: ${classes}
base_features: [{ scale: 1, channels: 1 }]
subnetworks: [{ blocks: 1, growth: 1, bottleneck: 1 }]
layers: [1]
head: { channels: 4 }
`);
  return createModel(spec, randomTensors(buildNetwork(spec)), { source: "random" });
}

gpuTest("a batch that would exceed a CPU driver's loop limit in the gate is split", async () => {
  const wide = oneBlock({ size: 8, classes: 1000 });
  using executor = await AdaptiveExecutor.create(wide, { device: "gpu", batchSize: 5000 });
  assertEquals((await executor.classify(new Float32Array(2 * 3 * 8 ** 2))).length, 2);
});

longGpuTest("batches of large inputs run in parts", async () => {
  const spec = parseSpec(`
name: large
input: { size: 1000 }
classes: 3
base_features: [{ scale: 1/2, channels: 2 }, { scale: 1, channels: 17 }]
subnetworks: [{ blocks: 1, growth: 1, bottleneck: 1 }, { blocks: 2, growth: 4, bottleneck: 1, fusion: down-conv }]
layers: [1, 1]
head: { channels: 4 }
`);
  const large = createModel(spec, randomTensors(buildNetwork(spec)), { source: "random" });
  const images = randomArray(2 * 3 * 1000 ** 2, 3);
  using gpu = await AdaptiveExecutor.create(large, { device: "gpu", batchSize: 1000 });
  using cpu = await AdaptiveExecutor.create(large, { device: "cpu", batchSize: 1 });
  const [found, wanted] = [await gpu.forward(images), await cpu.forward(images)];
  wanted.forEach((logits, exit) => assertLess(relativeError(found[exit], logits), 1e-4));
});

gpuTest("a network with loops beyond the limit of CPU drivers is refused there", async ({ isCpu }) => {
  const long = oneBlock({ size: 1024, classes: 2 });
  const create = () => AdaptiveExecutor.create(long, { device: "gpu", batchSize: 1 });
  if (isCpu) await assertRejects(create, RanetError, "65536 times");
  else (await create())[Symbol.dispose]();
  using auto = await AdaptiveExecutor.create(long, { batchSize: 1 });
  assertEquals((await auto.forward(randomArray(3 * 1024 ** 2, 1))).length, 1);
});
