import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import type { RgbImage } from "../../lib/data/image.ts";
import { toTensor } from "../../lib/data/preprocess.ts";
import { RanetError } from "../../lib/errors.ts";
import { inputSize, type InputSpec } from "../../lib/network/common.ts";
import { areaOf, type Sides, sidesOf } from "../../lib/network/size.ts";
import { sizes } from "../sizes.ts";
import { image, rgb } from "./fixtures.ts";

const plain = { mean: [0, 0, 0], std: [1, 1, 1] } as const;

for (const [resize, size] of [[31, 28], [6, 5], [14, 14]] as const) {
  Deno.test(`toTensor() resizes to ${resize} and crops to ${size} bit-identically to Pillow`, async () => {
    const tensor = toTensor(await image("photo.png"), { size, resize, ...plain });
    const planes = Array.from(tensor, (value) => Math.round(255 * value));
    const interleaved = planes.map((_, i) => planes[(i % 3) * size * size + Math.floor(i / 3)]);
    assertEquals(interleaved, rgb(await image(`resized-${resize}-crop-${size}.png`)));
  });
}

for (const [resize, size] of [[[9, 31], [8, 27]], [[31, 9], [30, 7]]] as const) {
  const title = [resize, size].map((sides) => sides.join("×"));
  Deno.test(`toTensor() covers ${title[0]} and crops to ${title[1]} bit-identically to Pillow`, async () => {
    const tensor = toTensor(await image("photo.png"), { size, resize, ...plain });
    const planes = Array.from(tensor, (value) => Math.round(255 * value));
    const interleaved = planes.map((_, i) => planes[(i % 3) * size[0] * size[1] + Math.floor(i / 3)]);
    assertEquals(interleaved, rgb(await image(`resized-${resize.join("x")}-crop-${size.join("x")}.png`)));
  });
}

Deno.test("toTensor() normalises each channel", () => {
  const pixel = { width: 1, height: 1, data: Uint8Array.of(255, 51, 0, 7) };
  const tensor = toTensor(pixel, { size: 1, resize: 1, mean: [0.5, 0.1, 0.25], std: [0.25, 0.5, 0.5] });
  [2, 0.2, -0.5].forEach((value, channel) => assertAlmostEquals(tensor[channel]!, value, 1e-6));
});

/** An image of at most 40 pixels per side, whose bytes follow from a seed. */
const images = fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 }), fc.nat()).map(
  ([width, height, seed]): RgbImage => {
    let random = (seed % 0x7ffffffe) + 1;
    const data = Uint8Array.from({ length: 4 * width * height }, () => (random = (random * 48271) % 0x7fffffff) & 255);
    return { width, height, data };
  },
);
const border = fc.integer({ min: 0, max: 8 });
const inputs = fc.tuple(sizes(1, 24), border, border).map(([size, above, beside]): InputSpec => {
  const resize = { height: size.height + above, width: size.width + (sidesOf(size) === size.width ? above : beside) };
  return { size: sidesOf(size), resize: sidesOf(resize), ...plain };
});

Deno.test("toTensor() does not resample an image of the input size", () => {
  fc.assert(fc.property(images, ({ width: size, data }) => {
    const square = Uint8Array.from({ length: 4 * size ** 2 }, (_, i) => data[i % data.length]!);
    const tensor = toTensor({ width: size, height: size, data: square }, { size, resize: size, ...plain });
    for (const [i, value] of tensor.entries()) {
      assertEquals(Math.round(255 * value), square[4 * (i % size ** 2) + Math.floor(i / size ** 2)]);
    }
  }));
});

Deno.test("toTensor() crops the centre without resampling if possible, like torchvision's CenterCrop", () => {
  const width = 9;
  const data = Uint8Array.from({ length: 4 * width * 6 }, (_, i) => i);
  const tensor = toTensor({ width, height: 6, data }, { size: 3, resize: 6, ...plain });
  // (9 − 3) / 2 columns, and 1.5 rows, which Python rounds to 2.
  for (const [i, value] of tensor.entries()) {
    const [plane, y, x] = [Math.floor(i / 9), Math.floor(i % 9 / 3), i % 3];
    assertEquals(Math.round(255 * value), data[4 * ((y + 2) * width + x + 3) + plane]);
  }
});

Deno.test("toTensor() keeps a constant image constant, and all values within the image's range", () => {
  fc.assert(fc.property(images, inputs, fc.nat(255), (img, input, value) => {
    const constant = toTensor({ ...img, data: img.data.map(() => value) }, input);
    assert(constant.every((found) => Math.round(255 * found) === value));
    const found = toTensor(img, input);
    assertEquals(found.length, 3 * areaOf(inputSize(input)));
    const bytes = rgb(img);
    const [low, high] = [Math.min(...bytes), Math.max(...bytes)];
    assert(found.every((share) => Math.round(255 * share) >= low && Math.round(255 * share) <= high));
  }));
});

Deno.test("toTensor() of a transposed image is the transposed tensor, except for rounding between passes", () => {
  fc.assert(fc.property(images, inputs, ({ width, height, data }, input) => {
    const turned = data.map((_, i) => {
      const [x, y] = [Math.floor(i / 4 / height), Math.floor(i / 4) % height];
      return data[4 * (y * width + x) + (i % 4)]!;
    });
    const size = inputSize(input);
    const area = areaOf(size);
    const other = { ...input, size: flipped(input.size), resize: flipped(input.resize) };
    const straight = toTensor({ width, height, data }, input);
    const transposed = toTensor({ width: height, height: width, data: turned }, other);
    for (let i = 0; i < straight.length; i++) {
      const [plane, y, x] = [Math.floor(i / area), Math.floor(i % area / size.width), i % size.width];
      assertAlmostEquals(transposed[plane * area + x * size.height + y]!, straight[i]!, 1.01 / 255);
    }
  }));
});

function flipped(sides: Sides): Sides {
  return typeof sides === "number" ? sides : [sides[1], sides[0]];
}

Deno.test("toTensor() accepts very narrow images and single pixels", () => {
  for (const [width, height] of [[1, 1], [3, 10_000], [30_000, 1]] as const) {
    const strip = { width, height, data: new Uint8Array(4 * width * height).fill(200) };
    for (const form of [{ size: 24, resize: 32 }, { size: [2, 70], resize: [3, 80] }] as const) {
      const tensor = toTensor(strip, { ...form, ...plain });
      assert(tensor.every((value) => Math.round(255 * value) === 200));
    }
  }
});

Deno.test("toTensor() refuses an image that does not have four bytes per pixel", () => {
  const input = { size: 1, resize: 1, ...plain };
  const wrong = { width: 2, height: 2, data: new Uint8Array(12) };
  assertThrows(
    () => toTensor(wrong, input),
    RanetError,
    "Cannot use image: 2×2 pixels need 4 bytes each, found 12 bytes",
  );
  assertThrows(() => toTensor({ width: 0, height: 0, data: new Uint8Array() }, input), RanetError, "0×0");
});

Deno.test("for one channel, toTensor() converts colours to grey like Pillow, and keeps grey unchanged", () => {
  const colours = [[10, 200, 30], [255, 0, 0], [0, 255, 0], [0, 0, 255], [77, 77, 77], [1, 2, 254]];
  // Image.convert("L") of Pillow 9.4.
  const grey = [124, 76, 150, 29, 77, 30];
  const input = { size: 1, resize: 1, mean: [0], std: [1] };
  colours.forEach((colour, i) => {
    const [value] = toTensor({ width: 1, height: 1, data: new Uint8Array([...colour, 255]) }, input);
    assertEquals(Math.round(255 * value), grey[i]);
  });
});
