import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { type Adapter, titleOf } from "../../../lib/device/webgpu/adapter.ts";
import { OpenAdapter } from "../../../lib/device/webgpu/device.ts";
import { makeExercise, SHAPES } from "../../../lib/device/webgpu/exercise.ts";
import { selfTest, tryKernels } from "../../../lib/device/webgpu/self_test.ts";
import { kernelKey } from "../../../lib/device/webgpu/kernels.ts";
import { isCorrect, SelfTestError } from "../../../lib/device/webgpu/trust.ts";
import { GPU_TILES } from "../../../lib/device/webgpu/tiles.ts";
import { AdaptiveExecutor } from "../../../lib/executor/executor.ts";
import { randomArray, tinyModel } from "../../fixtures.ts";
import { gpuTest } from "../../gpu.ts";
import { misread, withoutCache } from "./misread.ts";

/** Possible driver errors: for each kernel, a text and its replacement. */
const MISTAKES: readonly [kernel: string, from: string, to: string][] = [
  ["convolution ", "args.outWidth * args.stride - half", "args.outWidth - half"],
  ["convolution ", "x / (1 + exp(-x))", "x / (1 + exp(x))"],
  ["convolution ", "let last = select(0u, 0xff800000u, args.activation > 0)", "let last = 0u"],
  ["convolution ", "bits & bitcast<u32>(arena[0].x)", "bits & 1"],
  ["convolution-shared ", "args.outWidth * args.stride - half", "args.outWidth - half"],
  ["resize ", "fract(x), fract(y)", "fract(y), fract(x)"],
  ["resize ", "case 1: { value = vec4f(before.w, value.xyz); }", "case 1: { value = vec4f(value.xyz, before.w); }"],
  ["max-pool ", "!(value <= largest)", "(value <= largest)"],
  ["max-pool ", "lanes < vec4u(args.outChannels)", "lanes + 1 < vec4u(args.outChannels)"],
  ["classifier ", "dot(value, ", "dot(value.yxzw, "],
  ["gate ", "1 / sum >= args.threshold", "1 / sum < args.threshold"],
];

/** The same for 8-bit models. */
const MISTAKES_IN_STEPS: typeof MISTAKES = [
  ["convolution steps ", "clamp(round(", "clamp(floor("],
  ["convolution steps ", "vec4f(127)", "vec4f(255)"],
  ["convolution whole ", "sum + i32(value) * vec4i(factors)", "sum + i32(value) * vec4i(factors / 2)"],
  ["convolution-shared steps ", "weight(at + args.outQuads)", "weight(at)"],
  ["resize steps ", "+ 8192)", "+ 0)"],
  ["depthwise steps ", "weight(at + args.outQuads)", "weight(at)"],
  ["squeeze steps ", "clamp(round(", "clamp(floor("],
  ["excitation steps ", "weight(at.y).x", "weight(at.x).x"],
];

const withTile = (adapter: Adapter, kernel: string) => {
  const tile = GPU_TILES.find((tile) => kernel.split(" ")[0] === tile.kernel) ?? GPU_TILES[3];
  return { ...adapter.traits, lanes: 8, tiles: [tile] };
};

gpuTest("the self-test passes on a correct device", async (adapter) => {
  for (const kind of ["float32", "float16", "int8"] as const) {
    using device = await OpenAdapter.open(adapter, { precision: kind === "int8" ? "float32" : kind });
    for (const shape of SHAPES) {
      const exercise = await makeExercise(kind, shape);
      assert(new Set(exercise.exits).size > 1, "some images should leave early, and some stay");
      const outcome = await tryKernels(device, withTile(adapter, "convolution-shared"), exercise);
      assert(isCorrect(outcome), JSON.stringify(outcome));
    }
  }
});

for (const [kernel, from, to] of [...MISTAKES, ...MISTAKES_IN_STEPS]) {
  const kind = MISTAKES.some(([name]) => name === kernel) ? "float32" : "int8";
  gpuTest(`the self-test detects a driver that misreads ${from} of ${kernel}`, async (adapter) => {
    using mistake = misread(kernel, from, to);
    using device = await OpenAdapter.open(adapter, { precision: "float32" });
    const outcome = await tryKernels(device, withTile(adapter, kernel), await makeExercise(kind));
    assertEquals(mistake.times(), 1);
    assertEquals(isCorrect(outcome), false);
  });
}

gpuTest(
  "device gpu throws if the device computes wrong results; a correct device is tested once",
  async (adapter) => {
    using _ = withoutCache();
    const model = tinyModel();
    const image = randomArray(3 * 20 ** 2, 1);
    {
      const [kernel, from, to] = MISTAKES[0];
      using _mistake = misread(kernel, from, to);
      using executor = await AdaptiveExecutor.create(model, { device: "gpu", batchSize: 1, gpuWorker: false });
      const { message } = await assertRejects(() => executor.forward(image), SelfTestError);
      assertStringIncludes(message, titleOf(adapter));
    }
    const arenas: number[] = [];
    for (let i = 0; i < 2; i++) {
      using count = countArenas();
      using executor = await AdaptiveExecutor.create(model, { device: "gpu", batchSize: 1, gpuWorker: false });
      await executor.forward(image);
      arenas.push(count.arenas());
    }
    assert(arenas[0] > 1, "the self-test should have run");
    assertEquals(arenas[1], 1);
  },
);

gpuTest("the self-test runs the kernel that is requested", async (adapter) => {
  using _ = withoutCache();
  using device = await OpenAdapter.open(adapter, { precision: "float32" });
  // A tile that no adapter has: those of tests before this one have passed.
  const constants = { PIXELS: 3, QUADS: 2, LANES: adapter.traits.lanes, AHEAD: Number(adapter.isCpu) };
  using labels = modulesOf("convolution");
  await selfTest(device, [{ kernel: "convolution", constants }]);
  assertEquals(labels.all, [kernelKey({ kernel: "convolution", constants })]);
});

/** Collects the labels of shader modules that start with a name. */
function modulesOf(name: string): { readonly all: readonly string[] } & Disposable {
  const { createShaderModule } = GPUDevice.prototype;
  const all: string[] = [];
  GPUDevice.prototype.createShaderModule = function (descriptor) {
    if (descriptor.label?.startsWith(`${name} `)) all.push(descriptor.label);
    return createShaderModule.call(this, descriptor);
  };
  return { all, [Symbol.dispose]: () => void (GPUDevice.prototype.createShaderModule = createShaderModule) };
}

/** Counts runners by their largest buffer. */
function countArenas(): { readonly arenas: () => number } & Disposable {
  const { createBuffer } = GPUDevice.prototype;
  let arenas = 0;
  GPUDevice.prototype.createBuffer = function (descriptor) {
    arenas += Number(descriptor.label === "arena");
    return createBuffer.call(this, descriptor);
  };
  return { arenas: () => arenas, [Symbol.dispose]: () => void (GPUDevice.prototype.createBuffer = createBuffer) };
}
