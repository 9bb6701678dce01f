/**
 * Compares training kernels one by one with float64, including values that a step must not change.
 *
 * @module
 */

import { assert, assertEquals, assertLess } from "@std/assert";
import fc from "fast-check";
import { type Adapter, requestDevice } from "../../../lib/device/webgpu/adapter.ts";
import { CPU_TILES, GPU_TILES } from "../../../lib/device/webgpu/tiles.ts";
import { TrainingCommands } from "../../../lib/device/webgpu/training_commands.ts";
import { arenaStart } from "../../../lib/device/webgpu/training_dispatch.ts";
import { TrainingKernels } from "../../../lib/device/webgpu/training_kernels.ts";
import { layOutTraining, unpackParameters } from "../../../lib/device/webgpu/training_layout.ts";
import { readBuffer, TrainingMemory } from "../../../lib/device/webgpu/training_memory.ts";
import { layerParameters } from "../../../lib/network/cost.ts";
import type { Distillation } from "../../../lib/device/trainer.ts";
import type {
  Classifier,
  Convolution,
  DepthwiseConvolution,
  Excitation,
  Feature,
  Network,
  Parameter,
  View,
} from "../../../lib/network/network.ts";
import { areaOf, type Size, strided } from "../../../lib/network/size.ts";
import type { TrainingPlan, TrainingStep } from "../../../lib/planner/training_plan.ts";
import { QUAD_BYTES } from "../../../lib/planner/plan.ts";
import type { Tensor } from "../../../lib/weights/tensor.ts";
import { randomArray } from "../../fixtures.ts";
import { gpuTest, limitedDevice } from "../../gpu.ts";
import { PlainTraining } from "../plain_training.ts";
import { times } from "../../long.ts";
import { sizes, square } from "../../sizes.ts";
import type { Activation, Gate } from "../../../lib/network/activation.ts";
import { activations, gates } from "../activation.ts";

/** Steps to run one after another on tensors of random numbers. */
interface Case {
  readonly features: readonly Omit<Feature, "name">[];
  /** The layers. */
  readonly forward: readonly TrainingStep[];
  /** The steps. */
  readonly steps: readonly TrainingStep[];
  readonly classes?: number;
  readonly labelSmoothing?: number;
  readonly distillation?: Distillation;
}

const LABELS = [2, 0, 1, 1, 2, 0, 0];
const SECOND = { labels: Uint32Array.of(1, 0, 2, 0, 2, 1, 2), shares: Float32Array.of(0.25, 0.5, 0, 1, 0.1, 0.3, 0.4) };

/** A device, and its binding size in bytes. */
class Bench implements Disposable {
  readonly #adapter: Adapter;
  readonly #gpu: GPUDevice;
  readonly #kernels: TrainingKernels;

  constructor(adapter: Adapter, gpu: GPUDevice) {
    this.#adapter = adapter;
    this.#gpu = gpu;
    this.#kernels = new TrainingKernels(gpu);
  }

