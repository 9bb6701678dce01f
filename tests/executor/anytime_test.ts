import { assert, assertAlmostEquals, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { confidence, softmax } from "../../lib/softmax.ts";
import { RanetError } from "../../lib/errors.ts";
import type { Calibration } from "../../lib/calibration/calibration.ts";
import type { Classification } from "../../lib/executor/classification.ts";
import { AdaptiveExecutor } from "../../lib/executor/executor.ts";
import type { AnytimeOptions } from "../../lib/executor/options.ts";
import { loadModel } from "../../lib/model/model.ts";
import { DEFAULT_MODEL } from "../../lib/model/read_spec.ts";
import { digestModel } from "../../lib/weights/digest.ts";
import { summarize } from "../../lib/executor/summary.ts";
import { randomArray, tinyModel } from "../fixtures.ts";
import { gpuTest } from "../gpu.ts";

const model = await loadModel(DEFAULT_MODEL);
const { exits } = model.network;
const costs = exits.map(({ cumulativeFlops }) => cumulativeFlops);
const length = 3 * 32 * 32;
const weights = await digestModel(model);

/** Striped images, all different. */
function images(count: number): Float32Array {
  return Float32Array.from({ length: count * length }, (_, i) => Math.sin((i % length) * (1 + Math.floor(i / length))));
}

function calibration(thresholds: readonly number[]): Calibration {
  const target = { budget: costs[0] };
  return {
    model: model.name,
    weights,
    target,
    thresholds,
    q: 1,
    expectedAccuracy: 1,
    expectedCost: costs[0],
    samples: 1,
  };
}

async function collect(executor: AdaptiveExecutor, options?: AnytimeOptions): Promise<Classification[]> {
  return await Array.fromAsync(executor.anytime(images(1), options));
}

for (const device of ["cpu", "auto"] as const) {
  Deno.test(`anytime() yields the prediction of every exit in turn (${device})`, async () => {
    using executor = await AdaptiveExecutor.create(model, { device, batchSize: 2 });
    const logits = await executor.forward(images(1));
    const results = await collect(executor);
    assertEquals(results.map(({ exit }) => exit), exits.map((_, k) => k + 1));
    assertEquals(results.map(({ flops }) => flops), costs);
    results.forEach(({ index, exit }) => {
      const own = logits[exit - 1];
      assertEquals(index, own.indexOf(Math.max(...own)));
    });
  });

  Deno.test(`anytime() continues correctly after another call of the executor (${device})`, async () => {
    using executor = await AdaptiveExecutor.create(model, { device, batchSize: 2 });
    const undisturbed = await collect(executor, { budget: costs[2] });
    const results: Classification[] = [];
    for await (const result of executor.anytime(images(1), { budget: costs[2] })) {
      results.push(result);
      await executor.classify(images(2), { threshold: 0 });
    }
    assertEquals(results, undisturbed);
    const together = await Promise.all([
      collect(executor, { budget: costs[2] }),
      collect(executor, { budget: costs[2] }),
    ]);
    assertEquals(together, [undisturbed, undisturbed]);
  });
}

Deno.test("anytime() with a budget ends at the last exit that fits", async () => {
  using executor = await AdaptiveExecutor.create(model, { device: "auto", batchSize: 1 });
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: costs[0], max: 2 * costs[5] }), async (budget) => {
      const { signal } = new AbortController();
      const direct = await executor.classifyAnytime(images(1), { budget });
      const staged = await executor.classifyAnytime(images(1), { budget, signal });
      assert(direct.flops <= budget);
      assert(direct.exit === exits.length || costs[direct.exit] > budget);
      assertEquals(staged.exit, direct.exit);
      direct.probabilities.forEach((value, i) => assertAlmostEquals(value, staged.probabilities[i], 1e-5));
    }),
    { numRuns: 8 },
  );
});

Deno.test("anytime() refuses a budget below the cost of exit 1", async () => {
  using executor = await AdaptiveExecutor.create(model, { device: "cpu", batchSize: 1 });
  for (const budget of [costs[0] - 1, 0]) {
    const error = await assertRejects(() => executor.classifyAnytime(images(1), { budget }), RanetError);
    assertStringIncludes(error.message, `smallest budget of ranet-cifar10 is ${costs[0]}`);
    await assertRejects(() => collect(executor, { budget }), RanetError, `${costs[0]}`);
  }
  await assertRejects(() => executor.classifyAnytime(images(1), { budget: NaN }), RanetError, "the budget is NaN");
});

