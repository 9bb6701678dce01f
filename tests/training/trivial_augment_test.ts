import { assert, assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { variationStream } from "../../lib/training/augment.ts";
import { applyOperation, OPERATION_COUNT, trivialAugment } from "../../lib/training/trivial_augment.ts";
import digests from "../fixtures/trivial-augment/digests.json" with { type: "json" };

const SIDES = { width: 20, height: 16 };

/** The image of tests/fixtures/trivial-augment/make.py. */
const image = () =>
  Uint8ClampedArray.from({ length: 3 * SIDES.width * SIDES.height }, (_, i) => 30 + (i * i * 7 + i * 13) % 181);

const stream = (index: number) => variationStream({ seed: 1, epoch: 2, index });

for (let operation = 0; operation < OPERATION_COUNT; operation++) {
  Deno.test(`TrivialAugment: operation ${operation} gives the same bytes as torchvision`, () => {
    const own = digests.filter((one) => one.operation === operation);
    assertEquals(own.length, 14);
    for (const { digest, ...how } of own) {
      const found = createHash("sha256").update(applyOperation(image(), how, SIDES)).digest("hex").slice(0, 16);
      assertEquals(found, digest, JSON.stringify(how));
    }
  });
}

Deno.test("TrivialAugment draws all operations equally often, and does not change its input", () => {
  const given = image();
  const seen = new Map<string, number>();
  for (let index = 0; index < 3000; index++) {
    const random = stream(index);
    const first = Math.floor(OPERATION_COUNT * random());
    seen.set(`${first}`, (seen.get(`${first}`) ?? 0) + 1);
    trivialAugment(given, SIDES, stream(index));
  }
  assertEquals(given, image());
  assertEquals(seen.size, OPERATION_COUNT);
  for (const count of seen.values()) assert(Math.abs(count / 3000 - 1 / OPERATION_COUNT) < 0.02);
});

Deno.test("TrivialAugment accepts images of any size", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }), fc.nat(), (width, height, index) => {
      const pixels = Uint8ClampedArray.from({ length: 3 * width * height }, (_, i) => i * 91 + index & 255);
      assertEquals(trivialAugment(pixels, { width, height }, stream(index)).length, pixels.length);
    }),
  );
});
