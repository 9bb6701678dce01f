/**
 * Tests that no dispatch exceeds WebGPU's default limit of workgroups in any dimension, for any network, batch and limits.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { dispatchOf, largestBatch } from "../../../lib/device/webgpu/dispatch.ts";
import { type AdapterTraits, CPU_TILES, GPU_TILES, inRows, MAX_WORKGROUPS } from "../../../lib/device/webgpu/tiles.ts";
import { trainingDispatches } from "../../../lib/device/webgpu/training_dispatch.ts";
import { layOutTraining } from "../../../lib/device/webgpu/training_layout.ts";
import { largestMicroBatch, TrainingMemory } from "../../../lib/device/webgpu/training_memory.ts";
import { layOutWeights } from "../../../lib/device/webgpu/weights.ts";
import { buildUnchecked } from "../../../lib/network/families.ts";
import { buildPlan } from "../../../lib/planner/build.ts";
import { buildTrainingPlan } from "../../../lib/planner/training_build.ts";
import { trainerOptions } from "../training.ts";

const few = (max: number) => fc.integer({ min: 1, max });

/** Small networks, sometimes with a very large value. */
const networks = fc.record({
  size: fc.oneof(fc.integer({ min: 5, max: 64 }), fc.constantFrom(512, 1023, 1024)),
  classes: fc.oneof(fc.integer({ min: 2, max: 20 }), fc.constantFrom(2000, 29_990)),
  coarse: fc.oneof(few(40), fc.constantFrom(300, 1056)),
  fine: few(40),
  growth: fc.integer({ min: 4, max: 20 }),
  stem: fc.constantFrom("conv3x3" as const, "conv7x7-pool" as const),
});

function networkOf(
  { size, classes, coarse, fine, growth, stem }: typeof networks extends fc.Arbitrary<infer T> ? T : never,
) {
  return buildUnchecked({
    family: "ranet",
    name: "limits",
    input: { size, resize: size, mean: [0, 0, 0], std: [1, 1, 1] },
    classes: Array.from({ length: classes }, (_, i) => `${i}`),
    stem,
    baseFeatures: [{ divisor: 2, channels: coarse }, { divisor: 1, channels: fine }],
    subnetworks: [
      { blocks: 1, growth, bottleneck: 1, fusion: [], transitions: [] },
      { blocks: 2, growth, bottleneck: 1, fusion: ["up-conv", "down-conv"], transitions: [] },
    ],
    layers: [1, 1],
    compress: 0.5,
    reduction: 1,
    head: { channels: "input", pool: "all" },
  });
}

const traits: fc.Arbitrary<AdapterTraits> = fc.record({
  lanes: fc.constantFrom(1, 8, 64, 128),
  parallelism: fc.constantFrom(2, 128, 4096),
  tiles: fc.constantFrom(
    CPU_TILES,
    GPU_TILES,
    [CPU_TILES[3]],
    [{ kernel: "convolution-shared", pixels: 4, quads: 1, across: 8, cost: 1 }, CPU_TILES[3]] as const,
  ),
});
const counts = fc.oneof(few(300), fc.constantFrom(4096, 65_535, 65_536, 200_000));
const bytes = fc.constantFrom(2 ** 27, 2 ** 28 + 4096, 2 ** 31 - 4);

function assertWithin(workgroups: readonly number[], what: string): void {
  assertEquals(workgroups.length, 3);
  assert(workgroups.every((count) => count >= 1 && count <= MAX_WORKGROUPS), `${what}: ${workgroups.join(" × ")}`);
}

Deno.test("rows of workgroups cover all invocations with little excess", () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: MAX_WORKGROUPS ** 2 }), (count) => {
    const [x, y] = inRows(count);
    assertWithin([x, y, 1], `${count}`);
    assert(x * y >= count && x * y < count + y);
  }));
});

Deno.test("no dispatch of inference exceeds WebGPU's default limit of workgroups", () => {
  fc.assert(
    fc.property(networks, traits, counts, (shape, adapter, wanted) => {
      const plan = buildPlan(networkOf(shape));
      const count = Math.min(wanted, largestBatch(plan, adapter));
      fc.pre(count >= 1);
      const options = { count, batchSize: count, adapter, weights: layOutWeights(plan) };
      for (const wave of plan.stages.flat()) assertWithin(dispatchOf(wave, plan, options).workgroups, wave[0].kind);
    }),
    { numRuns: 60 },
  );
});

Deno.test("no dispatch of training exceeds WebGPU's default limit of workgroups", () => {
  fc.assert(
    fc.property(networks, traits, counts, bytes, fc.boolean(), (shape, traits, wanted, bytes, isCpu) => {
      const network = networkOf(shape);
      const limits = { maxBufferSize: bytes, maxStorageBufferBindingSize: bytes };
      const plan = buildTrainingPlan(network, { train: "all" });
      const batchSize = largestMicroBatch(layOutTraining(plan), { limits } as GPUDevice, traits);
      fc.pre(batchSize >= 1);
      const batch = Math.min(wanted, 3 * batchSize);
      using memory = new TrainingMemory(withLimits(limits), plan, {
        ...trainerOptions(network),
        batchSize: batch,
        traits,
        isCpu,
      });
      for (const count of [batch, Math.ceil(batch / 2), 1]) {
        const split = memory.batch(count);
        for (const step of [...plan.forward, ...plan.backward]) {
          for (const { kernel, workgroups } of trainingDispatches(step, split)) assertWithin(workgroups, kernel);
        }
      }
    }),
    { numRuns: 40 },
  );
});

/** A device of which only buffer sizes are used. */
function withLimits(limits: Pick<GPUSupportedLimits, "maxBufferSize" | "maxStorageBufferBindingSize">): GPUDevice {
  const createBuffer = ({ size }: GPUBufferDescriptor) => ({ size, destroy() {} });
  return { limits, createBuffer } as unknown as GPUDevice;
}
