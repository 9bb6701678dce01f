/**
 * Compares WebGPU kernels one by one with the CPU runner, which tests/device/cpu/kernels_test.ts checks against definitions.
 *
 * @module
 */

import { assert, assertEquals, assertLess } from "@std/assert";
import fc from "fast-check";
import type { Adapter } from "../../../lib/device/webgpu/adapter.ts";
import { confidence } from "../../../lib/softmax.ts";
import { CpuRunner } from "../../../lib/device/cpu/runner.ts";
import type { StageRange, StageResults } from "../../../lib/device/runner.ts";
import { WebGpuRunner } from "../../../lib/device/webgpu/runner.ts";
import type { Classifier, Feature, Network } from "../../../lib/network/network.ts";
import type { Size } from "../../../lib/network/size.ts";
import { buildPlan } from "../../../lib/planner/build.ts";
import { type FoldedWeights, foldWeights } from "../../../lib/weights/fold.ts";
import type { Plan } from "../../../lib/planner/plan.ts";
import { CONVOLUTION_KERNELS, GPU_TILES, type Tile, type TileCost } from "../../../lib/device/webgpu/tiles.ts";
import { gpuTest, longGpuTest } from "../../gpu.ts";
import { times } from "../../long.ts";
import { randomArray, tinyModel } from "../../fixtures.ts";
import { type Case, convolutionCase, indexIn, probePlan } from "../probe.ts";
import { square } from "../../sizes.ts";
import { activations } from "../activation.ts";

/** As in the stem and finest sub-network of the largest published network. */
const MAX_SIZE = 57;
const SUMS = 8;

/** Number of channels of the images that classifiers read. */
const IMAGE_CHANNELS = 7;

interface Batch {
  readonly adapter: Adapter;
  readonly images: Float32Array;
  readonly count: number;
  readonly batchSize: number;
}

/** Results of both runners for a batch. */
async function runBoth(
  { plan, folded }: { plan: Plan; folded: FoldedWeights },
  { adapter, images, count, batchSize }: Batch,
  range: StageRange,
): Promise<{ cpu: StageResults; gpu: StageResults }> {
  using cpu = await CpuRunner.create(plan, folded, { batchSize });
  using gpu = await WebGpuRunner.create(plan, folded, { batchSize, adapter });
  cpu.load(images, count);
  gpu.load(images, count);
  return { cpu: await cpu.run(range), gpu: await gpu.run(range) };
}

/**
 * Largest difference relative to the largest logit. One wrong number among tens of thousands changes a sum by 1e-3 or more.
 */
function assertClose(found: readonly Float32Array[], wanted: readonly Float32Array[], cases: readonly unknown[]): void {
  wanted.forEach((logits, stage) => {
    const largest = Math.max(1, ...logits.map(Math.abs));
    logits.forEach((value, i) => {
      assertLess(Math.abs(found[stage][i] - value) / largest, 1e-4, `number ${i} of ${JSON.stringify(cases[stage])}`);
    });
  });
}

/** Logits of exits that a sample did not reach are undefined. */
function assertSameExits(found: StageResults, wanted: StageResults, classes: number): void {
  assertEquals(found.exits, wanted.exits);
  const reached = (logits: Float32Array, stage: number) =>
    logits.map((value, i) => wanted.exits[Math.floor(i / classes)] >= stage ? value : 0);
  assertClose(found.logits.map(reached), wanted.logits.map(reached), wanted.logits.map((_, stage) => stage));
}

/** Simulates a GPU that computes convolutions with one kernel only. */
function withKernel(adapter: Adapter, kernel: Tile["kernel"]): Adapter {
  return {
    ...adapter,
    traits: { ...adapter.traits, lanes: 64, tiles: GPU_TILES.filter((tile) => tile.kernel === kernel) },
  };
}

async function assertKernelsAgree(adapter: Adapter, cases: readonly Case[], count: number): Promise<void> {
  const built = probePlan(cases, { sums: SUMS });
  const images = randomArray(count * built.length, count);
  const range = { from: 0, to: cases.length };
  const { cpu, gpu } = await runBoth(built, { adapter, images, count, batchSize: 5 }, range);
  assertClose(gpu.logits, cpu.logits, cases);
}

const side = fc.oneof(fc.constantFrom(1, 2, 3, MAX_SIZE), fc.integer({ min: 1, max: MAX_SIZE }));
const size = fc.oneof(side.map(square), fc.record({ height: side, width: side }));
const channels = fc.integer({ min: 1, max: 19 });
const offset = fc.integer({ min: 0, max: 5 });
const behind = fc.integer({ min: 0, max: 5 });
const layer = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      inSize: size,
      inChannels: channels,
      outChannels: channels,
      offset,
      behind,
      kernel: fc.constantFrom(1, 3, 7),
      stride: fc.constantFrom(1, 2),
      activation: activations,
    }).map(convolutionCase),
  },
  {
    weight: 2,
    arbitrary: fc.record({ inSize: size, outSize: size, inChannels: channels, offset, behind })
      .map((given) => convolutionCase({ kind: "resize", outChannels: given.inChannels, ...given })),
  },
  // A max-pool writes a whole feature.
  {
    weight: 1,
    arbitrary: fc.record({ inSize: size, inChannels: channels })
      .map((given) => convolutionCase({ kind: "max-pool", stride: 2, outChannels: given.inChannels, ...given })),
  },
);

