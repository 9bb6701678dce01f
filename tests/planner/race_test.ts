/**
 * In WGSL, a store to a part of a vec4 may rewrite all of it, and the order within a dispatch is undefined. Therefore, if
 * one invocation writes to a quad, no other may read or write any of its lanes.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { BUNDLED_SPECS, readSpec } from "../../lib/model/read_spec.ts";
import { buildPlan } from "../../lib/planner/build.ts";
import { quadsOf, type Region, regionQuads, type Wave } from "../../lib/planner/plan.ts";
import { buildUnchecked, type UncheckedSpec } from "../../lib/network/families.ts";
import { areaOf } from "../../lib/network/size.ts";
import { parseSpec } from "../../lib/spec/parse.ts";
import { square } from "../sizes.ts";
import { randomMsdnets } from "../drawing/networks.ts";

/** Quads that a step accesses in each pixel of a feature, and the feature's position in a sample. */
interface Touch {
  readonly region: Region;
  readonly first: number;
  readonly end: number;
}

function touch(region: Region, quads: number): Touch {
  const first = Math.floor(region.channel / 4);
  return { region, first, end: first + quads };
}

/**
 * Whether two steps access a common quad: in the same feature, equal quads of a pixel; in two features at the same position,
 * any quads.
 */
function meet(a: Touch, b: Touch): boolean {
  const [one, other] = [a.region, b.region];
  if (one.offset === other.offset) return a.first < b.end && b.first < a.end;
  const end = ({ offset, size, pitch }: Region) => offset + areaOf(size) * pitch;
  return one.offset < end(other) && other.offset < end(one);
}

/** Pairs of steps of a wave, by number, where one writes a quad that the other accesses. */
function races(wave: Wave): [number, number][] {
  const writes = wave.map((step) => step.writes.map((region) => touch(region, regionQuads(region))));
  const reads = wave.map((step) => step.reads.map((region) => touch(region, quadsOf(region.channels))));
  const clash = (some: readonly Touch[], others: readonly Touch[]) =>
    some.some((one) => others.some((other) => meet(one, other)));
  return writes.flatMap((written, i) =>
    wave.map((_, j) => j).filter((j) => clash(written, reads[j]) || j < i && clash(written, writes[j]))
      .map((j): [number, number] => [i, j])
  );
}

function assertNoRaces(spec: UncheckedSpec): void {
  const { stages } = buildPlan(buildUnchecked(spec));
  stages.forEach((waves, exit) =>
    waves.forEach((wave, i) => assertEquals(races(wave), [], `wave ${i} before exit ${exit + 1} of ${spec.name}`))
  );
}

Deno.test("bundled networks: every quad has one owner in a dispatch", async () => {
  for (const name of BUNDLED_SPECS) assertNoRaces(await readSpec(name));
});

const channels = fc.integer({ min: 1, max: 13 });
const subnetwork = fc.record({
  more: fc.integer({ min: 1, max: 2 }),
  growth: fc.integer({ min: 4, max: 13 }),
  bottleneck: fc.integer({ min: 1, max: 3 }),
  fusion: fc.constantFrom("up-conv", "down-conv", "auto"),
  channels,
  halved: fc.boolean(),
});

Deno.test("any network: every quad has one owner in a dispatch", () => {
  fc.assert(
    fc.property(
      fc.array(subnetwork, { minLength: 1, maxLength: 3 }),
      fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 6, maxLength: 6 }),
      fc.constantFrom(0.25, 0.3, 0.5),
      fc.record({ depthwise: fc.boolean(), kernel: fc.constantFrom(3, 5), se_ratio: fc.constantFrom(0, 0.4) }),
      (subnetworks, layers, compress, dense) => {
        let divisor = 1;
        const scales = subnetworks.toReversed().map(({ halved }, i) => divisor *= i > 0 && halved ? 2 : 1).toReversed();
        let blocks = 0;
        const parts = subnetworks.map(({ more, growth, bottleneck, fusion }, s) => {
          blocks += more;
          return { blocks, growth, bottleneck, ...s > 0 && { fusion } };
        });
        const text = JSON.stringify({
          name: "random",
          input: { size: 24 },
          classes: 3,
          base_features: subnetworks.map(({ channels }, s) => ({ scale: 1 / scales[s], channels })),
          subnetworks: parts,
          layers: layers.slice(0, blocks),
          compress,
          ...dense,
        });
        let spec;
        try {
          spec = parseSpec(text);
        } catch {
          return fc.pre(false); // too small for an exit
        }
        assertNoRaces(spec);
      },
    ),
    { numRuns: 50 },
  );
});

Deno.test("any MSDNet: every quad has one owner in a dispatch", () => {
  // All pixels are alike, so a few are enough.
  const small = randomMsdnets.map((spec) => ({ ...spec, input: { ...spec.input, size: 9 } }));
  fc.assert(fc.property(small, assertNoRaces), { numRuns: 30 });
});

Deno.test("the race check finds a race", () => {
  const region = { offset: 0, pitch: 2, size: square(2), channel: 0, channels: 3 };
  const view = { feature: 0, offset: 0, channels: 0 };
  const layer = { kind: "resize", reads: [view], writes: [view] } as const;
  const step = (input: Region, output: Region) => (
    { kind: "resize", layer, reads: [input], writes: [output] } as const
  );
  const beside = { ...region, channel: 3, channels: 4 };
  const away = { ...region, offset: 100 };
  assertEquals(races([step(away, region), step(away, beside)]), [[1, 0]]);
  assertEquals(races([step(region, beside)]), [[0, 0]]);
  assertEquals(races([step(away, region), step(away, { ...region, offset: 7 })]), [[1, 0]]);
  assertEquals(races([step(away, region), step(away, { ...region, channel: 4 })]), []);
  assertEquals(races([step(away, region), step(away, { ...region, offset: 8 })]), []);
});
