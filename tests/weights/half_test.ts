import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { halfBits, halfValue, roundToHalf } from "../../lib/weights/half.ts";

Deno.test("halfValue() and halfBits() agree with Float16Array for all 16-bit numbers", () => {
  const bits = Uint16Array.from({ length: 2 ** 16 }, (_, i) => i);
  const values = new Float16Array(bits.buffer);
  bits.forEach((one, i) => {
    assertEquals(halfValue(one), values[i]);
    if (!Number.isNaN(values[i])) assertEquals(halfBits(values[i]), one);
  });
});

Deno.test("roundToHalf() rounds like Math.f16round, also halfway between two numbers", () => {
  const check = (value: number) => assertEquals(roundToHalf(value), Math.f16round(value), `${value}`);
  fc.assert(fc.property(fc.double(), check), { numRuns: 2000 });
  fc.assert(fc.property(fc.float(), check), { numRuns: 2000 });
  fc.assert(fc.property(fc.double({ min: -70_000, max: 70_000 }), check), { numRuns: 2000 });
  const halves = fc.nat(0x7bff).map((bits) => (halfValue(bits) + halfValue(bits + 1)) / 2).filter(Number.isFinite);
  fc.assert(fc.property(halves, fc.constantFrom(1, -1, 1 + 2 ** -52, 1 - 2 ** -53), (half, by) => check(half * by)));
});
