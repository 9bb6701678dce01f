import { assert, assertAlmostEquals, assertEquals, assertNotEquals } from "@std/assert";
import fc from "fast-check";
import { resizeBox, toPixels } from "../../lib/data/preprocess.ts";
import { areaOf, type Size } from "../../lib/network/size.ts";
import { sizes, square } from "../sizes.ts";
import { cropPixels, eraseBox, randomBox, resizedCropPixels, variationStream } from "../../lib/training/augment.ts";

/** An image in which every byte is different. */
const numbered = (size: Size) => Uint8ClampedArray.from({ length: 3 * areaOf(size) }, (_, i) => 1 + i % 255);
const stream = (index: number) => variationStream({ seed: 1, epoch: 2, index });

Deno.test("cropPixels() without crop and flip does not change an image", () => {
  const size = { height: 7, width: 4 };
  const pixels = numbered(size);
  assertEquals(cropPixels(pixels, size, { crop: 0, flip: false }, stream(0)), pixels);
});

Deno.test("cropPixels() shifts an image by at most its padding, fills with black, and may mirror it", () => {
  fc.assert(
    fc.property(sizes(1, 9), fc.nat(12), fc.boolean(), fc.nat(), (size, crop, flip, index) => {
      const pixels = numbered(size);
      const found = cropPixels(pixels, size, { crop, flip }, stream(index));
      const random = stream(index);
      const [left, top] = [0, 0].map(() => Math.floor((2 * crop + 1) * random()) - crop);
      const mirrored = flip && random() < 0.5;
      const { height, width } = size;
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          const [fromX, fromY] = [(mirrored ? width - 1 - x : x) + left, y + top];
          const inside = fromX >= 0 && fromY >= 0 && fromX < width && fromY < height;
          for (let c = 0; c < 3; c++) {
            const expected = inside ? pixels[3 * (fromY * width + fromX) + c] : 0;
            assertEquals(found[3 * (y * width + x) + c], expected, `${x}, ${y}`);
          }
        }
      }
    }),
  );
});

Deno.test("cropPixels() uses every shift, and mirrors half of the images", () => {
  const shifts = new Map<number, number>();
  let mirrored = 0;
  const pixels = new Uint8ClampedArray(3 * 9);
  pixels.fill(255, 3 * 3, 3 * 4); // the left pixel of the middle row
  for (let index = 0; index < 9000; index++) {
    const at = cropPixels(pixels, square(3), { crop: 1, flip: false }, stream(index)).findIndex((value) => value > 0);
    shifts.set(at, (shifts.get(at) ?? 0) + 1);
    mirrored += cropPixels(pixels, square(3), { crop: 0, flip: true }, stream(index))[3 * 5] / 255;
  }
  // The left columns 0 and 1 of three rows; a third of the shifts move it out of the image.
  assertEquals(shifts.size, 7);
  assertAlmostEquals(shifts.get(-1)! / 9000, 1 / 3, 0.03);
  assertAlmostEquals(mirrored / 9000, 0.5, 0.03);
});

Deno.test("a variation depends only on seed, epoch and image", () => {
  const draw = (which: Parameters<typeof variationStream>[0]) => {
    const random = variationStream(which);
    return [random(), random(), random()];
  };
  const one = { seed: 3, epoch: 4, index: 5 };
  assertEquals(draw(one), draw(one));
  for (const other of [{ seed: 4 }, { epoch: 5 }, { index: 4 }, { epoch: 5, index: 4 }]) {
    assertNotEquals(draw(one), draw({ ...one, ...other }));
  }
});