for (const kernel of CONVOLUTION_KERNELS) {
  gpuTest(`${kernel}, resize and max-pool agree with the CPU runner on odd shapes`, async (adapter) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(layer, { minLength: 10, maxLength: 10 }),
        fc.integer({ min: 1, max: 5 }),
        (cases, count) => assertKernelsAgree(withKernel(adapter, kernel), cases, count),
      ),
      // Few runs, because each compiles its kernels, and a fixed seed, so that failures do not depend on chance.
      { numRuns: times(3, 6), seed: 1, endOnFailure: true },
    );
  });
}

/** The smallest, the largest, and the most elongated tiles. */
const ENDS: readonly Size[] = [
  ...[1, 2, MAX_SIZE].map(square),
  { height: 1, width: MAX_SIZE },
  { height: MAX_SIZE, width: 2 },
];

gpuTest("corner cases agree with the CPU runner", async (adapter) => {
  const resize = (inSize: Size, outSize: Size) =>
    convolutionCase({ kind: "resize", inSize, outSize, inChannels: 5, outChannels: 5, offset: 3, behind: 2 });
  const convolution = { inChannels: 3, outChannels: 5, offset: 1, behind: 1 };
  await assertKernelsAgree(adapter, [
    ...[[1, 1], [1, 57], [57, 1], [2, 57], [57, 2], [57, 29], [29, 57]].flatMap(([from, to]) => [
      resize(square(from), square(to)),
      resize({ height: from, width: to }, { height: to, width: from }),
    ]),
    ...[1, 3, 7].flatMap((kernel) =>
      [1, 2].flatMap((stride) => ENDS.map((inSize) => convolutionCase({ ...convolution, inSize, kernel, stride })))
    ),
    ...ENDS.map((inSize) => convolutionCase({ kind: "max-pool", inSize, stride: 2, inChannels: 6, outChannels: 6 })),
  ], 2);
});

const oddTiles: readonly TileCost[] = [
  { kernel: "convolution", pixels: 3, quads: 5, cost: 1 },
  { kernel: "convolution-shared", pixels: 3, quads: 3, across: 2, cost: 1 },
];

for (const tile of [...GPU_TILES, ...oddTiles]) {
  for (const lanes of [1, 8, 64]) {
    (lanes === 8 ? gpuTest : longGpuTest)(`${nameOf(tile)}, ${lanes} lanes`, async (found) => {
      const adapter = { ...found, traits: { lanes, parallelism: 2, tiles: [tile] } };
      const cases = [[4, 5, 3], [2, 37, 70], [5, 7, 9], [1, 64, 130]].map(([side, inChannels, outChannels]) =>
        convolutionCase({ inSize: { height: side, width: side + 2 }, inChannels, outChannels, offset: 2, behind: 3 })
      );
      await assertKernelsAgree(adapter, cases, 3);
    });
  }
}

function nameOf({ kernel, pixels, quads, across }: TileCost): string {
  return `${kernel} in tiles of ${pixels} pixels × ${quads} quads${across ? `, ${across} across` : ""}`;
}

for (const kernel of CONVOLUTION_KERNELS) {
  gpuTest(
    `NaN propagates through ${kernel} and all other kernels`,
    async (found) => {
      const adapter = withKernel(found, kernel);
      const shape = { inSize: square(9), inChannels: 7, outChannels: 7 };
      const cases = [
        convolutionCase(shape),
        convolutionCase({ ...shape, kind: "resize", outSize: square(5) }),
        convolutionCase({ ...shape, kind: "max-pool", stride: 2 }),
      ];
      const { plan, folded, inputs, length } = probePlan(cases, { sums: 1 });
      const images = randomArray(length, 1);
      for (const input of inputs) {
        for (let channel = 0; channel < 7; channel++) images[indexIn(input, 40, channel)] = NaN;
      }
      using runner = await WebGpuRunner.create(plan, folded, { batchSize: 1, adapter });
      runner.load(images, 1);
      const { logits } = await runner.run({ from: 0, to: cases.length });
      assertEquals(logits, cases.map(() => Float32Array.of(NaN)));
    },
  );

  gpuTest(`${kernel} runs waves of several steps for the remaining samples`, async (adapter) => {
    const { network, tensors } = tinyModel();
    const plan = buildPlan(network);
    assert(plan.stages.flat().some((wave) => wave.length > 1 && wave[0].kind === "convolution"));
    const batch = {
      adapter: withKernel(adapter, kernel),
      images: randomArray(7 * 3 * 20 ** 2, 3),
      count: 7,
      batchSize: 9,
    };
    const built = { plan, folded: foldWeights(network, tensors) };
    const { cpu: { logits } } = await runBoth(built, batch, { from: 0, to: 3 });
    // Between two samples' confidences, so that some samples leave at each exit.
    const thresholds = logits.map((exit) => {
      const order = Array.from({ length: 7 }, (_, i) => confidence(exit.subarray(5 * i, 5 * i + 5))).toSorted();
      return (order[3] + order[4]) / 2;
    });
    const { cpu, gpu } = await runBoth(built, batch, { from: 0, to: 3, thresholds });
    assertEquals(new Set(cpu.exits).size, 3);
    assertSameExits(gpu, cpu, 5);
  });
}

