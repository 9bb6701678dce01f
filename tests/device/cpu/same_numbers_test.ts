/**
 * Tests that validation computes the same as training: both use the same kernels, so that logits are bit-identical.
 *
 * @module
 */

import { assertLess } from "@std/assert";
import fc from "fast-check";
import { CpuRunner } from "../../../lib/device/cpu/runner.ts";
import { CpuTrainer } from "../../../lib/device/cpu/trainer.ts";
import type { Layer, Network, View } from "../../../lib/network/network.ts";
import { areaOf, strided } from "../../../lib/network/size.ts";
import { buildPlan } from "../../../lib/planner/build.ts";
import { foldWeights } from "../../../lib/weights/fold.ts";
import { networkOf, randomArray, randomTensors } from "../../fixtures.ts";
import { times } from "../../long.ts";
import { sizes } from "../../sizes.ts";
import { plainActivations } from "../activation.ts";
import { trainerOptions } from "../training.ts";

const CLASSES = 5;

const shape = fc.record({
  size: sizes(4, 12),
  channels: fc.integer({ min: 1, max: 20 }),
  kernel: fc.constantFrom(1, 3, 5),
  stride: fc.constantFrom(1, 2),
  activation: plainActivations,
  resized: sizes(4, 15),
  samples: fc.integer({ min: 1, max: 6 }),
  threads: fc.integer({ min: 1, max: 3 }),
  seed: fc.nat(1000),
});

/** Layers of every kind, without batch norm, because folding it changes rounding. */
function networkWith(given: typeof shape extends fc.Arbitrary<infer Shape> ? Shape : never): Network {
  const { size, channels, kernel, stride, activation, resized } = given;
  const pooled = strided(resized, 2);
  const features = [size, size, strided(size, stride), resized, pooled].map((size, i) => ({
    name: `${i}`,
    size,
    channels: i === 0 ? 3 : channels,
  }));
  const view = (feature: number): View => ({ feature, offset: 0, channels: features[feature].channels });
  const layers: Layer[] = [
    {
      kind: "convolution",
      reads: [view(0)],
      writes: [view(1)],
      kernel: 3,
      stride: 1,
      name: "a",
      bias: true,
      activation: "relu",
    },
    { kind: "convolution", reads: [view(1)], writes: [view(2)], kernel, stride, name: "b", bias: true, activation },
    { kind: "resize", reads: [view(2)], writes: [view(3)] },
    { kind: "max-pool", reads: [view(3)], writes: [view(4)] },
    { kind: "classifier", reads: [view(4)], writes: [], exit: 0, pool: pooled, classes: CLASSES, name: "c" },
  ];
  return networkOf(features, layers);
}

Deno.test("the CPU runner and trainer compute bit-identical logits", async () => {
  await fc.assert(
    fc.asyncProperty(shape, async (given) => {
      const { size, samples, threads, seed } = given;
      const network = networkWith(given);
      const tensors = randomTensors(network, seed);
      const images = randomArray(samples * 3 * areaOf(size), seed);
      const labels = Uint32Array.from({ length: samples }, (_, i) => (i + seed) % CLASSES);

      using runner = await CpuRunner.create(buildPlan(network), foldWeights(network, tensors), {
        batchSize: samples,
        threads,
      });
      runner.load(images, samples);
      const { logits: [logits] } = await runner.run({ from: 0, to: 1 });
      // The trainer returns losses. If a logit differed in its last bit, they would differ by more than this.
      const losses = Array.from(labels, (label, i) => {
        const own = Array.from(logits.subarray(i * CLASSES, (i + 1) * CLASSES));
        const most = Math.max(...own);
        return most + Math.log(own.reduce((sum, value) => sum + Math.exp(value - most), 0)) - own[label];
      });
      const options = trainerOptions(network, { loss: { exits: [1], labelSmoothing: 0 } });
      using trainer = await CpuTrainer.create(network, { tensors, momentum: new Map() }, { ...options, threads });
      const { losses: [loss] } = await trainer.step(images, labels, { learningRate: 0 });
      assertLess(Math.abs(loss - losses.reduce((sum, value) => sum + value) / samples), 1e-12 * Math.max(1, loss));
    }),
    { numRuns: times(8, 30) },
  );
});
