/**
 * Tests the CPU's training kernels one by one, on odd shapes, against the definitions of a plan's steps.
 *
 * @module
 */

import { assertEquals, assertLess } from "@std/assert";
import fc from "fast-check";
import { cpuKernels } from "../../../lib/device/cpu/kernels.ts";
import { pack, packedLength, unpack } from "../../../lib/device/cpu/pack.ts";
import { ThreadPool } from "../../../lib/device/cpu/pool.ts";
import { buildTrainingProgram } from "../../../lib/device/cpu/training_program.ts";
import type { Classifier, Convolution, DepthwiseConvolution, Feature, Layer } from "../../../lib/network/network.ts";
import { areaOf, type Size, strided } from "../../../lib/network/size.ts";
import { quadsOf } from "../../../lib/planner/plan.ts";
import type { NormedConvolution, TrainingPlan, TrainingStep } from "../../../lib/planner/training_plan.ts";
import { parseSpec } from "../../../lib/spec/parse.ts";
import { layerParameters } from "../../../lib/network/cost.ts";
import { networkOf, randomArray, randomTensors, relativeError, TINY_SPEC } from "../../fixtures.ts";
import { PlainTraining } from "../plain_training.ts";
import { times } from "../../long.ts";
import { sizes, square } from "../../sizes.ts";
import type { Activation } from "../../../lib/network/activation.ts";
import { activations, gates, plainActivations } from "../activation.ts";

const SPEC = parseSpec(TINY_SPEC);
const CLASSES = SPEC.classes.length;

/** Steps of one layer on tensors of any shape. The first tensor is not used. */
interface Case {
  readonly layer?: Layer;
  readonly features: readonly Omit<Feature, "name">[];
  readonly forward: readonly TrainingStep[];
  readonly backward?: readonly TrainingStep[];
}

function planOf({ layer, features: shapes, forward, backward = [] }: Case): TrainingPlan {
  const layers = layer ? [layer] : [];
  const image = { name: "image", size: square(1), channels: 3 };
  const features = [image, ...shapes.map((shape, i) => ({ name: `${i + 1}`, ...shape }))];
  const network = networkOf(features, layers);
  const parameters = layers.flatMap(layerParameters).filter(({ learned }) => learned)
    .map(({ name, shape }) => ({ name, shape, isWeight: shape.length > 1, exits: 1 }));
  // No step writes these channels, but they keep all tensors in memory from the first step to the last.
  const kept = features.map((_, feature): TrainingStep => ({
    kind: "zero",
    output: { feature, offset: 0, channels: 0 },
  }));
  return {
    network,
    features,
    forward: [...kept, ...forward],
    backward: [...backward, ...kept],
    parameters,
  };
}

/**
 * Runs a case with random numbers on the CPU and in the reference implementation, and compares all tensors and gradients.
 */
