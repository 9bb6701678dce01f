/**
 * TrivialAugment: one operation of fourteen, of random strength (Müller and Hutter, "TrivialAugment: Tuning-free Yet
 * State-of-the-Art Data Augmentation", ICCV 2021, in its "wide" form). Operations, strengths and every byte are those
 * of torchvision's TrivialAugmentWide on a Pillow image, without interpolation; missing pixels are black.
 *
 * @module
 */

import type { Size } from "../network/size.ts";
import { below } from "./random.ts";

/** Red, green and blue, pixel by pixel. */
type Pixels = Uint8ClampedArray;

/** An operation with a range of strengths. If it has two directions, the strength is negative in half of the cases. */
interface Operation {
  readonly range: readonly [weakest: number, strongest: number];
  readonly isSigned: boolean;
  apply(pixels: Pixels, strength: number, size: Size): Pixels;
}

/** Number of strengths, including the weakest and the strongest. */
export const STRENGTHS = 31;

const signed = (strongest: number, apply: Operation["apply"]): Operation => ({
  range: [0, strongest],
  isSigned: true,
  apply,
});
const unsigned = (apply: Operation["apply"], range: Operation["range"] = [0, 0]): Operation => ({
  range,
  isSigned: false,
  apply,
});

const OPERATIONS: readonly Operation[] = [
  unsigned((pixels) => pixels),
  signed(0.99, (pixels, by, size) => transform(pixels, [1, by, 0, 0, 1, 0], size)),
  signed(0.99, (pixels, by, size) => transform(pixels, [1, 0, 0, by, 1, 0], size)),
  signed(32, (pixels, by, size) => transform(pixels, [1, 0, -Math.trunc(by), 0, 1, 0], size)),
  signed(32, (pixels, by, size) => transform(pixels, [1, 0, 0, 0, 1, -Math.trunc(by)], size)),
  signed(135, (pixels, by, size) => transform(pixels, rotation(by, size), size)),
  signed(0.99, (pixels, by) => blend(pixels, () => 0, 1 + by)),
  signed(0.99, (pixels, by) => blend(pixels, (i) => greyAt(pixels, i - i % 3), 1 + by)),
  signed(0.99, (pixels, by) => contrast(pixels, 1 + by)),
  signed(0.99, (pixels, by, size) => sharpness(pixels, 1 + by, size)),
  unsigned((pixels, by) => posterize(pixels, 8 - roundHalfToEven(by)), [0, 6]),
  unsigned((pixels, by) => pixels.map((value) => value < by ? value : 255 - value), [255, 0]),
  unsigned((pixels) => perChannel(pixels, stretching)),
  unsigned((pixels) => perChannel(pixels, equalizing)),
];

/** Number of operations. */
export const OPERATION_COUNT: number = OPERATIONS.length;

/**
 * Applies a random operation of random strength.
 *
 * @param pixels Red, green and blue, pixel by pixel.
 * @param size Size of the image.
 * @param random Generates numbers in [0, 1).
 * @returns The changed pixels, or the same array.
 */
export function trivialAugment(pixels: Pixels, size: Size, random: () => number): Pixels {
  const operation = below(OPERATIONS.length, random);
  const strength = below(STRENGTHS, random);
  return applyOperation(pixels, { operation, strength, isReversed: random() < 0.5 }, size);
}

/**
 * Applies a given operation.
 *
 * @param how `operation`: its index; `strength`: from 0 to {@linkcode STRENGTHS} − 1; `isReversed`: use the other
 * direction, if there are two.
 */
export function applyOperation(
  pixels: Pixels,
  how: {
    readonly operation: number;
    readonly strength: number;
    readonly isReversed: boolean;
  },
  size: Size,
): Pixels {
  const { isSigned, range, apply } = OPERATIONS[how.operation]!;
  const strength = strengthOf(range, how.strength);
  return apply(pixels, isSigned && how.isReversed ? -strength : strength, size);
}

/** The strength with an index. Strengths are evenly spaced and rounded like torch.linspace, from the nearer end. */
function strengthOf([from, to]: Operation["range"], index: number): number {
  const { fround } = Math;
  const step = fround((fround(to) - fround(from)) / (STRENGTHS - 1));
  return index < STRENGTHS / 2
    ? fround(fround(from) + step * index)
    : fround(fround(to) - step * (STRENGTHS - 1 - index));
}

/** Coefficients that map coordinates in the result to coordinates in the image. */
type Matrix = readonly [xx: number, xy: number, x: number, yx: number, yy: number, y: number];

/** A rotation around the centre, counterclockwise in degrees. */
function rotation(degrees: number, { width, height }: Size): Matrix {
  const angle = -degrees * Math.PI / 180;
  const round = (value: number) => Math.round(value * 1e15) / 1e15;
  const [cosine, sine] = [round(Math.cos(angle)), round(Math.sin(angle))];
  const [x, y] = [width / 2, height / 2];
  return [cosine, sine, x - cosine * x - sine * y, -sine, cosine, y + sine * x - cosine * y];
}

