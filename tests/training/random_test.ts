import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { below, normal, randomStream, shuffle } from "../../lib/training/random.ts";

Deno.test("randomStream() gives fixed numbers", () => {
  const random = randomStream(0, 1, 2);
  assertEquals([random(), random(), random()].map((value) => Math.floor(value * 2 ** 32)), [
    380583566,
    2731444988,
    956142235,
  ]);
});

Deno.test("randomStream() is uniform, within a stream and across streams with neighbouring keys", () => {
  for (const draw of [randomStream(5), (i: number) => randomStream(5, i)(), (i: number) => randomStream(i, 5)()]) {
    const bins = new Uint32Array(16);
    for (let i = 0; i < 32_000; i++) bins[Math.floor(16 * draw(i))]++;
    for (const count of bins) assert(Math.abs(count - 2000) < 250, `${count}`);
  }
});

Deno.test("normal() has mean 0, standard deviation 1 and fourth moment 3", () => {
  const random = randomStream(1);
  const moments = [0, 0, 0];
  for (let i = 0; i < 100_000; i++) [1, 2, 4].forEach((power, m) => moments[m] += normal(random) ** power / 100_000);
  assertAlmostEquals(moments[0], 0, 0.02);
  assertAlmostEquals(moments[1], 1, 0.03);
  assertAlmostEquals(moments[2], 3, 0.2);
});

Deno.test("shuffle() permutes values; below() stays below its limit", () => {
  fc.assert(fc.property(fc.uint32Array(), fc.nat(), fc.integer({ min: 1, max: 1e6 }), (list, seed, count) => {
    const random = randomStream(seed);
    const shuffled = list.slice();
    shuffle(shuffled, random);
    assertEquals(shuffled.toSorted(), list.toSorted());
    const drawn = below(count, random);
    assert(Number.isInteger(drawn) && drawn >= 0 && drawn < count);
  }));
});
