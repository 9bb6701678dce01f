import { assert, assertEquals, assertLess, assertRejects } from "@std/assert";
import { checkHeader } from "../../lib/data/decode.ts";
import { DecoderPool } from "../../lib/data/decoder_pool.ts";
import { toPixels } from "../../lib/data/preprocess.ts";
import { decodeReduced } from "../../lib/data/reduced_jpeg.ts";
import { type Reduction, reductionOf } from "../../lib/data/reduction.ts";
import { RanetError } from "../../lib/errors.ts";
import type { Sides } from "../../lib/network/size.ts";
import { largeJpeg } from "../soak/hostile_files.ts";
import { fixture, image } from "./fixtures.ts";

const NAMES = ["odd", "progressive", "turned", "grey"].map((name) => `reduced/${name}.jpg`);

function reduction(bytes: Uint8Array, resize: Sides): Reduction | undefined {
  return reductionOf(bytes, checkHeader(bytes, "-"), { resize });
}

function differences(a: ArrayLike<number>, b: ArrayLike<number>): { most: number; mean: number } {
  assertEquals(a.length, b.length);
  const all = Array.from(a, (value, i) => Math.abs(value - b[i]!));
  return { most: Math.max(...all), mean: all.reduce((sum, one) => sum + one, 0) / all.length };
}

Deno.test("a JPEG decoded at reduced size gives almost the same tensor", async () => {
  for (const name of NAMES) {
    const bytes = await fixture(name);
    const whole = await image(name);
    for (const by of [2, 4] as const) {
      const resize = Math.floor(Math.min(whole.width, whole.height) / by / 3);
      const input = { size: resize - 1, resize };
      const reduced = await decodeReduced(bytes, checkHeader(bytes, name), { by });
      assert(reduced);
      assertEquals(reduced.extent, [whole.width / by, whole.height / by]);
      const { most, mean } = differences(toPixels(reduced, input), toPixels(whole, input));
      assertLess(most, 9, `${name} by ${by}`);
      assertLess(mean, 1, `${name} by ${by}`);
    }
  }
});

Deno.test("a JPEG is reduced while it stays at least three times as large as the network's input", async () => {
  const [odd, progressive, turned] = await Promise.all(NAMES.map(fixture));
  const by = (bytes: Uint8Array | undefined, resize: number) => reduction(bytes!, resize)?.by;
  assertEquals([1, 12, 13, 24, 25].map((resize) => by(odd, resize)), [4, 4, 2, 2, undefined]);
  assertEquals([12, 13].map((resize) => by(turned, resize)), [4, 2]);
  // After rotation, its last column would be the first one and cover only part of a column.
  assertEquals(by(await fixture("reduced/turned-odd.jpg"), 6), undefined);
  assertEquals([reduction(odd!, 6)?.memory, reduction(progressive!, 6)?.memory], [0, 6 * 200 * 152]);
  for (const name of ["photo.png", "photo.webp", "cmyk.jpg"]) assertEquals(by(await fixture(name), 1), undefined, name);
});

Deno.test("for a rectangular input, a reduced JPEG keeps three times each side, in upright orientation", async () => {
  const by = async (name: string, resize: Sides) => reduction(await fixture(`reduced/${name}.jpg`), resize)?.by;
  // 203 pixels wide and 149 high.
  assertEquals(await by("odd", [12, 16]), 4);
  assertEquals(await by("odd", [16, 12]), 2);
  assertEquals(await by("odd", [12, 17]), 2);
  assertEquals(await by("odd", [26, 5]), undefined);
  // Stored 200 pixels wide and 152 high, to be rotated by 90°.
  assertEquals(await by("turned", [16, 12]), 4);
  assertEquals(await by("turned", [12, 16]), 2);
});

Deno.test("a decoder pool reduces JPEGs only on request, with the same notes", async () => {
  using exact = new DecoderPool({ size: 1 });
  using reducing = new DecoderPool({ size: 1, reduces: true });
  const input = { size: 12, resize: 12 };
  const source = "odd.jpg";
  const bytes = await fixture("reduced/odd.jpg");
  const whole = toPixels(await image("reduced/odd.jpg"), input);
  assertEquals(await exact.pixels(bytes, { source, input }), whole);
  const reduced = await reducing.pixels(bytes, { source, input });
  const { most } = differences(reduced, whole);
  assert(most > 0 && most < 9, `they differ by ${most}`);
  assertEquals(await reducing.image(bytes, { source }), await exact.image(bytes, { source }));

  const cut = bytes.slice(0, -1000);
  const messages = await Promise.all(
    [exact, reducing].map(async (decoders) =>
      (await assertRejects(() => decoders.pixels(cut.slice(), { source, input, isGiven: true }), RanetError)).message
    ),
  );
  assertEquals(messages[1], messages[0]);
});

Deno.test("with reduction, large photos are decoded concurrently in little memory", async () => {
  const photo = await largeJpeg();
  using decoders = new DecoderPool({ size: 2, reduces: true, memory: 3e7 });
  const input = { size: 8, resize: 8 };
  const all = [1, 2].map((i) => decoders.pixels(photo, { source: `${i}`, input }));
  assertEquals(decoders.running, 2);
  const [first] = await Promise.all(all);
  assert(first!.every((value) => value === first![0]));
});