Deno.test("randomBox() is within the image, with the requested area and aspect ratio if it fits", () => {
  const sides = fc.integer({ min: 1, max: 300 });
  const shares = fc.tuple(fc.double({ min: 0.01, max: 1, noNaN: true }), fc.double({ min: 0.01, max: 1, noNaN: true }));
  const aspects = fc.constantFrom(1, 1, 4, 1 / 7);
  fc.assert(fc.property(sides, sides, shares, aspects, fc.nat(), (width, height, two, aspect, index) => {
    const [least, most] = two.sort((a, b) => a - b);
    const box = randomBox({ width, height }, [least, most], { random: stream(index), aspect });
    assert(box.left >= 0 && box.top >= 0 && box.width >= 1 && box.height >= 1);
    assert(box.left + box.width <= width && box.top + box.height <= height);
    // Rounding changes each side by up to half a pixel.
    const [thin, wide] = [(box.width + 0.5) / (box.height - 0.5), (box.width - 0.5) / (box.height + 0.5)];
    const isWhole = box.height === height || box.width === width;
    assert((wide <= 4 / 3 * aspect && thin >= 3 / 4 * aspect) || isWhole);
    assert(
      (box.width - 0.5) * (box.height - 0.5) <= most * width * height || box.width === width || box.height === height,
    );
  }));
});

Deno.test("resizeBox() of the whole image is equal to resizing the image", () => {
  const image = { width: 12, height: 12, data: Uint8Array.from({ length: 4 * 144 }, (_, i) => i * 37 & 255) };
  const box = { left: 0, top: 0, width: 12, height: 12 };
  for (const size of [5, 12, 20]) {
    assertEquals(resizeBox(image, box, square(size)), toPixels(image, { size, resize: size }));
  }
});

Deno.test("resizeBox() ignores pixels outside the box", () => {
  const data = Uint8Array.from({ length: 4 * 20 * 10 }, (_, i) => i * 91 & 255);
  const box = { left: 3, top: 2, width: 8, height: 6 };
  const cut = Uint8Array.from({ length: 4 * 8 * 6 }, (_, i) => {
    const [x, y] = [(i >> 2) % 8, Math.floor((i >> 2) / 8)];
    return data[4 * ((y + 2) * 20 + x + 3) + (i & 3)];
  });
  const whole = { left: 0, top: 0, width: 8, height: 6 };
  assertEquals(
    resizeBox({ width: 20, height: 10, data }, box, square(7)),
    resizeBox({ width: 8, height: 6, data: cut }, whole, square(7)),
  );
});

Deno.test("resizedCropPixels() has the requested size, and may be mirrored", () => {
  const image = { width: 30, height: 20, data: Uint8Array.from({ length: 2400 }, (_, i) => i & 255) };
  const made = (flip: boolean, index: number) =>
    resizedCropPixels(image, square(6), { resizedCrop: [0.1, 1], flip }, stream(index));
  const rows = (pixels: Uint8ClampedArray) =>
    Array.from({ length: 36 }, (_, i) => [...pixels.subarray(3 * i, 3 * i + 3)]);
  let mirrored = 0;
  for (let index = 0; index < 50; index++) {
    const [straight, perhaps] = [rows(made(false, index)), rows(made(true, index))];
    const other = straight.map((_, i) => straight[i - i % 6 + 5 - i % 6]);
    if (JSON.stringify(straight) !== JSON.stringify(perhaps)) {
      mirrored++;
      assertEquals(perhaps, other);
    }
  }
  assert(mirrored > 10 && mirrored < 40);
});

Deno.test("eraseBox() sets a box of 2 to 33 % of the image to zero in every plane", () => {
  const sides = fc.integer({ min: 1, max: 40 });
  fc.assert(fc.property(sides, sides, fc.nat(), (width, height, index) => {
    const area = width * height;
    const planes = new Float32Array(3 * area).fill(1);
    eraseBox(planes, { width, height }, stream(index));
    const erased = [...planes.subarray(0, area).keys()].filter((i) => planes[i] === 0);
    for (const plane of [1, 2]) {
      assertEquals(planes.subarray(plane * area, (plane + 1) * area), planes.subarray(0, area));
    }
    if (erased.length === 0) return;
    const [columns, rows] = [erased.map((i) => i % width), erased.map((i) => Math.floor(i / width))];
    const [across, down] = [columns, rows].map((at) => Math.max(...at) - Math.min(...at) + 1);
    assertEquals(across * down, erased.length);
    // Rounding changes each side by up to half a pixel.
    assert((across - 0.5) * (down - 0.5) <= 0.33 * area && (across + 0.5) * (down + 0.5) >= 0.02 * area);
    assert((down - 0.5) / (across + 0.5) <= 3.3 && (down + 0.5) / (across - 0.5) >= 0.3);
  }));
});