/** Transforms an image by a matrix, in fixed-point arithmetic with 16 fraction bits as in Pillow. */
function transform(pixels: Pixels, [xx, xy, x0, yx, yy, y0]: Matrix, { width, height }: Size): Pixels {
  const fixed = (value: number) => Math.floor(value * 65536 + 0.5);
  const [stepX, stepY] = [fixed(xx), fixed(yx)];
  const out = new Uint8ClampedArray(pixels.length);
  for (let y = 0, to = 0; y < height; y++) {
    let fromX = fixed(x0 + xx * 0.5 + xy * 0.5) + y * fixed(xy);
    let fromY = fixed(y0 + yx * 0.5 + yy * 0.5) + y * fixed(yy);
    for (let x = 0; x < width; x++, to += 3, fromX += stepX, fromY += stepY) {
      const [u, v] = [fromX >> 16, fromY >> 16];
      if (u < 0 || v < 0 || u >= width || v >= height) continue;
      const from = 3 * (v * width + u);
      out[to] = pixels[from]!;
      out[to + 1] = pixels[from + 1]!;
      out[to + 2] = pixels[from + 2]!;
    }
  }
  return out;
}

/** Blends from the value at `of(index)` (share 0) to the image (share 1) and beyond. */
function blend(pixels: Pixels, of: (index: number) => number, share: number): Pixels {
  const { fround } = Math;
  const factor = fround(share);
  const out = new Uint8ClampedArray(pixels.length);
  for (let i = 0; i < pixels.length; i++) {
    const from = of(i);
    out[i] = Math.trunc(fround(from + fround(factor * (pixels[i]! - from))));
  }
  return out;
}

function greyAt(pixels: Pixels, at: number): number {
  return (19595 * pixels[at]! + 38470 * pixels[at + 1]! + 7471 * pixels[at + 2]! + 32768) >> 16;
}

function contrast(pixels: Pixels, share: number): Pixels {
  let sum = 0;
  for (let at = 0; at < pixels.length; at += 3) sum += greyAt(pixels, at);
  const mean = Math.floor(sum / (pixels.length / 3) + 0.5);
  return blend(pixels, () => mean, share);
}

/** Blends from a smoothed image, whose border is not smoothed. */
function sharpness(pixels: Pixels, share: number, { width, height }: Size): Pixels {
  const row = 3 * width;
  return blend(pixels, (i) => {
    const [x, y] = [Math.floor(i % row / 3), Math.floor(i / row)];
    if (x === 0 || y === 0 || x === width - 1 || y === height - 1) return pixels[i]!;
    let sum = 4 * pixels[i]!;
    for (let from = i - row; from <= i + row; from += row) sum += pixels[from - 3]! + pixels[from]! + pixels[from + 3]!;
    return Math.floor(sum / 13 + 0.5);
  }, share);
}

/** Keeps only the highest `bits` bits. */
function posterize(pixels: Pixels, bits: number): Pixels {
  const mask = 256 - (1 << (8 - bits));
  return pixels.map((value) => value & mask);
}

/** Maps each channel's values with a table computed from the channel's histogram. */
function perChannel(pixels: Pixels, tableOf: (counts: Uint32Array) => Uint8ClampedArray | undefined): Pixels {
  const out = pixels.slice();
  for (let channel = 0; channel < 3; channel++) {
    const counts = new Uint32Array(256);
    for (let at = channel; at < pixels.length; at += 3) counts[pixels[at]!]++;
    const table = tableOf(counts);
    if (!table) continue;
    for (let at = channel; at < pixels.length; at += 3) out[at] = table[pixels[at]!]!;
  }
  return out;
}

/** Table for autocontrast: the darkest value becomes 0, the lightest 255. */
function stretching(counts: Uint32Array): Uint8ClampedArray | undefined {
  const [low, high] = [counts.findIndex((count) => count > 0), counts.findLastIndex((count) => count > 0)];
  if (high <= low) return undefined;
  const scale = 255 / (high - low);
  return Uint8ClampedArray.from({ length: 256 }, (_, value) => Math.trunc(value * scale - low * scale));
}

/** Table for histogram equalisation. */
function equalizing(counts: Uint32Array): Uint8ClampedArray | undefined {
  const own = counts.filter((count) => count > 0);
  const step = Math.floor((own.reduce((sum, count) => sum + count, 0) - own.at(-1)!) / 255);
  if (own.length <= 1 || step === 0) return undefined;
  let before = step >> 1;
  return Uint8ClampedArray.from(counts, (count) => {
    const value = Math.floor(before / step);
    before += count;
    return value;
  });
}

/** Rounds like torch. */
function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  return value - floor === 0.5 ? floor + floor % 2 : Math.round(value);
}
