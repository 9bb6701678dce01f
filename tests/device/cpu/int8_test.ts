/** Tests that the CPU computes the integers of quantized networks correctly, with every way to multiply. */

import { assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { chooseProduct, type Int8Kernels, int8Kernels } from "../../../lib/device/cpu/int8_product.ts";
import { fusedKernels, plainKernels } from "../../../lib/device/cpu/kernels.ts";
import { CpuMemory } from "../../../lib/device/cpu/runner_memory.ts";
import { instantiate } from "../../../lib/device/cpu/thread.ts";
import { readSpec } from "../../../lib/model/read_spec.ts";
import { CpuRunner } from "../../../lib/device/cpu/runner.ts";
import type { Network } from "../../../lib/network/network.ts";
import { buildPlan } from "../../../lib/planner/build.ts";
import type { Plan, Region } from "../../../lib/planner/plan.ts";
import { parseQuantized } from "../../../lib/weights/quantized.ts";
import { canChain, MAX_CHAIN } from "../../../lib/weights/quantized_runs.ts";
import { times } from "../../long.ts";
import { networkWith, shape } from "../../quantized/networks.ts";
import { runPlainly } from "../../quantized/plain_inference.ts";
import { randomImages, randomModel, randomTensors } from "../../quantized/random_model.ts";

/** All ways to multiply on this engine. */
async function everyWay(): Promise<Int8Kernels[]> {
  const plain: Int8Kernels = { module: await plainKernels(), product: "paired" };
  const module = await fusedKernels();
  const ways = ["fused", "chained", "paired"] as const;
  return [plain, ...module ? ways.map((product) => ({ module, product })) : []];
}

Deno.test("every way to multiply gives the same integers as the reference implementation, in every feature", async () => {
  const ways = await everyWay();
  await fc.assert(
    fc.asyncProperty(shape, async (given) => {
      const network = networkWith(given);
      const weights = parseQuantized(network, randomTensors(network, given), { source: "random" });
      const images = randomImages({ network }, given.samples, given.seed);
      const length = images.length / given.samples;
      const wanted = Array.from(
        { length: given.samples },
        (_, i) => runPlainly(network, weights, images.subarray(i * length, (i + 1) * length)),
      );
      const plan = buildPlan(network, { keepsFeatures: true });
      const regions = regionsOf(network, plan);
      for (const { module, product } of ways) {
        const options = { batchSize: given.samples, threads: 1, keeps: true };
        const memory = new CpuMemory(plan, { quantized: weights, product }, options);
        const { run } = await instantiate({ module, memory: memory.memory });
        memory.load(images, given.samples);
        memory.prepare({ from: 0, to: 1 });
        run(0, 1, memory.program);
        const logits = memory.logits(0);
        wanted.forEach(({ features, logits: [plain] }, sample) => {
          regions.forEach((region, i) => {
            if (i === 0) return; // the image
            assertEquals(Int32Array.from(memory.feature(region, sample)), features[i], `${product} ${i}`);
          });
          const largest = Math.max(...plain.map(Math.abs));
          plain.forEach((logit, i) => assertAlmostEquals(logits[sample * 5 + i], logit, 1e-6 * largest));
        });
      }
    }),
    { numRuns: times(15, 200) },
  );
});

Deno.test("int8 results do not depend on the number of threads per sample", async () => {
  const { network } = randomModel(await readSpec("ranet-cifar10-micro"), { seed: 5 });
  const weights = parseQuantized(network, randomTensors(network, { seed: 5 }), { source: "random" });
  const images = randomImages({ network }, 1, 6);
  const plan = buildPlan(network);
  const stages = plan.stages.length;
  const logits: Float32Array[][] = [];
  for (const threads of [1, 3]) {
    using runner = await CpuRunner.create(plan, weights, { batchSize: 1, threads });
    for (let run = 0; run < 2; run++) { // one thread computes the first image alone
      runner.load(images, 1);
      logits.push([...(await runner.run({ from: 0, to: stages })).logits]);
    }
  }
  for (const one of logits) assertEquals(one, logits[0]);
  const plain = runPlainly(network, weights, images).logits;
  plain.forEach((own, exit) => {
    const largest = Math.max(...own.map(Math.abs));
    own.forEach((logit, i) => assertAlmostEquals(logits[0][exit][i], logit, 1e-6 * largest));
  });
});

/** Offset of all channels of each feature. */
function regionsOf(network: Network, plan: Plan): Region[] {
  const found: Region[] = network.features.map(({ size, channels }) => ({ ...plan.image, size, channels, channel: 0 }));
  for (const { layer, reads } of plan.stages.flat(2)) {
    reads.forEach((region, i) => {
      const { feature } = layer.reads[i];
      found[feature] = { ...region, channel: 0, channels: network.features[feature].channels };
    });
  }
  return found;
}

/** Operands as a correct engine multiplies them. `beyond`: result for inputs above 127. */
type Make = Parameters<typeof chooseProduct>[0];

function rightly({ weights, inputs, sums }: Parameters<Make>[0]): ReturnType<Make> {
  const pairs = Int16Array.from({ length: 8 }, (_, i) => {
    const pair = weights[2 * i] * inputs[2 * i] + weights[2 * i + 1] * inputs[2 * i + 1];
    return Math.max(-32768, Math.min(32767, pair));
  });
  return { pairs, fused: Int32Array.from(sums, (sum, i) => sum + pairs[2 * i] + pairs[2 * i + 1]) };
}

Deno.test("the way to multiply follows from the processor's saturating addition and dot-product instruction", () => {
  assertEquals(chooseProduct(rightly), "chained");
  const exact: Make = (operands) => {
    const { weights, inputs, sums } = operands;
    const fused = Int32Array.from(
      sums,
      (sum, i) => [0, 1, 2, 3].reduce((all, k) => all + weights[4 * i + k] * inputs[4 * i + k], sum),
    );
    return { ...rightly(operands), fused };
  };
  assertEquals(chooseProduct(exact), "fused");
});

Deno.test("a relaxed dot product that gives wrong results is not used", () => {
  const loses: Make = (operands) => {
    const { fused, pairs } = rightly(operands);
    return { pairs, fused: fused.map((sum, i) => sum - operands.sums[i]) };
  };
  assertEquals(chooseProduct(loses), "chained");
  const swaps: Make = ({ weights, inputs, sums }) => ({
    ...rightly({ weights, inputs, sums }),
    pairs: rightly({ weights: inputs, inputs: weights.map((weight) => weight & 255), sums }).pairs,
  });
  assertEquals(chooseProduct((operands) => ({ ...loses(operands), pairs: swaps(operands).pairs })), undefined);
});

Deno.test("weights whose sums of products exceed 16 bits are not chained", () => {
  const even = new Int8Array(8).fill(64);
  assertEquals(canChain(even, { inputs: 8, kernel: 1 }), true);
  const fits = even.with(0, MAX_CHAIN - 3 * 64);
  assertEquals(canChain(fits, { inputs: 8, kernel: 1 }), true);
  assertEquals(canChain(fits.with(1, -65), { inputs: 8, kernel: 1 }), false);
  // The third weight is part of another chain.
  assertEquals(canChain(fits.with(2, MAX_CHAIN - 3 * 64), { inputs: 8, kernel: 1 }), true);
});

Deno.test("the way to multiply on this engine is tested", async () => {
  const { product } = await int8Kernels();
  assertEquals((await everyWay()).some((way) => way.product === product), true);
});