async function assertSame(
  given: Case,
  { samples, threads, seed }: { samples: number; threads: number; seed: number },
): Promise<void> {
  const plan = planOf(given);
  const loss = { exits: [0.7], labelSmoothing: 0.1 };
  const labels = Uint32Array.from({ length: samples }, (_, i) => (i + seed) % CLASSES);
  const second = {
    labels: labels.map((label) => (label + seed + 1) % CLASSES),
    shares: Float32Array.from(labels, (_, i) => i / samples),
  };
  const parameters = randomTensors(plan.network, seed);
  const plain = new PlainTraining(plan, { parameters, images: new Float32Array(3 * samples), labels, second, loss });
  const program = buildTrainingProgram(plan, {
    batchSize: samples + 1,
    threads,
    optimizer: { kind: "sgd", momentum: 0, nesterov: false, weightDecay: 0, decay: "all" },
    loss,
    emaDecay: 0,
    gradients: "plain",
    train: "all",
  });
  const memory = program.layout.allocate((reason) => {
    throw new Error(reason);
  });
  const numbersAt = (address: number, length: number) => new Float32Array(memory.buffer, address, length);
  new Uint32Array(memory.buffer, program.layout.labels, samples).set(labels);
  new Uint32Array(memory.buffer, program.layout.seconds, samples).set(second.labels);
  new Float32Array(memory.buffer, program.layout.shares, samples).set(second.shares);
  for (const { parameter: { name, shape }, address } of program.layout.parameters.entries) {
    pack(shape, parameters.get(name)!.data, numbersAt(address, packedLength(shape)));
  }
  const used = new Set(plan.features.keys().drop(1));
  for (const feature of used) {
    const { size, channels } = plan.features[feature];
    const pixels = samples * areaOf(size);
    const values = randomArray(pixels * channels, seed + feature);
    plain.tensors[feature].set(values);
    const target = numbersAt(
      program.layout.tensors.place({ feature, offset: 0, channels }).at,
      pixels * 4 * quadsOf(channels),
    );
    for (let i = 0; i < values.length; i++) {
      target[Math.floor(i / channels) * 4 * quadsOf(channels) + i % channels] = values[i];
    }
  }

  plain.run();
  using pool = new ThreadPool(await cpuKernels(), memory, { threads });
  const { begin, end, scratch, scratchBytes, layout: { gate } } = program;
  await pool.run("train", [begin, end, samples, program.layout.labels, 0, 1, 1, 0, scratch, scratchBytes, gate]);

  for (const feature of used) {
    const { size, channels } = plan.features[feature];
    const pitch = 4 * quadsOf(channels);
    const found = numbersAt(
      program.layout.tensors.place({ feature, offset: 0, channels }).at,
      samples * areaOf(size) * pitch,
    );
    const expected = plain.tensors[feature];
    const actual = expected.map((_, i) => found[Math.floor(i / channels) * pitch + i % channels]);
    assertLess(relativeError(actual, expected), 1e-4, `feature ${feature}`);
  }
  for (const { parameter: { name, shape }, address, learns } of program.layout.parameters.entries) {
    const packed = numbersAt(address + (learns ? program.layout.parameters.toGradient : 0), packedLength(shape));
    const expected = learns ? plain.gradients.get(name) : plain.parameters.get(name);
    if (expected) assertLess(relativeError(unpack(shape, packed), expected), 1e-4, name);
  }
  if (plain.losses.length === 0) return;
  const losses = new Float64Array(memory.buffer, program.layout.losses, samples);
  assertLess(Math.abs(losses.reduce((sum, value) => sum + value) / samples - plain.losses[0]), 1e-5);
  const correct = new Uint32Array(memory.buffer, program.layout.correct, samples);
  assertEquals(correct.reduce((sum, value) => sum + value), plain.correct[0]);
}

const run = fc.record({
  samples: fc.integer({ min: 1, max: 7 }),
  threads: fc.integer({ min: 1, max: 3 }),
  seed: fc.nat(1000),
});

const channels = (max: number) => fc.integer({ min: 1, max });

/** Channels of a tensor before and after those of a layer. */
const beside = fc.record({ before: fc.integer({ min: 0, max: 5 }), behind: fc.integer({ min: 0, max: 3 }) });

/** A range of channels with others next to it, and its tensor. */
function rangeIn(feature: number, count: number, { before, behind }: { before: number; behind: number }) {
  return { range: { feature, offset: before, channels: count }, total: before + count + behind };
}

async function check<Shape>(
  shape: fc.Arbitrary<Shape>,
  make: (shape: Shape) => Case,
  numRuns = times(8, 20),
): Promise<void> {
  await fc.assert(fc.asyncProperty(shape, run, (shape, run) => assertSame(make(shape), run)), { numRuns });
}

interface ConvolutionShape {
  readonly inSize: Size;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernel: number;
  readonly stride: number;
  readonly bias: boolean;
  readonly activation: Activation;
  readonly accumulate: boolean;
  readonly input: { before: number; behind: number };
  readonly output: { before: number; behind: number };
}

/** All training steps of a convolution. */
function convolutionCase(shape: ConvolutionShape): Case {
  const { inSize, inChannels, outChannels, kernel, stride, bias, activation, accumulate } = shape;
  const outSize = strided(inSize, stride);
  const input = rangeIn(1, inChannels, shape.input);
  const output = rangeIn(2, outChannels, shape.output);
  const gradient = { feature: 3, offset: 0, channels: outChannels };
  const layer: Convolution = {
    kind: "convolution",
    reads: [input.range],
    writes: [output.range],
    kernel,
    stride,
    name: "c",
    bias,
    activation,
  };
  return {
    layer,
    features: [
      { size: inSize, channels: input.total },
      { size: outSize, channels: output.total },
      { size: outSize, channels: outChannels },
      { size: inSize, channels: input.total },
    ],
    forward: [layer],
    backward: [
      { kind: "weight-gradient", layer, input: input.range, gradient },
      { kind: "input-gradient", layer, gradient, result: { ...input.range, feature: 4, accumulate } },
    ],
  };
}