/** A plan that contains only classifiers that read the image, one per exit. */
function classifiers(image: Omit<Feature, "name">, given: readonly Partial<Classifier>[], classes: number) {
  const features = [{ name: "image", ...image }];
  const exits = given.map((classifier, i) => {
    const reads = [{ feature: 0, offset: 0, channels: image.channels }] as const;
    const layer = { kind: "classifier", reads, writes: [], exit: i, pool: image.size, classes, name: `${i}` };
    return { layers: [{ ...layer, ...classifier }] };
  });
  const network = { spec: { classes: new Array<string>(classes) }, features, exits } as unknown as Network;
  const plan = buildPlan(network);
  const folded = new Map(exits.map(({ layers: [{ name, reads: [input] }] }, i) => [name, {
    weight: randomArray(classes * input.channels, i + 1).map((value) => 3 * value),
    bias: randomArray(classes, i + 100),
  }]));
  return { plan, folded };
}

gpuTest("classifier agrees with the CPU runner", async (adapter) => {
  for (const classes of [1, 10, 65]) {
    const pools = [...[1, 2, 3, 57].map(square), { height: 3, width: 57 }, { height: 57, width: 1 }];
    const cases = pools.flatMap((pool) =>
      [1, 6, 7].map((channels) => ({ pool, reads: [{ feature: 0, offset: 0, channels }] as const }))
    );
    const image = { size: square(MAX_SIZE), channels: IMAGE_CHANNELS };
    const images = randomArray(3 * IMAGE_CHANNELS * MAX_SIZE ** 2, classes);
    const { cpu, gpu } = await runBoth(
      classifiers(image, cases, classes),
      { adapter, images, count: 3, batchSize: 4 },
      { from: 0, to: cases.length },
    );
    assertClose(gpu.logits, cpu.logits, cases);
  }
});

gpuTest("a classifier's loop just below the limit of CPU drivers runs completely", async (adapter) => {
  const image = { size: square(160), channels: IMAGE_CHANNELS };
  const images = randomArray(IMAGE_CHANNELS * 160 ** 2, 1).map(Math.abs);
  const { cpu, gpu } = await runBoth(
    classifiers(image, [{}], 3),
    { adapter, images, count: 1, batchSize: 1 },
    { from: 0, to: 1 },
  );
  assertClose(gpu.logits, cpu.logits, [{}]);
});

gpuTest("the gate lets the same samples leave as the CPU runner, and keeps the others' order", async (adapter) => {
  const image = { size: square(1), channels: IMAGE_CHANNELS };
  const built = classifiers(image, [{}, {}, {}, {}], 5);
  using cpu = await CpuRunner.create(built.plan, built.folded, { batchSize: 70 });
  using gpu = await WebGpuRunner.create(built.plan, built.folded, { batchSize: 70, adapter });
  const some = fc.array(fc.double({ min: 0.3, max: 1, noNaN: true }), { minLength: 4, maxLength: 4 });
  const thresholds = fc.oneof(some, fc.constantFrom([0, 1, 1, 1], [1, 1, 1, 1], [1, 0, 0, 0], [2, 2, 0, 2]));
  await fc.assert(
    // Also more samples than the gate has lanes.
    fc.asyncProperty(fc.integer({ min: 1, max: 70 }), thresholds, fc.nat(1000), async (count, thresholds, seed) => {
      const images = randomArray(count * IMAGE_CHANNELS, seed);
      cpu.load(images, count);
      gpu.load(images, count);
      const wanted = await cpu.run({ from: 0, to: 4, thresholds });
      const found = await gpu.run({ from: 0, to: 4, thresholds });
      const rows = wanted.logits.flatMap((logits, stage) =>
        Array.from({ length: count }, (_, i) => ({ stage, row: logits.subarray(5 * i, 5 * i + 5) }))
      );
      fc.pre(rows.every(({ stage, row }) => Math.abs(confidence(row) - thresholds[stage]) > 1e-5));
      assertSameExits(found, wanted, 5);
    }),
    { numRuns: times(15, 50) },
  );
});
