import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { AdaptiveExecutor } from "../../lib/executor/executor.ts";
import { createModel } from "../../lib/model/model.ts";
import { buildNetwork } from "../../lib/network/build.ts";
import { argmax, softmax } from "../../lib/softmax.ts";
import { parseSpec } from "../../lib/spec/parse.ts";
import { randomArray, randomTensors } from "../fixtures.ts";
import { gpuTest } from "../gpu.ts";

/** A network with many lazy layers: the finest scales are kept to the end. */
const spec = parseSpec(`
family: msdnet
name: lazy
input: { size: 21 }
classes: 4
scales:
  - { scale: 1/2, growth_factor: 3, bottleneck: 2 }
  - { scale: 1, growth_factor: 1, bottleneck: 1 }
channels: 5
growth: 2
layers: [2, 2, 3]
prune: min
`);
const model = createModel(spec, randomTensors(buildNetwork(spec), 3), { source: "random" });
const { exits } = model.network;
const COUNT = 24;

/** Delaying layers until they are needed does not change results, wherever images leave. */
async function checkLeaving(device: "cpu" | "gpu"): Promise<void> {
  using executor = await AdaptiveExecutor.create(model, { device, batchSize: COUNT });
  const images = randomArray(COUNT * 3 * 21 ** 2, 4);
  const logits = await executor.forward(images);
  const probabilities = logits.map((values) =>
    Array.from({ length: COUNT }, (_, i) => softmax(values.slice(4 * i, 4 * i + 4)))
  );
  const confidence = (k: number, i: number) => Math.max(...probabilities[k][i]);
  // Between two images' confidences, so that rounding does not change exits.
  const thresholds = exits.map((_, k) => {
    const sorted = probabilities[k].map((_, i) => confidence(k, i)).sort((a, b) => a - b);
    return (sorted[COUNT / 2] + sorted[COUNT / 2 + 1]) / 2;
  });
  const results = await executor.classify(images, { threshold: thresholds });
  results.forEach(({ exit, index, confidence: found, flops, runFlops }, i) => {
    const expected = exits.findIndex((_, k) => k === exits.length - 1 || confidence(k, i) >= thresholds[k]);
    assertEquals(exit, expected + 1);
    assertEquals(index, argmax(probabilities[expected][i]));
    assertAlmostEquals(found, confidence(expected, i), 1e-5);
    assertEquals([flops, runFlops], [exits[expected].cumulativeFlops, exits[expected].cumulativeRunFlops]);
  });
  assertEquals(new Set(results.map(({ exit }) => exit)).size, exits.length);
}

Deno.test("lazy layers give the same logits as forward() for early and late exits (CPU)", () => checkLeaving("cpu"));
gpuTest("lazy layers give the same logits as forward() for early and late exits", () => checkLeaving("gpu"));

Deno.test("runFlops counts the operations that are run, without lazy layers", () => {
  assert(exits[0].cumulativeRunFlops < exits[0].cumulativeFlops);
  assertEquals(exits[2].cumulativeRunFlops, exits[2].cumulativeFlops);
});
