import { assert, assertEquals, assertLess, assertLessOrEqual } from "@std/assert";
import fc from "fast-check";
import { readSpec } from "../../lib/model/read_spec.ts";
import { buildNetwork } from "../../lib/network/build.ts";
import type { Layer, View } from "../../lib/network/network.ts";
import { MAX_WAVE, scheduleWaves } from "../../lib/planner/waves.ts";

const FEATURES = Array.from(
  { length: 4 },
  (_, i) => ({ name: `feature ${i}`, size: { height: 1, width: 1 + i % 2 }, channels: 12 }),
);
const view = fc.record({ feature: fc.nat(3), offset: fc.nat(4), channels: fc.integer({ min: 1, max: 8 }) });
const layers = fc.array(
  fc.record({
    kind: fc.constantFrom("resize", "max-pool"),
    reads: fc.tuple(view),
    writes: fc.tuple(view),
  }) as fc.Arbitrary<Layer>,
  { maxLength: 60 },
);

/** Channels of features, by name. */
function cells({ feature, offset, channels }: View): string[] {
  return Array.from({ length: channels }, (_, i) => `${feature}.${offset + i}`);
}

Deno.test("scheduleWaves() keeps the order of steps that read or write the same channels", () => {
  fc.assert(fc.property(layers, (layers) => {
    const waves = scheduleWaves(layers, FEATURES);
    const when = new Map(waves.flatMap((wave, time) => wave.map((layer) => [layer, time])));
    assertEquals(when.size, layers.length);
    assert(waves.every(({ length }) => length > 0 && length <= MAX_WAVE));
    layers.forEach((layer, i) => {
      const [reads, writes] = [layer.reads, layer.writes].map((views) => views.flatMap(cells));
      layers.slice(0, i).forEach((earlier) => {
        const [earlierReads, earlierWrites] = [earlier.reads, earlier.writes]
          .map((views) => new Set(views.flatMap(cells)));
        const follows = [...reads, ...writes].some((cell) => earlierWrites.has(cell)) ||
          writes.some((cell) => earlierReads.has(cell));
        if (follows) assertLess(when.get(earlier)!, when.get(layer)!);
      });
    });
  }));
});

Deno.test("the steps of a wave have the same kind, size and number of quads", () => {
  const network = { feature: 0, offset: 0, channels: 4 };
  const resize = (feature: number, channels: number): Layer => ({
    kind: "resize",
    reads: [network],
    writes: [{ feature, offset: 0, channels }],
  });
  const waves = scheduleWaves([resize(1, 4), resize(2, 4), resize(3, 4), resize(1, 8)], FEATURES);
  assertEquals(waves, [[resize(1, 4), resize(3, 4)], [resize(2, 4)], [resize(1, 8)]]);
});

Deno.test("scheduleWaves() saves a quarter of the dispatches of published networks", async () => {
  for (const name of ["ranet-cifar10", "ranet-imagenet-c32"]) {
    const { exits, features } = buildNetwork(await readSpec(name));
    const layers = exits.flatMap((exit) => exit.layers).length;
    assertLessOrEqual(exits.flatMap((exit) => scheduleWaves(exit.layers, features)).length, 0.75 * layers);
  }
});