Deno.test("anytime() always yields exit 1, also after the deadline; a distant deadline has no effect", async () => {
  using executor = await AdaptiveExecutor.create(model, { device: "cpu", batchSize: 1 });
  assertEquals((await executor.classifyAnytime(images(1), { deadline: 0 })).exit, 1);
  assertEquals((await executor.classifyAnytime(images(1), { deadline: 1e9, budget: costs[1] })).exit, 2);
  for (const deadline of [-1, NaN]) {
    await assertRejects(() => collect(executor, { deadline }), RanetError, `deadline ${deadline}`);
  }
});

Deno.test("anytime() starts no exit after an abort, and the executor still works", async () => {
  using executor = await AdaptiveExecutor.create(model, { device: "cpu", batchSize: 1 });
  for (const last of [1, 2, 4]) {
    const controller = new AbortController();
    const results: Classification[] = [];
    for await (const result of executor.anytime(images(1), { signal: controller.signal })) {
      results.push(result);
      if (result.exit === last) controller.abort();
    }
    assertEquals(results.map(({ exit }) => exit), Array.from({ length: last }, (_, i) => i + 1));
  }
  assertEquals((await executor.classify(images(2), { threshold: 0 })).length, 2);
});

Deno.test("anytime() detects an abort from a timer between two exits, also on the CPU", async () => {
  using executor = await AdaptiveExecutor.create(model, { device: "cpu", batchSize: 1 });
  const controller = new AbortController();
  setTimeout(() => setTimeout(() => setTimeout(() => controller.abort())));
  const { exit, flops } = await executor.classifyAnytime(images(1), { signal: controller.signal });
  assert(exit < exits.length);
  assertEquals(flops, costs[exit - 1]);
});

Deno.test("anytime() throws the signal's reason if it is aborted before exit 1", async () => {
  using executor = await AdaptiveExecutor.create(model, { device: "cpu", batchSize: 1 });
  const signal = AbortSignal.abort(new RangeError("enough"));
  await assertRejects(() => executor.classifyAnytime(images(1), { signal }), RangeError, "enough");
  assertEquals((await executor.classifyAnytime(images(1), { budget: costs[0] })).exit, 1);
});

Deno.test("an aborted anytime() does not wait for earlier batches", async () => {
  using executor = await AdaptiveExecutor.create(model, { device: "cpu", batchSize: 1 });
  const settled: string[] = [];
  const batch = executor.classify(images(8)).then(() => settled.push("batch"));
  const controller = new AbortController();
  const first = executor.anytime(images(1), { signal: controller.signal }).next();
  controller.abort(new Error("enough"));
  await assertRejects(() => first, Error, "enough");
  settled.push("anytime");
  await batch;
  assertEquals(settled, ["anytime", "batch"]);
  assertEquals((await executor.classify(images(1))).length, 1);
});

Deno.test("anytime() refuses more than one image", async () => {
  using executor = await AdaptiveExecutor.create(model, { device: "cpu", batchSize: 1 });
  await assertRejects(() => executor.classifyAnytime(images(2)), RanetError, "takes one image, found 2");
});

Deno.test("classify() takes exit 1 with thresholds of 0, and the last exit with thresholds above 1", async () => {
  using executor = await AdaptiveExecutor.create(model, { device: "auto", batchSize: 4 });
  for (const [threshold, exit] of [[0, 1], [1.5, exits.length], [Infinity, exits.length]]) {
    const thresholds = exits.map(() => threshold).with(-1, -Infinity);
    const results = await executor.classify(images(3), { calibration: calibration(thresholds) });
    assertEquals(results.map((result) => result.exit), [exit, exit, exit]);
  }
});

