import { assertAlmostEquals, assertEquals, assertGreater, assertLess, assertRejects, assertThrows } from "@std/assert";
import { CpuMemory } from "../../../lib/device/cpu/runner_memory.ts";
import { ThreadPool } from "../../../lib/device/cpu/pool.ts";
import { CpuRunner } from "../../../lib/device/cpu/runner.ts";
import { RanetError } from "../../../lib/errors.ts";
import { buildNetwork } from "../../../lib/network/build.ts";
import { buildPlan } from "../../../lib/planner/build.ts";
import { parseSpec } from "../../../lib/spec/parse.ts";
import { foldWeights } from "../../../lib/weights/fold.ts";
import { square } from "../../sizes.ts";
import { networkOf, randomArray, randomTensors, TINY_SPEC } from "../../fixtures.ts";

/** A plan with its weights. */
function tiny() {
  const network = buildNetwork(parseSpec(TINY_SPEC));
  const plan = buildPlan(network);
  return { plan, weights: foldWeights(network, randomTensors(network)) };
}

Deno.test("resize aligns corners", async () => {
  // From 2×2 to 3×3, the middle pixel of the first row is the mean of the first row's two pixels.
  const view = (feature: number) => ({ feature, offset: 0, channels: 1 });
  const network = networkOf(
    [{ name: "image", size: square(2), channels: 1 }, { name: "large", size: square(3), channels: 1 }],
    [
      { kind: "resize", reads: [view(0)], writes: [view(1)] },
      { kind: "classifier", reads: [view(1)], writes: [], exit: 0, pool: square(2), classes: 5, name: "l" },
    ],
  );
  const plan = buildPlan(network);
  const weights = new Map([["l", {
    weight: new Float32Array([4, 8, 0, 0, 0]),
    bias: new Float32Array([0, 1, 2, 3, 4]),
  }]]);
  using runner = await CpuRunner.create(plan, weights, { batchSize: 1 });
  runner.load(new Float32Array([1, 3, 5, 7]), 1);
  const { logits } = await runner.run({ from: 0, to: 1 });
  // The top left 2×2 of [[1, 2, 3], [3, 4, 5], [5, 6, 7]] has the mean 2.5.
  assertEquals([...logits[0]], [10, 21, 2, 3, 4]);
});

Deno.test("a run that stops early does not compute features that only later exits need", async () => {
  const { plan, weights } = tiny();
  const later = plan.stages.slice(1).flat(2);
  for (const step of later) {
    if (step.kind !== "convolution" && step.kind !== "classifier") continue;
    weights.get(step.layer.name)!.weight.fill(NaN);
  }
  using runner = await CpuRunner.create(plan, weights, { batchSize: 2 });
  runner.load(randomArray(2 * 3 * 20 * 20, 3), 2);
  const { exits, logits } = await runner.run({ from: 0, to: 3, thresholds: [0, 0, 0] });
  assertEquals(exits, [0, 0]);
  assertEquals(logits[0].every(Number.isFinite), true);
  assertEquals([...logits[1], ...logits[2]].every((value) => value === 0), true);
});

Deno.test("running stages one by one gives the same results as one run", async () => {
  const { plan, weights } = tiny();
  using runner = await CpuRunner.create(plan, weights, { batchSize: 1 });
  const image = randomArray(3 * 20 * 20, 4);
  runner.load(image, 1);
  const whole = await runner.run({ from: 0, to: 3 });
  runner.load(image, 1);
  for (let stage = 0; stage < 3; stage++) {
    const { logits: [logits] } = await runner.run({ from: stage, to: stage + 1 });
    logits.forEach((value, i) => assertAlmostEquals(value, whole.logits[stage][i], 0));
  }
});

Deno.test("a batch gives the same results as its images one by one", async () => {
  const { plan, weights } = tiny();
  const length = 3 * 20 * 20;
  const images = randomArray(3 * length, 5);
  const range = { from: 0, to: 3 };
  using runner = await CpuRunner.create(plan, weights, { batchSize: 3 });
  runner.load(images, 3);
  const { logits } = await runner.run(range);
  for (let i = 0; i < 3; i++) {
    runner.load(images.subarray(i * length, (i + 1) * length), 1);
    const single = await runner.run(range);
    assertEquals(single.logits, logits.map((stage) => stage.slice(5 * i, 5 * i + 5)));
  }
});