  /** Runs steps on the device and in the reference implementation, and compares everything. */
  async check(
    { features, forward, steps, classes = 3, labelSmoothing = 0, distillation }: Case,
    microBatchSize: number,
  ): Promise<void> {
    const count = LABELS.length;
    const plan: TrainingPlan = {
      network: {
        spec: { name: "case", classes: Array.from({ length: classes }, String) },
        exits: [{}, {}],
      } as unknown as Network,
      features: features.map((feature, i) => ({ name: `feature ${i}`, ...feature })),
      forward,
      backward: [],
      parameters: [],
    };
    const parameters = new Map(
      [...new Map(forward.flatMap(parametersOf).map((parameter) => [parameter.name, parameter])).values()]
        .map(({ name, shape }, i): [string, Tensor] => {
          const length = shape.reduce((product, side) => product * side, 1);
          const data = randomArray(length, i + 1);
          return [name, { shape, data: name.endsWith("running_var") ? data.map((value) => 1.5 + value) : data }];
        }),
    );
    const loss = { exits: [1, 0.7], labelSmoothing, distillation };
    const [image] = features;
    const images = randomArray(count * image.channels * areaOf(image.size), 77);
    const plain = new PlainTraining(plan, { parameters, images, labels: LABELS, second: SECOND, loss });
    plain.tensors.forEach((values, i) => values.set(randomArray(values.length, 100 + i)));

    const options = {
      batchSize: count,
      loss,
      emaDecay: 0,
      optimizer: { kind: "sgd", momentum: 0, nesterov: false, weightDecay: 0, decay: "all" },
      gradients: "plain",
      traits: this.#adapter.traits,
      isCpu: this.#adapter.isCpu,
    } as const;
    const gpu = this.#gpu;
    using memory = new TrainingMemory(withRoomFor(gpu, plan, microBatchSize), plan, options);
    const { arenas, layout } = memory;
    if (microBatchSize < count) assertEquals(arenas.length, Math.ceil(count / microBatchSize));
    memory.initialize({ tensors: parameters, momentum: new Map() });
    const batchSize = Math.ceil(count / arenas.length);
    const place = (i: number, visit: (arena: number, at: number, value: number) => void) => {
      const { size, channels } = features[i];
      const area = areaOf(size);
      const { offset, pitch, channel } = layout.features[i];
      plain.tensors[i].forEach((value, index) => {
        const pixel = Math.floor(index / channels);
        const sample = Math.floor(pixel / area);
        const quads = arenaStart(layout) + sample % batchSize * layout.sampleQuads + offset + pixel % area * pitch;
        visit(Math.floor(sample / batchSize), 4 * quads + channel + index % channels, value);
      });
    };
    const filled = await Promise.all(arenas.map((arena) => readBuffer(gpu, arena)));
    features.forEach((_, i) => place(i, (arena, at, value) => filled[arena][at] = value));
    const encoder = gpu.createCommandEncoder();
    memory.load(memory.stage(new Float32Array(images), Uint32Array.from(LABELS), SECOND), 0, encoder);
    gpu.queue.submit([encoder.finish()]); // the image, which is loaded again
    arenas.forEach((arena, i) => gpu.queue.writeBuffer(arena, 0, filled[i] as Float32Array<ArrayBuffer>));

    const commands = new TrainingCommands(gpu, { kernels: this.#kernels, memory, steps, batchSize: count });
    await commands.prepare(count);
    const run = gpu.createCommandEncoder();
    const pass = run.beginComputePass();
    commands.encode(pass);
    pass.end();
    gpu.queue.submit([run.finish()]);
    for (const step of steps) plain.step(step);

    const found = await Promise.all(arenas.map((arena) => readBuffer(gpu, arena)));
    features.forEach((_, i) => {
      const scale = plain.tensors[i].reduce((most, value) => Math.max(most, Math.abs(value)), 1);
      let worst = 0;
      place(i, (arena, at, value) => {
        const error = Math.abs(found[arena][at] - value) / scale;
        worst = Number.isNaN(error) ? Infinity : Math.max(worst, error);
        filled[arena][at] = found[arena][at];
      });
      assertLess(worst, 1e-4, `feature ${i}`);
    });
    // Everything else, including padding lanes, must be unchanged.
    assertEquals(found, filled);
    const gradients = unpackParameters(layout, await readBuffer(gpu, memory.gradients));
    for (const [name, wanted] of plain.gradients) assertNear(gradients.get(name)!.data, wanted, name);
    const losses = await readBuffer(gpu, memory.losses);
    plain.losses.forEach((wanted, exit) => {
      const mean = (at: number) => losses.subarray(at * count, (at + 1) * count).reduce((sum, x) => sum + x, 0) / count;
      assertNear([mean(exit)], [wanted], `loss ${exit}`);
      assertEquals(Math.round(count * mean(plan.network.exits.length + exit)), plain.correct[exit]);
    });
  }

  [Symbol.dispose](): void {
    this.#gpu.destroy();
  }
}

/** The output of a step of the forward pass. */
function parametersOf(step: TrainingStep): Parameter[] {
  if ("layer" in step) return layerParameters(step.layer);
  return "reads" in step ? layerParameters(step) : [];
}

function assertNear(found: ArrayLike<number>, wanted: ArrayLike<number>, name: string): void {
  assertEquals(found.length, wanted.length);
  const scale = Array.from(wanted).reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  for (let i = 0; i < wanted.length; i++) {
    assert(
      Math.abs(found[i] - wanted[i]) <= 1e-4 * scale,
      `${name}, number ${i}: found ${found[i]}, expected ${wanted[i]}`,
    );
  }
}

/** Limits the device's binding size to a number of samples. */
function withRoomFor(gpu: GPUDevice, plan: TrainingPlan, samples: number): GPUDevice {
  const layout = layOutTraining(plan);
  return limitedDevice(gpu, QUAD_BYTES * (arenaStart(layout) + samples * layout.sampleQuads));
}

/** Sizes and channels of a convolution, and of the channels next to its input and output. */
interface Shape {
  readonly size: Size;
  readonly kernel: number;
  readonly stride: number;
  readonly inputs: number;
  readonly outputs: number;
  /** Channels before and after those that are written, and after those that are read. */
  readonly before: number;
  readonly behind: number;
  readonly activation: Activation;
  readonly accumulate: boolean;
}

const channels = fc.integer({ min: 1, max: 19 });
const beside = fc.integer({ min: 0, max: 5 });
const shape: fc.Arbitrary<Shape> = fc.record({
  size: sizes(1, 13),
  kernel: fc.constantFrom(1, 3, 5, 7),
  stride: fc.constantFrom(1, 2, 3),
  inputs: channels,
  outputs: channels,
  before: beside,
  behind: beside,
  activation: activations,
  accumulate: fc.boolean(),
});

const view = (feature: number, offset: number, channels: number): View => ({ feature, offset, channels });

/** A convolution from tensor 1 to tensor 2, whose gradients are tensors 3 and 4. */
function convolutionCase(
  { size, kernel, stride, inputs, outputs, before, behind, activation, accumulate }: Shape,
): Case {
  const read = view(1, 0, inputs);
  const written = view(2, before, outputs);
  const layer: Convolution = {
    kind: "convolution",
    reads: [read],
    writes: [written],
    kernel,
    stride,
    name: "layer",
    bias: true,
    activation,
  };
  const input = { size, channels: inputs + behind };
  const output = { size: strided(size, stride), channels: before + outputs + behind };
  const gradient = view(4, before, outputs);
  return {
    features: [{ size: square(2), channels: 3 }, input, output, input, output],
    forward: [layer],
    steps: [
      layer,
      { kind: "relu-gradient", output: written, gradient },
      { kind: "weight-gradient", layer, input: read, gradient },
      { kind: "input-gradient", layer, gradient, result: { ...view(3, 0, inputs), accumulate } },
      { kind: "dropout", output: view(2, before, outputs), exit: 2, share: 0.4 },
      { kind: "zero", output: view(2, before, outputs) },
    ],
  };
}

/** The same for a depthwise convolution. */
function depthwiseCase(
  { size, kernel, stride, inputs, behind, activation, accumulate }: Shape,
): Case {
  const read = view(1, 0, inputs);
  const layer: DepthwiseConvolution = {
    kind: "depthwise",
    reads: [read],
    writes: [view(2, 0, inputs)],
    kernel,
    stride,
    name: "layer",
    activation,
  };
  const input = { size, channels: inputs + behind };
  const output = { size: strided(size, stride), channels: inputs + behind };
  const gradient = view(4, 0, inputs);
  return {
    features: [{ size: square(2), channels: 3 }, input, output, input, output],
    forward: [layer],
    steps: [
      layer,
      { kind: "depthwise-weight-gradient", layer, input: read, gradient },
      { kind: "depthwise-input-gradient", layer, gradient, result: { ...view(3, 0, inputs), accumulate } },
    ],
  };
}

/** Means of tensor 1 in tensor 2; tensor 4 is tensor 1 gated by tensor 3. Gradients are tensors 5 to 7. */
function excitationCase(gate: Gate, { size, inputs, before, behind, accumulate }: Shape): Case {
  const whole = { size, channels: inputs + behind };
  const pixel = { size: square(1), channels: inputs + before };
  const [input, gates] = [view(1, 0, inputs), view(3, 0, inputs)];
  const layer: Excitation = {
    kind: "excitation",
    reads: [input, gates],
    writes: [view(4, 0, inputs)],
    gate,
    name: "gated",
  };
  const result = { ...view(6, 0, inputs), accumulate };
  const gatesResult = { ...view(7, 0, inputs), accumulate: !accumulate };
  return {
    features: [{ size: square(2), channels: 3 }, whole, pixel, pixel, whole, whole, whole, pixel],
    forward: UNUSED,
    steps: [
      { kind: "squeeze", reads: [input], writes: [view(2, 0, inputs)], name: "means" },
      layer,
      { kind: "excitation-gradient", layer, input, gates, gradient: view(5, 0, inputs), result, gatesResult },
      { kind: "squeeze-gradient", gradient: gatesResult, result: { ...result, accumulate: behind > 2 } },
    ],
  };
}

/** Batch norm from tensor 1, the output of its convolution, to tensor 2, whose gradient is tensor 3. */
function normCase({ size, outputs, before, behind, activation }: Shape, statistics: "batch" | "running"): Case {
  const layer = {
    kind: "convolution",
    reads: [view(0, 0, 3)],
    writes: [view(2, before, outputs)],
    kernel: 1,
    stride: 1,
    name: "layer",
    bias: false,
    norm: "norm",
    activation,
  } as const;
  const written = { size, channels: before + outputs + behind };
  const own = view(1, 0, outputs);
  const gradient = view(3, before, outputs);
  const norm: TrainingStep = { kind: "norm", layer, input: own, output: view(2, before, outputs), statistics };
  const backward: TrainingStep[] = [
    { kind: "norm-sums", layer, input: own, gradient },
    { kind: "norm-gradient", layer, input: own, gradient },
  ];
  return {
    features: [{ size, channels: 3 }, { size, channels: outputs }, written, written],
    forward: [{ ...layer, norm: undefined, activation: "none", writes: [own] }, norm],
    steps: statistics === "running" ? [norm] : [{ kind: "norm-statistics", layer, input: own }, norm, ...backward],
  };
}

/** A layer is needed, because a network must have parameters. */
const UNUSED: readonly TrainingStep[] = [{
  kind: "classifier",
  reads: [view(0, 0, 3)],
  writes: [],
  exit: 0,
  pool: square(1),
  classes: 3,
  name: "unused",
}];

/** A resize from tensor 1 to tensor 2, whose gradients are tensors 3 and 4. */
function resizeCase(size: Size, outSize: Size, { outputs, before, behind, accumulate }: Shape): Case {
  const input = { size, channels: outputs + behind };
  const output = { size: outSize, channels: before + outputs + behind };
  return {
    features: [{ size: square(2), channels: 3 }, input, output, input, output],
    forward: UNUSED,
    steps: [
      { kind: "resize", reads: [view(1, 0, outputs)], writes: [view(2, before, outputs)] },
      {
        kind: "resize-gradient",
        gradient: view(4, before, outputs),
        result: { ...view(3, 0, outputs), accumulate },
      },
    ],
  };
}

/** Max-pooling. A row of equal numbers shows which of the largest numbers gets the gradient. */
function maxPoolCase({ size, outputs, behind, accumulate }: Shape): Case {
  const input = { size, channels: outputs + behind };
  const output = { size: strided(size, 2), channels: outputs };
  return {
    features: [{ size: square(2), channels: 3 }, input, output, input, output],
    forward: UNUSED,
    steps: [
      ...size.height > 2 ? [{ kind: "zero", output: view(1, 0, 1) }] as const : [],
      { kind: "max-pool", reads: [view(1, 0, outputs)], writes: [view(2, 0, outputs)] },
      {
        kind: "max-pool-gradient",
        input: view(1, 0, outputs),
        gradient: view(4, 0, outputs),
        result: { ...view(3, 0, outputs), accumulate },
      },
    ],
  };
}

/** Two classifiers of tensor 1, whose gradient is tensor 2. */
function classifierCase(classes: number, pool: Size, { size, inputs, behind, accumulate }: Shape): Case {
  const fitting = { height: Math.max(size.height, pool.height), width: Math.max(size.width, pool.width) };
  const tensor = { size: fitting, channels: inputs + behind };
  const layers = [0, 1].map((exit): Classifier => (
    { kind: "classifier", reads: [view(1, 0, inputs)], writes: [], exit, pool, classes, name: `layer ${exit}` }
  ));
  return {
    features: [{ size: square(2), channels: 3 }, tensor, tensor],
    forward: layers,
    classes,
    labelSmoothing: behind / 10,
    distillation: accumulate ? { teacher: "last-exit", weight: 0.6, temperature: 1 + behind } : undefined,
    steps: [
      ...layers,
      { kind: "loss", exit: 0 },
      { kind: "loss", exit: 1 },
      {
        kind: "classifier-gradient",
        layer: layers[0],
        input: view(1, 0, inputs),
        result: { ...view(2, 0, inputs), accumulate },
      },
      { kind: "classifier-gradient", layer: layers[1], input: view(1, 0, inputs) },
    ],
  };
}

const microBatchSize = fc.constantFrom(1, 3, LABELS.length);
const CASES: Readonly<Record<string, fc.Arbitrary<Case>>> = {
  "convolution": shape.map(convolutionCase),
  "depthwise": shape.map(depthwiseCase),
  "squeeze-and-excitation": fc.tuple(gates, shape).map((given) => excitationCase(...given)),
  "batch norm": fc.tuple(shape, fc.constantFrom("batch", "running")).map(([given, kind]) => normCase(given, kind)),
  "resize": fc.tuple(sizes(1, 13), sizes(1, 13), shape)
    .map((given) => resizeCase(...given)),
  "max-pool": shape.map(maxPoolCase),
  "classifier": fc.tuple(fc.integer({ min: 3, max: 11 }), sizes(1, 3), shape)
    .map((given) => classifierCase(...given)),
};

/** Settings of GPUs: larger workgroups and other tiles. */
function asGpu(adapter: Adapter): Adapter {
  return { ...adapter, isCpu: false, traits: { lanes: 64, parallelism: 4, tiles: GPU_TILES } };
}

const ADAPTERS: Readonly<Record<string, (adapter: Adapter) => Adapter>> = {
  "": (adapter) => adapter,
  ", in a GPU's tiles": asGpu,
};

for (const [name, cases] of Object.entries(CASES)) {
  for (const [how, as] of Object.entries(ADAPTERS)) {
    gpuTest(`${name}: training steps agree with float64 on odd shapes${how}`, async (adapter) => {
      using bench = new Bench(as(adapter), await requestDevice(adapter));
      await fc.assert(
        fc.asyncProperty(cases, microBatchSize, (given, microBatchSize) => bench.check(given, microBatchSize)),
        // A fixed seed, so that failures do not depend on chance.
        { numRuns: times(8, 30), seed: 1, endOnFailure: true },
      );
    });
  }
}

/** Enough invocations for more workgroups than fit into one dimension of a dispatch. */
const LONG_DISPATCHES: Readonly<Record<string, Case>> = {
  "classifier": classifierCase(400, square(1), { ...plainShape({ size: square(1), inputs: 800, outputs: 1 }) }),
  "convolution": convolutionCase(plainShape({ size: square(1), inputs: 360, outputs: 360 })),
};

function plainShape(given: Pick<Shape, "size" | "inputs" | "outputs">): Shape {
  return { ...given, kernel: 3, stride: 1, before: 0, behind: 0, activation: "none", accumulate: false };
}

for (const [name, given] of Object.entries(LONG_DISPATCHES)) {
  gpuTest(`${name}: more than 65,535 workgroups agree with float64`, async (adapter) => {
    const traits = { lanes: 1, parallelism: 2, tiles: [CPU_TILES[3]], weightTiles: [{ ins: 1, outs: 1 }] };
    using bench = new Bench({ ...adapter, traits }, await requestDevice(adapter));
    await bench.check(given, LABELS.length);
  });
}
