import { assertAlmostEquals, assertEquals, assertGreater, assertLess, assertRejects, assertThrows } from "@std/assert";
import { CpuRunner } from "../../../lib/device/cpu/runner.ts";
import { RanetError } from "../../../lib/errors.ts";
import type { Network } from "../../../lib/network/network.ts";
import { buildNetwork } from "../../../lib/network/build.ts";
import { buildPlan } from "../../../lib/planner/build.ts";
import { parseSpec } from "../../../lib/spec/parse.ts";
import { foldWeights } from "../../../lib/weights/fold.ts";
import { randomArray, randomTensors, TINY_SPEC } from "../../fixtures.ts";

/** A plan with its weights. */
function tiny() {
  const network = buildNetwork(parseSpec(TINY_SPEC));
  const plan = buildPlan(network);
  return { plan, weights: foldWeights(network, randomTensors(network)) };
}

Deno.test("resize aligns corners", async () => {
  // 2×2 to 3×3, then the middle pixel of the first row: the mean of the first row's two.
  const view = (feature: number) => ({ feature, offset: 0, channels: 1 });
  const network: Network = {
    spec: parseSpec(TINY_SPEC),
    features: [{ name: "image", size: 2, channels: 1 }, { name: "large", size: 3, channels: 1 }],
    exits: [{
      subnetwork: 1,
      block: 1,
      size: 3,
      channels: 1,
      cumulativeFlops: 0,
      cumulativeParams: 0,
      layers: [
        { kind: "resize", input: view(0), output: view(1) },
        { kind: "classifier", input: view(1), pool: 2, classes: 5, name: "l" },
      ],
    }],
  };
  const plan = buildPlan(network);
  const weights = new Map([["l", {
    weight: new Float32Array([4, 8, 0, 0, 0]),
    bias: new Float32Array([0, 1, 2, 3, 4]),
  }]]);
  const runner = await CpuRunner.create(plan, weights, { capacity: 1 });
  runner.load(new Float32Array([1, 3, 5, 7]), 1);
  const { logits } = await runner.run({ from: 0, to: 1 });
  // The top left 2×2 of [[1, 2, 3], [3, 4, 5], [5, 6, 7]] has the mean 2.5.
  assertEquals([...logits[0]], [10, 21, 2, 3, 4]);
});

Deno.test("a run that stops early does not touch what only later exits need", async () => {
  const { plan, weights } = tiny();
  const later = plan.stages.slice(1).flat(2);
  for (const step of later) {
    if (step.kind !== "convolution" && step.kind !== "classifier") continue;
    weights.get(step.layer.name)!.weight.fill(NaN);
  }
  const runner = await CpuRunner.create(plan, weights, { capacity: 2 });
  runner.load(randomArray(2 * 3 * 20 * 20, 3), 2);
  const { exits, logits } = await runner.run({ from: 0, to: 3, thresholds: [0, 0, 0] });
  assertEquals(exits, [0, 0]);
  assertEquals(logits[0].every(Number.isFinite), true);
  assertEquals([...logits[1], ...logits[2]].every((value) => value === 0), true);
});

Deno.test("stages one by one give what they give in one run", async () => {
  const { plan, weights } = tiny();
  const runner = await CpuRunner.create(plan, weights, { capacity: 1 });
  const image = randomArray(3 * 20 * 20, 4);
  runner.load(image, 1);
  const whole = await runner.run({ from: 0, to: 3 });
  runner.load(image, 1);
  for (let stage = 0; stage < 3; stage++) {
    const { logits: [logits] } = await runner.run({ from: stage, to: stage + 1 });
    logits.forEach((value, i) => assertAlmostEquals(value, whole.logits[stage][i], 0));
  }
});

Deno.test("a batch gives what its images give one by one", async () => {
  const { plan, weights } = tiny();
  const length = 3 * 20 * 20;
  const images = randomArray(3 * length, 5);
  const range = { from: 0, to: 3 };
  const runner = await CpuRunner.create(plan, weights, { capacity: 3 });
  runner.load(images, 3);
  const { logits } = await runner.run(range);
  for (let i = 0; i < 3; i++) {
    runner.load(images.subarray(i * length, (i + 1) * length), 1);
    const single = await runner.run(range);
    assertEquals(single.logits, logits.map((stage) => stage.slice(5 * i, 5 * i + 5)));
  }
});

Deno.test("a batch larger than memory holds is cut, and more is not taken", async () => {
  const { plan, weights } = tiny();
  const runner = await CpuRunner.create(plan, weights, { capacity: 1e6 });
  assertGreater(runner.capacity, 1);
  assertLess(16 * runner.capacity * plan.sampleQuads, 2 ** 27);
  const images = new Float32Array(3 * 20 * 20 * (runner.capacity + 1));
  assertThrows(() => runner.load(images, runner.capacity + 1), RangeError, "room");
});

Deno.test("an image that no memory holds is refused", async () => {
  const { plan, weights } = tiny();
  const huge = { ...plan, sampleQuads: 2 ** 28 };
  await assertRejects(() => CpuRunner.create(huge, weights, { capacity: 2 }), RanetError, "can be addressed");
});

Deno.test("a batch for which there is no memory is refused", async () => {
  const { plan, weights } = tiny();
  const { Memory } = WebAssembly;
  WebAssembly.Memory = class extends Memory {
    constructor() {
      super({ initial: 2, maximum: 1 });
    }
  };
  try {
    await assertRejects(() => CpuRunner.create(plan, weights, { capacity: 1 }), RanetError, "there is not as much");
  } finally {
    WebAssembly.Memory = Memory;
  }
});