Deno.test("results are bit-identical for every number of threads", async () => {
  const { plan, weights } = tiny();
  const length = 3 * 20 * 20;
  const images = randomArray(5 * length, 6);
  const runners = await Promise.all(
    [1, 2, 3, 8].map((threads) => CpuRunner.create(plan, weights, { batchSize: 5, threads })),
  );
  for (const count of [1, 2, 5]) {
    for (const thresholds of [undefined, [0.21, 0.21, 0]]) {
      const results = [];
      for (const runner of runners) {
        // The first run of a single image uses one thread.
        for (let run = 0; run < 2; run++) {
          runner.load(images.subarray(0, count * length), count);
          results.push(await runner.run({ from: 0, to: 3, thresholds }));
        }
      }
      for (const result of results) assertEquals(result, results[0]);
    }
  }
  for (const runner of runners) runner[Symbol.dispose]();
});

Deno.test("an overflow of one image does not affect the next image on the same thread", async () => {
  const { plan, weights } = tiny();
  const length = 3 * 20 * 20;
  using runner = await CpuRunner.create(plan, weights, { batchSize: 2, threads: 1 });
  const image = randomArray(length, 7);
  runner.load(image, 1);
  const alone = await runner.run({ from: 0, to: 3 });
  runner.load(new Float32Array([...new Float32Array(length).fill(NaN), ...image]), 2);
  const { logits } = await runner.run({ from: 0, to: 3 });
  assertEquals(logits.map((stage) => stage.slice(5)), alone.logits);
  assertEquals(logits.every((stage) => stage.slice(0, 5).every(Number.isNaN)), true);
});

Deno.test("engines without relaxed SIMD give the same results except for rounding", async () => {
  const { plan, weights } = tiny();
  const image = randomArray(3 * 20 * 20, 8);
  using runner = await CpuRunner.create(plan, weights, { batchSize: 1 });
  runner.load(image, 1);
  const fused = await runner.run({ from: 0, to: 3 });
  const memory = new CpuMemory(plan, weights, { batchSize: 1, threads: 1 });
  const module = new WebAssembly.Module(await Deno.readFile(new URL("../../../kernels/cpu.wasm", import.meta.url)));
  await memory.makeFilters(module);
  using pool = new ThreadPool(module, memory.memory, { threads: 1 });
  memory.load(image, 1);
  memory.prepare({ from: 0, to: 3 });
  await pool.run("run", [memory.program]);
  fused.logits.forEach((logits, stage) => {
    const plain = memory.logits(stage);
    logits.forEach((value, i) => assertAlmostEquals(value, plain[i], 1e-5));
  });
});

Deno.test("disposing of a CpuRunner ends its run", async () => {
  const { plan, weights } = tiny();
  const runner = await CpuRunner.create(plan, weights, { batchSize: 500 });
  const count = 500;
  runner.load(randomArray(3 * 20 * 20 * count, 9), count);
  const run = runner.run({ from: 0, to: 3 });
  runner[Symbol.dispose]();
  await assertRejects(() => run, Error, "disposed");
});

Deno.test("a batch that exceeds memory is reduced, and larger batches are refused", async () => {
  const { plan, weights } = tiny();
  using runner = await CpuRunner.create(plan, weights, { batchSize: 1e6 });
  assertGreater(runner.batchSize, 1);
  assertLess(16 * runner.batchSize * plan.sampleQuads, 2 ** 27);
  const images = new Float32Array(3 * 20 * 20 * (runner.batchSize + 1));
  assertThrows(() => runner.load(images, runner.batchSize + 1), RangeError, "more than the batch size");
});

Deno.test("a network whose single image exceeds memory is refused", async () => {
  const { plan, weights } = tiny();
  const huge = { ...plan, sampleQuads: 2 ** 28 };
  await assertRejects(() => CpuRunner.create(huge, weights, { batchSize: 2 }), RanetError, "can be addressed");
});

Deno.test("a batch is refused if its memory cannot be allocated", async () => {
  const { plan, weights } = tiny();
  const { Memory } = WebAssembly;
  WebAssembly.Memory = class extends Memory {
    constructor() {
      super({ initial: 2, maximum: 1 });
    }
  };
  try {
    await assertRejects(
      () => CpuRunner.create(plan, weights, { batchSize: 1 }),
      RanetError,
      "there is not enough memory",
    );
  } finally {
    WebAssembly.Memory = Memory;
  }
});
