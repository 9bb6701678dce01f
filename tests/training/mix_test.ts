import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { betaNumber, mixBatch } from "../../lib/training/mix.ts";
import { randomStream } from "../../lib/training/random.ts";

const SIDES = { width: 5, height: 4 };
const LENGTH = 2 * SIDES.width * SIDES.height;

/** Images of two planes in which every number is the image's index. */
const batch = (count: number) => ({
  images: Float32Array.from({ length: count * LENGTH }, (_, i) => Math.floor(i / LENGTH)),
  labels: Uint32Array.from({ length: count }, (_, i) => i % 3),
});

const mixings = fc.record({
  kind: fc.constantFrom("mixup", "cutmix"),
  share: fc.double({ min: 0, max: 1, noNaN: true }),
  alpha: fc.double({ min: 0.1, max: 2, noNaN: true }),
});

Deno.test("mixBatch() gives a mixed image both labels, with the shares of the pixels", () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 9 }), mixings, fc.nat(), (count, mixing, seed) => {
    const { images, labels } = batch(count);
    const second = mixBatch({ images, labels }, mixing, SIDES, randomStream(seed));
    for (let i = 0; i < count; i++) {
      const own = images.subarray(i * LENGTH, (i + 1) * LENGTH);
      const share = second.shares[i];
      assert(share >= 0 && share <= 1);
      // All other pixels come from one other image.
      const others = new Set(own.filter((value) => mixing.kind === "cutmix" && value !== i));
      assert(others.size <= 1);
      if (mixing.kind === "cutmix" && share > 0) {
        const [other] = others;
        assertEquals(second.labels[i], labels[other]);
        assertAlmostEquals(own.filter((value) => value === other).length / LENGTH, share, 1e-6);
      }
      if (mixing.kind === "mixup") {
        assert(share <= 0.5);
        const partners = [...labels.keys()].filter((j) => j !== i && labels[j] === second.labels[i]);
        const fits = partners.some((j) => Math.abs(own[0] - (i + share * (j - i))) < 1e-5);
        assert(share === 0 || fits, `${own[0]} is no mixture of image ${i}`);
        assert(own.every((value) => value === own[0]));
      }
    }
  }));
});

Deno.test("mixBatch() mixes the given share of images, each with another one", () => {
  const partners = new Map<number, number>();
  let mixed = 0;
  for (let seed = 0; seed < 2000; seed++) {
    const { images, labels } = batch(4);
    mixBatch({ images, labels }, { kind: "mixup", share: 0.25, alpha: 1 }, SIDES, randomStream(seed));
    if (images[0] === 0) continue;
    mixed++;
    // Image 0 is black: the mixed-in image contributes 1, 2 or 3 times the share.
    partners.set(Math.ceil(2 * images[0]), (partners.get(Math.ceil(2 * images[0])) ?? 0) + 1);
  }
  assertAlmostEquals(mixed / 2000, 0.25, 0.04);
  assertEquals([...partners.keys()].sort(), [1, 2, 3]);
});

Deno.test("mixBatch() clips a box of CutMix at the border, and uses the same box for all planes", () => {
  let whole = 0;
  for (let seed = 0; seed < 300; seed++) {
    const { images, labels } = batch(2);
    mixBatch({ images, labels }, { kind: "cutmix", share: 1, alpha: 1 }, SIDES, randomStream(seed));
    const planes = [0, 1].map((plane) => [...images.subarray(plane * LENGTH / 2, (plane + 1) * LENGTH / 2)]);
    assertEquals(planes[0], planes[1]);
    const at = [...planes[0].keys()].filter((i) => planes[0][i] === 1);
    if (at.length === 0) continue;
    const [columns, rows] = [at.map((i) => i % SIDES.width), at.map((i) => Math.floor(i / SIDES.width))];
    const box = (Math.max(...columns) - Math.min(...columns) + 1) * (Math.max(...rows) - Math.min(...rows) + 1);
    assertEquals(box, at.length);
    whole++;
  }
  assert(whole > 200);
});

Deno.test("betaNumber() has the mean and variance of Beta(alpha, alpha)", () => {
  for (const alpha of [0.1, 0.2, 1, 2]) {
    const random = randomStream(alpha * 10);
    const drawn = Array.from({ length: 20_000 }, () => betaNumber(alpha, random));
    const mean = drawn.reduce((sum, value) => sum + value, 0) / drawn.length;
    const variance = drawn.reduce((sum, value) => sum + (value - mean) ** 2, 0) / drawn.length;
    assertAlmostEquals(mean, 0.5, 0.02);
    assertAlmostEquals(variance, 1 / (4 * (2 * alpha + 1)), 0.01);
  }
});
