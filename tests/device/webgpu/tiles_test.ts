import { assert, assertEquals, assertGreaterOrEqual, assertLessOrEqual } from "@std/assert";
import fc from "fast-check";
import { QUAD_BYTES, quadsOf, type StepOf } from "../../../lib/planner/plan.ts";
import type { Convolution } from "../../../lib/network/network.ts";
import { areaOf, type Size } from "../../../lib/network/size.ts";
import { sizes, square } from "../../sizes.ts";
import { chooseTile, CPU_TILES, GPU_TILES, MAX_WORKGROUPS, workgroupsOf } from "../../../lib/device/webgpu/tiles.ts";

function step(size: Size, channels: number): StepOf<"convolution"> {
  const region = { offset: 0, pitch: quadsOf(channels), size, channel: 0, channels };
  const layer = { kernel: 3 } as Convolution;
  return { kind: "convolution", layer, reads: [region], writes: [region] };
}

const gpu = { lanes: 64, parallelism: 128, tiles: GPU_TILES };

Deno.test("a tile's workgroups cover all pixels and channels within the limits of a dispatch", () => {
  const shape = { size: sizes(1, 60), channels: fc.integer({ min: 1, max: 200 }) };
  const count = fc.oneof(fc.integer({ min: 1, max: 100 }), fc.constant(1000));
  fc.assert(fc.property(fc.record(shape), count, ({ size, channels }, count) => {
    const convolution = step(size, channels);
    const tile = chooseTile([convolution], count, gpu);
    const [x, y] = workgroupsOf(convolution, tile, count, gpu.lanes);
    assertGreaterOrEqual(x * tile.pixels * gpu.lanes / tile.across, areaOf(size) * count);
    assertGreaterOrEqual(4 * y * tile.quads * tile.across, channels);
    assertLessOrEqual(x, MAX_WORKGROUPS);
  }));
});

Deno.test("convolution-shared computes small features of several samples in one tile; convolution does not", () => {
  const tile = { pixels: 4, quads: 1, across: 8 };
  assertEquals(workgroupsOf(step(square(3), 32), { ...tile, kernel: "convolution" }, 64, 64), [24, 1]);
  assertEquals(workgroupsOf(step(square(3), 32), { ...tile, kernel: "convolution-shared" }, 64, 64), [18, 1]);
});

Deno.test("kernels use no workgroup memory on CPU drivers, and at most WebGPU's default limit on GPUs", () => {
  assert(CPU_TILES.every(({ kernel }) => kernel === "convolution"));
  for (const { kernel, pixels, quads, across } of GPU_TILES) {
    assertEquals(across === undefined, kernel === "convolution");
    if (across) assertLessOrEqual(QUAD_BYTES * (pixels * 128 + 4 * quads * across ** 2), 16_384);
  }
});

Deno.test("among equally fast tiles, a convolution gets the one whose invocations share the most pixels", () => {
  const cpu = { lanes: 8, parallelism: 2, tiles: CPU_TILES };
  assertEquals(chooseTile([step(square(16), 128)], 64, cpu).across, 8);
  assertEquals(chooseTile([step(square(16), 8)], 64, cpu).across, 1);
});