Deno.test("convolution: forward, input gradient, weight gradient", () =>
  check(
    fc.record({
      inSize: sizes(1, 9),
      inChannels: channels(20),
      outChannels: channels(20),
      kernel: fc.constantFrom(1, 3, 5, 7),
      stride: fc.constantFrom(1, 2),
      bias: fc.boolean(),
      activation: plainActivations,
      accumulate: fc.boolean(),
      input: beside,
      output: beside,
    }),
    convolutionCase,
    times(16, 60),
  ));

/** Convolutions of 3×3 without bias and activation, which minimal filtering computes if they have many channels. */
function plain3x3(
  { stride, ...channels }: Record<"inChannels" | "outChannels", fc.Arbitrary<number>> & { readonly stride: number },
): fc.Arbitrary<ConvolutionShape> {
  return fc.record({
    ...channels,
    inSize: sizes(1, 9),
    kernel: fc.constant(3),
    stride: fc.constant(stride),
    bias: fc.constant(false),
    activation: fc.constant("none" as const),
    accumulate: fc.boolean(),
    input: beside,
    output: beside,
  });
}

Deno.test("convolution: forward and gradients with Winograd's algorithm", () =>
  check(
    plain3x3({
      stride: 1,
      inChannels: fc.integer({ min: 12, max: 30 }),
      outChannels: fc.integer({ min: 12, max: 30 }),
    }),
    convolutionCase,
    times(8, 30),
  ));

Deno.test("convolution: forward and gradients, also the weights' gradient with Winograd's algorithm", () =>
  check(
    fc.record({
      inSize: fc.record({ height: fc.constantFrom(2, 4, 10), width: fc.constantFrom(2, 4, 8) }),
      inChannels: fc.integer({ min: 48, max: 110 }),
      outChannels: fc.constantFrom(24, 32, 40),
      kernel: fc.constant(3),
      stride: fc.constant(1),
      bias: fc.constant(false),
      activation: fc.constant("none" as const),
      accumulate: fc.boolean(),
      input: beside,
      output: beside,
    }),
    convolutionCase,
    times(8, 40),
  ));

Deno.test("convolution with stride 2 and many channels: forward and gradients", () =>
  check(
    plain3x3({
      stride: 2,
      inChannels: fc.integer({ min: 64, max: 80 }),
      outChannels: fc.integer({ min: 64, max: 90 }),
    }),
    convolutionCase,
    times(4, 10),
  ));

Deno.test("depthwise convolution: forward, input gradient, weight gradient", () =>
  check(
    fc.record({
      size: sizes(1, 11),
      count: channels(20),
      kernel: fc.constantFrom(1, 3, 5, 7),
      stride: fc.constantFrom(1, 2, 3),
      activation: activations,
      accumulate: fc.boolean(),
      input: beside,
      output: beside,
    }),
    ({ size, count, kernel, stride, activation, accumulate, ...beside }) => {
      const outSize = strided(size, stride);
      const input = rangeIn(1, count, beside.input);
      const output = rangeIn(2, count, beside.output);
      const gradient = { feature: 3, offset: 0, channels: count };
      const layer: DepthwiseConvolution = {
        kind: "depthwise",
        reads: [input.range],
        writes: [output.range],
        kernel,
        stride,
        name: "c",
        activation,
      };
      return {
        layer,
        features: [
          { size, channels: input.total },
          { size: outSize, channels: output.total },
          { size: outSize, channels: count },
          { size, channels: input.total },
        ],
        forward: [layer],
        backward: [
          { kind: "depthwise-weight-gradient", layer, input: input.range, gradient },
          { kind: "depthwise-input-gradient", layer, gradient, result: { ...input.range, feature: 4, accumulate } },
        ],
      };
    },
    times(10, 30),
  ));

Deno.test("squeeze-and-excitation: means, gated channels, and their gradients", () =>
  check(
    fc.record({
      size: sizes(1, 9),
      count: channels(14),
      gate: gates,
      accumulate: fc.boolean(),
      gatesAccumulate: fc.boolean(),
      input: beside,
      output: beside,
    }),
    ({ size, count, gate, accumulate, gatesAccumulate, ...beside }) => {
      const input = rangeIn(1, count, beside.input);
      const means = rangeIn(2, count, beside.output);
      const pixel = { size: square(1), channels: means.total };
      const output = rangeIn(4, count, beside.output);
      const gates = { ...means.range, feature: 3 };
      const layer: Layer = {
        kind: "excitation",
        reads: [input.range, gates],
        writes: [output.range],
        gate,
        name: "gated",
      };
      const result = { ...input.range, feature: 6, accumulate };
      const gatesResult = { ...means.range, feature: 7, accumulate: gatesAccumulate };
      const gradient = { ...output.range, feature: 5 };
      return {
        layer,
        features: [
          { size, channels: input.total },
          pixel,
          pixel,
          { size, channels: output.total },
          { size, channels: output.total },
          { size, channels: input.total },
          pixel,
        ],
        forward: [{ kind: "squeeze", reads: [input.range], writes: [means.range], name: "means" }, layer],
        backward: [
          { kind: "excitation-gradient", layer, input: input.range, gates, gradient, result, gatesResult },
          { kind: "squeeze-gradient", gradient: gatesResult, result: { ...result, accumulate: true } },
        ],
      };
    },
    times(6, 15),
  ));

