import { assert, assertEquals, assertNotEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { openTrainer } from "../../../lib/device/open_trainer.ts";
import { type Adapter, titleOf } from "../../../lib/device/webgpu/adapter.ts";
import { ARGUMENTS } from "../../../lib/device/webgpu/arguments.ts";
import { OpenAdapter } from "../../../lib/device/webgpu/device.ts";
import { type Kernel, kernelKey } from "../../../lib/device/webgpu/kernels.ts";
import { CPU_TILES } from "../../../lib/device/webgpu/tiles.ts";
import { type OpenTraining, WebGpuTrainer } from "../../../lib/device/webgpu/trainer.ts";
import { TRAINING_ARGUMENTS, type TrainingKernelName } from "../../../lib/device/webgpu/training_arguments.ts";
import { type OptimizerKernelName, TrainingKernels } from "../../../lib/device/webgpu/training_kernels.ts";
import { makeTrainingExercises } from "../../../lib/device/webgpu/training_exercise.ts";
import { tryTraining } from "../../../lib/device/webgpu/training_self_test.ts";
import { isCorrect, SelfTestError } from "../../../lib/device/webgpu/trust.ts";
import { randomTensors } from "../../fixtures.ts";
import { gpuTest, longGpuTest } from "../../gpu.ts";
import { LONG } from "../../long.ts";
import { NETWORKS } from "../../training_networks.ts";
import { asGpus } from "../as_gpus.ts";
import { randomBatch, trainerOptions } from "../training.ts";
import { misread, withoutCache } from "./misread.ts";

/** Possible driver errors: for each kernel, a text and its replacement. */
const MISTAKES: readonly [kernel: string, from: string, to: string][] = [
  [
    "weight-gradient ",
    "let y = row % args.gradHeight * args.stride + top;",
    "let y = row % args.gradHeight * args.stride;",
  ],
  ["weight-gradient ", "partials[partial + 0] = sum0_0_0;", "partials[partial + 0] = vec4f();"],
  ["input-gradient ", "(firstY + half) % args.stride", "firstY % args.stride"],
  ["relu-gradient ", "> vec4f()", "< vec4f()"],
  ["max-pool-gradient ", "let x = 2 * u + tap % 3 - 1;", "let x = 2 * u + tap % 2;"],
  ["resize-gradient ", "abs(f32(j) * scale - i)", "abs(f32(j) * scale - i) / 2"],
  ['resize-gradient floats {"SHIFTED":1', "sum.zw, next.xy", "sum.xy, next.zw"],
  ["norm ", "args.runningOnly > 0", "args.runningOnly > 1"],
  ["norm ", "variance + 1e-5", "variance + 1e-1"],
  ["norm-statistics ", "fma(-sum, mean, squares)", "squares"],
  ["norm-merge ", "squares / max(count - 1, 1)", "squares / count"],
  ["norm-sums ", "weights * own.inverse", "weights"],
  ["norm-gradient ", "fma(difference, slope, mean)", "mean"],
  ["sum ", "split < args.splits", "split + 1 < args.splits"],
  ["dropout ", "< args.limit", "> args.limit"],
  ["dropout ", "remaining[1 + remaining[0]]", "remaining[remaining[0]]"],
  ["norm ", "clamp(x + 3, vec4f(), vec4f(6)) / 6", "clamp(x + 3, vec4f(), vec4f(6)) / 5"],
  ["norm-sums ", "(1 + x * (1 - sigmoid))", "(1 - x * (1 - sigmoid))"],
  ["zero ", "vec4f(), args", "vec4f(1), args"],
  ["loss ", "spread * total", "total"],
  ["loss ", "f32(best == label)", "f32(best != label)"],
  ["classifier-weight-gradient ", "args.accumulate > 0", "args.accumulate > 1"],
  ["classifier-input-gradient ", "sum / f32(args.poolHeight * args.poolWidth)", "sum"],
  ["convolution ", "select(0, at0, (y0 < args.inHeight) & (x0 < args.inWidth))", "at0"],
  ["check ", "== 0x7f800000u", "== 0xff800000u"],
  ["sgd ", "args.nesterov > 0", "args.nesterov > 1"],
  ["sgd ", "mix(value, gradients[i], 0.1)", "value"],
  ["sgd ", "mix(next, ema[i], args.emaDecay)", "next"],
  ["sgd ", "rule == DECAYS", "rule != DECAYS"],
  ["adamw ", "velocities[at] = square;", "velocities[i] = square;"],
  ["adamw ", "(1 - args.learningRate * decay) * value", "value"],
  ["adamw ", "args.second * sqrt(square)", "sqrt(square)"],
  ["loss ", "secondShare * (logits", "(logits"],
];

/** The smallest tile of a CPU driver, because it compiles fastest. */
const withTile = ({ traits }: Adapter) => ({
  ...traits,
  lanes: 8,
  tiles: [CPU_TILES[3]],
  weightTiles: [{ ins: 1, outs: 1 }],
});

async function openTraining(adapter: Adapter) {
  const device = await OpenAdapter.open(adapter, { precision: "float32" });
  return { device, kernels: new TrainingKernels(device.gpu), [Symbol.dispose]: () => device[Symbol.dispose]() };
}

const exercises = makeTrainingExercises(1);

gpuTest(
  "the training self-test runs every kernel in every variant",
  async (adapter) => {
    using on = await openTraining(adapter);
    const names = new Set<string>();
    for (const { network, start, options } of await exercises) {
      const trainer = await WebGpuTrainer.on(on, network, start, {
        ...options,
        traits: withTile(adapter),
        microBatchSize: 3,
      });
      for (const kernel of trainer.kernels) {
        names.add(
          kernel.kernel + (kernel.kernel === "resize-gradient" ? kernelKey(kernel).match(/"SHIFTED":\d/)![0] : ""),
        );
      }
      trainer.release();
    }
    const forward = Object.keys(ARGUMENTS).filter((name) => name !== "gate" && name !== "convolution-shared");
    const gradients = Object.keys(TRAINING_ARGUMENTS).flatMap((name) =>
      name === "resize-gradient" ? [`${name}"SHIFTED":0`, `${name}"SHIFTED":1`] : [name]
    );
    assertEquals([...names].toSorted(), [...forward, ...gradients, "check", "sgd", "adamw"].toSorted());
  },
);

gpuTest("the training self-test passes on a correct device", async (adapter) => {
  using on = await openTraining(adapter);
  const outcome = await tryTraining(on, withTile(adapter), await exercises);
  assert(isCorrect(outcome), JSON.stringify(outcome));
});

gpuTest("the training self-test detects a driver that misreads any kernel", async (adapter) => {
  using on = await openTraining(adapter);
  const missed: string[] = [];
  for (const [kernel, from, to] of MISTAKES.filter((_, i) => LONG || i % 3 === 0)) {
    using mistake = misread(kernel, from, to);
    const outcome = await tryTraining({ ...on, kernels: anew(on, kernel) }, withTile(adapter), await exercises);
    assertNotEquals(mistake.times(), 0, kernel);
    if (isCorrect(outcome)) missed.push(`${kernel}: ${from}`);
  }
  assertEquals(missed, []);
});

/** Kernels that are already compiled, except for one that is compiled again. */
function anew({ device, kernels }: OpenTraining, name: string): TrainingKernels {
  const fresh = new TrainingKernels(device.gpu);
  const from = (kernel: Kernel<string>) => kernelKey(kernel).startsWith(name) ? fresh : kernels;
  return Object.assign(Object.create(kernels), {
    ...kernels,
    pipeline: (kernel: Kernel<TrainingKernelName>) => from(kernel).pipeline(kernel),
    optimizer: (kernel: Kernel<OptimizerKernelName>) => from(kernel).optimizer(kernel),
  });
}

const NETWORK = NETWORKS.get("stem with bias and max-pool")!;

/** Opens a trainer on the chosen device, with drivers that appear as GPUs; returns its notes. */
async function open(device: "auto" | "gpu") {
  const said: string[] = [];
  const state = { tensors: randomTensors(NETWORK), momentum: new Map() };
  const onFallback = (message: string) => void said.push(message);
  using trainer = await openTrainer(NETWORK, state, {
    ...trainerOptions(NETWORK),
    device,
    onFallback,
    gpuWorker: false,
  });
  const { images, labels } = randomBatch(NETWORK);
  await trainer.step(images, labels, { learningRate: 0.1 });
  return { kind: trainer.device.kind, said };
}

longGpuTest(
  "training on a device that computes wrong results: gpu throws, auto uses the CPU with a warning",
  async (adapter) => {
    using _ = withoutCache();
    {
      using _mistake = misread("weight-gradient ", "let grad0 = arena[grad + 0];", "let grad0 = -arena[grad + 0];");
      const { message } = await assertRejects(() => open("gpu"), SelfTestError);
      assertStringIncludes(message, titleOf(adapter));
      using _gpus = asGpus();
      const { kind, said } = await open("auto");
      assertEquals([kind, said.length], ["cpu", 1]);
      assertStringIncludes(said[0], "Running on the CPU: Cannot trust a GPU");
    }
    assertEquals(await open("gpu"), { kind: "gpu", said: [] });
  },
);

gpuTest("training with device auto uses the CPU if the adapter cannot compute, like classification", async () => {
  const { requestDevice } = GPUAdapter.prototype;
  GPUAdapter.prototype.requestDevice = () => Promise.reject(new TypeError("no compute"));
  try {
    using _gpus = asGpus();
    const { kind, said } = await open("auto");
    assertEquals(kind, "cpu");
    assertStringIncludes(said.join(), "no compute");
  } finally {
    GPUAdapter.prototype.requestDevice = requestDevice;
  }
});