Deno.test("higher thresholds never reduce the cost; a batch gives the same results as its images one by one", async () => {
  using executor = await AdaptiveExecutor.create(model, { device: "auto", batchSize: 4 });
  const batch = images(4);
  const singles = Array.from({ length: 4 }, (_, i) => batch.subarray(i * length, (i + 1) * length));
  const threshold = fc.double({ min: 0, max: 1, noNaN: true });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(threshold, threshold), { minLength: 6, maxLength: 6 }), async (pairs) => {
      const low = await executor.classify(batch, { threshold: pairs.map((pair) => Math.min(...pair)) });
      const high = await executor.classify(batch, { threshold: pairs.map((pair) => Math.max(...pair)) });
      low.forEach(({ exit }, i) => assert(exit <= high[i].exit));
      const alone = await Promise.all(
        singles.map((single) => executor.classify(single, { threshold: pairs.map((pair) => Math.min(...pair)) })),
      );
      alone.flat().forEach(({ exit, index }, i) => assertEquals([exit, index], [low[i].exit, low[i].index]));
    }),
    { numRuns: 4 },
  );
});

Deno.test("classify() refuses a calibration of another model, or together with a threshold", async () => {
  using executor = await AdaptiveExecutor.create(model, { device: "cpu", batchSize: 1 });
  const good = calibration(exits.map(() => 0));
  const use = (options: Parameters<AdaptiveExecutor["classify"]>[1]) => () => executor.classify(images(1), options);
  await assertRejects(use({ calibration: { ...good, model: "other" } }), RanetError, "it was made for other");
  await assertRejects(use({ calibration: calibration([0, 0]) }), RanetError, "with 2 exits");
  await assertRejects(use({ calibration: good, threshold: 0.5 }), RanetError, "found both");
});

Deno.test("summarize() averages costs over samples and counts samples by exit", async () => {
  const { probabilities, ...result } = { label: "", index: 3, confidence: 1, exitLabel: "", probabilities: images(1) };
  const results = [1, 1, 2, 6].map((exit) => ({ ...result, probabilities, exit, flops: costs[exit - 1] }));
  const summary = summarize(results, model.network, { labels: [3, 0, 3, 3] });
  assertEquals(summary.averageFlops, (2 * costs[0] + costs[1] + costs[5]) / 4);
  assertEquals(summary.accuracy, 0.75);
  assertEquals(summary.exits.map(({ samples }) => samples), [2, 1, 0, 0, 0, 1]);
  assertEquals(summary.exits[0], { exit: 1, samples: 2, share: 0.5, accuracy: 0.5 });
  assertEquals(summary.exits[2], { exit: 3, samples: 0, share: 0 });
  assertEquals(summarize(results, model.network).accuracy, undefined);
  await assertRejects(() => Promise.try(() => summarize([], model.network)), RanetError, "no samples");
});

Deno.test("a sample with exactly the calibrated threshold as its confidence leaves, on every device", async () => {
  using executor = await AdaptiveExecutor.create(model, { device: "auto", batchSize: 16 });
  const batch = images(16);
  const [logits] = await executor.forward(batch);
  for (let i = 0; i < 16; i++) {
    const threshold = confidence(logits.subarray(10 * i, 10 * i + 10));
    const thresholds = exits.map(() => 0).with(0, threshold).with(-1, -Infinity);
    const results = await executor.classify(batch, { calibration: calibration(thresholds) });
    assertEquals(results[i].exit, 1);
  }
});

gpuTest(
  "anytime() reads the first exit alone and the others together, or each alone if it can be aborted",
  async () => {
    const image = randomArray(3 * 20 ** 2, 5);
    const { mapAsync } = GPUBuffer.prototype;
    let readBacks = 0;
    GPUBuffer.prototype.mapAsync = function (...args) {
      readBacks++;
      return mapAsync.apply(this, args);
    };
    try {
      using executor = await AdaptiveExecutor.create(tinyModel(), { device: "gpu", batchSize: 1, gpuWorker: false });
      const wanted = await executor.forward(image);
      for (
        const [options, times] of [[{}, 2], [{ deadline: 1e9 }, 2], [
          { signal: new AbortController().signal },
          3,
        ]] as const
      ) {
        readBacks = 0;
        const exits = await Array.fromAsync(executor.anytime(image, options), ({ exit }) => exit);
        assertEquals([exits, readBacks], [[1, 2, 3], times]);
      }
      const last = (await Array.fromAsync(executor.anytime(image)))[2];
      assertEquals(last.probabilities, softmax(wanted[2]));
    } finally {
      GPUBuffer.prototype.mapAsync = mapAsync;
    }
  },
);