Deno.test("batch norm: statistics, forward, sums, gradient", () =>
  check(
    fc.record({ size: sizes(1, 6), count: channels(14), output: beside, activation: activations })
      // Batch norm of two numbers gives only their signs, so that its gradient is only rounding.
      .filter(({ size }) => areaOf(size) > 2),
    ({ size, count, activation, ...beside }) => {
      const view = { feature: 1, offset: 0, channels: count };
      const layer: NormedConvolution = {
        kind: "convolution",
        reads: [view],
        writes: [view],
        kernel: 1,
        stride: 1,
        name: "c",
        norm: "n",
        bias: false,
        activation,
      };
      const input = { feature: 1, offset: 0, channels: count };
      const { range, total } = rangeIn(2, count, beside.output);
      const gradient = { ...range, feature: 3 };
      return {
        layer,
        features: [{ size, channels: count }, { size, channels: total }, { size, channels: total }],
        forward: [
          { kind: "norm-statistics", layer, input },
          { kind: "norm", layer, input, output: range, statistics: "batch" },
        ],
        backward: [
          { kind: "norm-sums", layer, input, gradient },
          { kind: "norm-gradient", layer, input, gradient },
        ],
      };
    },
  ));

Deno.test("max-pool and resize, and their gradients", () =>
  check(
    fc.record({
      kind: fc.constantFrom("max-pool", "resize"),
      inSize: sizes(1, 9),
      outSize: sizes(1, 9),
      count: channels(9),
      input: beside,
      output: beside,
      accumulate: fc.boolean(),
    }),
    ({ kind, inSize, count, accumulate, ...shape }) => {
      const outSize = kind === "max-pool" ? strided(inSize, 2) : shape.outSize;
      const input = rangeIn(1, count, shape.input);
      const output = rangeIn(2, count, shape.output);
      const gradient = { ...output.range, feature: 3 };
      const result = { ...input.range, feature: 4, accumulate };
      return {
        features: [
          { size: inSize, channels: input.total },
          { size: outSize, channels: output.total },
          { size: outSize, channels: output.total },
          { size: inSize, channels: input.total },
        ],
        forward: [{ kind, reads: [input.range], writes: [output.range] }],
        backward: [
          kind === "resize"
            ? { kind: "resize-gradient", gradient, result }
            : { kind: "max-pool-gradient", input: input.range, gradient, result },
        ],
      };
    },
    times(10, 30),
  ));

Deno.test("zero and the gradient of a ReLU", () =>
  check(
    fc.record({ size: sizes(1, 5), count: channels(9), place: beside }),
    ({ size, count, place }) => {
      const { range, total } = rangeIn(1, count, place);
      const shape = { size, channels: total };
      return {
        features: [shape, shape, shape],
        forward: [{ kind: "zero", output: range }],
        backward: [{ kind: "relu-gradient", output: { ...range, feature: 2 }, gradient: { ...range, feature: 3 } }],
      };
    },
  ));

Deno.test("classifier, loss, and their gradients", () =>
  check(
    fc.record({
      size: sizes(1, 4),
      pool: sizes(1, 4),
      count: channels(14),
      behind: fc.integer({ min: 0, max: 3 }),
      accumulate: fc.boolean(),
    }).filter(({ size, pool }) => pool.height <= size.height && pool.width <= size.width),
    ({ size, pool, count, behind, accumulate }) => {
      const input = { feature: 1, offset: 0, channels: count };
      const layer: Classifier = {
        kind: "classifier",
        reads: [input],
        writes: [],
        exit: 0,
        pool,
        classes: CLASSES,
        name: "l",
      };
      return {
        layer,
        features: [{ size, channels: count + behind }, { size, channels: count + behind }],
        forward: [layer, { kind: "loss", exit: 0 }],
        backward: [{ kind: "classifier-gradient", layer, input, result: { ...input, feature: 2, accumulate } }],
      };
    },
  ));
