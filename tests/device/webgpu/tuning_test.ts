import { assertEquals, assertGreater } from "@std/assert";
import { forgetTraits, keepTraits, keptTraits } from "../../../lib/device/webgpu/kept_traits.ts";
import { measureTraits, timeBatch } from "../../../lib/device/webgpu/tuning.ts";
import { buildPlan } from "../../../lib/planner/build.ts";
import { foldWeights } from "../../../lib/weights/fold.ts";
import type { TileCost } from "../../../lib/device/webgpu/tiles.ts";
import { tinyModel } from "../../fixtures.ts";
import { gpuTest } from "../../gpu.ts";

gpuTest("measureTraits() measures every tile, and the adapter uses the result", async (adapter) => {
  const tiles = [
    { kernel: "convolution", pixels: 4, quads: 1, cost: 1 },
    { kernel: "convolution-shared", pixels: 1, quads: 2, across: 4, cost: 1 },
  ] as const;
  let measured = 0;
  const traits = await measureTraits({ ...adapter, traits: { ...adapter.traits, tiles } }, {
    lanes: 16,
    onTile: () => measured++,
  });
  assertEquals(measured, tiles.length);
  assertEquals(traits.lanes, 16);
  assertEquals(traits.tiles.map((tile) => ({ ...tile, cost: 1 })), [...tiles]);
  for (const { cost } of traits.tiles) assertGreater(cost, 0);
  const { network, tensors } = tinyModel();
  const plan = buildPlan(network);
  assertGreater(await timeBatch(plan, foldWeights(network, tensors), { adapter: { ...adapter, traits }, count: 2 }), 0);
});

Deno.test("traits are stored by adapter until they are deleted; invalid ones are ignored", async () => {
  const name = "an adapter of this test";
  const tile = { kernel: "convolution-shared", pixels: 4, quads: 1, across: 8, cost: 0.5 } as const;
  const traits = { lanes: 8, parallelism: 2, tiles: [tile] };
  assertEquals(await keptTraits(name), undefined);
  assertEquals(await keepTraits(name, traits), true);
  assertEquals(await keptTraits(name), traits);
  assertEquals(await keptTraits(`${name}, another`), undefined);
  const unknown = { ...tile, kernel: "none" } as unknown as TileCost;
  for (const wrong of [{ ...traits, lanes: 0 }, { ...traits, tiles: [] }, { ...traits, tiles: [unknown] }]) {
    await keepTraits(name, wrong);
    assertEquals(await keptTraits(name), undefined);
  }
  assertEquals(await forgetTraits(name), true);
  assertEquals(await forgetTraits(name), false);
});
