/**
 * Varying images: what the recipe asks for, by numbers that follow from seed, epoch and image. The distributions are
 * those of torchvision's RandomCrop, RandomResizedCrop and RandomHorizontalFlip.
 *
 * @module
 */

import type { RgbImage } from "../data/image.ts";
import { type Box, resizeBox } from "../data/preprocess.ts";
import type { Size } from "../network/size.ts";
import { below, PURPOSE, randomStream } from "./random.ts";
import type { Augmentation } from "./recipe.ts";

/** Which of all its variations an image is to have. */
export interface Variation {
  /** The recipe's seed. */
  readonly seed: number;
  /** The epoch, from 0. */
  readonly epoch: number;
  /** The image's index in the data set. */
  readonly index: number;
}

/** Narrowest and widest of a resized crop, width over height, as shares of the input's. */
const RATIOS = [3 / 4, 4 / 3] as const;
/** How often a resized crop that does not fit is drawn again. */
const ATTEMPTS = 10;

/** The random numbers that an image's variation is made of. */
export function variationStream({ seed, epoch, index }: Variation): () => number {
  return randomStream(seed, PURPOSE.augment, epoch, index);
}

/**
 * Shifts and mirrors an image.
 *
 * @param pixels Red, green and blue, pixel by pixel: height × width × 3.
 * @param size Of the image.
 * @param augment `crop`: how many black pixels there are around it.
 * @param random Where numbers come from.
 * @returns The same number of pixels.
 */
export function cropPixels(
  pixels: Uint8ClampedArray,
  { height, width }: Size,
  { crop = 0, flip }: Augmentation,
  random: () => number,
): Uint8ClampedArray {
  const left = below(2 * crop + 1, random) - crop;
  const top = below(2 * crop + 1, random) - crop;
  const out = new Uint8ClampedArray(pixels.length);
  const columns = width - Math.abs(left);
  for (let y = Math.max(0, -top); y < Math.min(height, height - top); y++) {
    const from = 3 * ((y + top) * width + Math.max(0, left));
    if (columns > 0) out.set(pixels.subarray(from, from + 3 * columns), 3 * (y * width + Math.max(0, -left)));
  }
  if (flip && random() < 0.5) mirror(out, { height, width });
  return out;
}

/**
 * Cuts a random part out of an image, scales it to a size, and mirrors it or not.
 *
 * @param image The original.
 * @param size The size.
 * @param augment `resizedCrop`: how much of the original's area.
 * @param random Where numbers come from.
 * @returns Red, green and blue, pixel by pixel.
 */
export function resizedCropPixels(
  image: RgbImage,
  size: Size,
  { resizedCrop = [1, 1], flip }: Augmentation,
  random: () => number,
): Uint8ClampedArray {
  const out = resizeBox(image, randomBox(image, resizedCrop, { random, aspect: size.width / size.height }), size);
  if (flip && random() < 0.5) mirror(out, size);
  return out;
}

/**
 * A part of an image: of so much of its area, and of an aspect ratio, width over height, up to 4/3 times as wide or as high.
 *
 * @param options `aspect`: the input's, 1 for a square.
 */
export function randomBox(
  { width, height }: Pick<RgbImage, "width" | "height">,
  [least, most]: readonly [least: number, most: number],
  { random, aspect }: { readonly random: () => number; readonly aspect: number },
): Box {
  const between = (low: number, high: number) => low + (high - low) * random();
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const area = width * height * between(least, most);
    const ratio = aspect * Math.exp(between(Math.log(RATIOS[0]), Math.log(RATIOS[1])));
    const box = { width: Math.round(Math.sqrt(area * ratio)), height: Math.round(Math.sqrt(area / ratio)) };
    if (box.width < 1 || box.height < 1 || box.width > width || box.height > height) continue;
    return { ...box, left: below(width - box.width + 1, random), top: below(height - box.height + 1, random) };
  }
  const box = {
    width: Math.min(width, Math.max(1, Math.round(height * aspect * RATIOS[1]))),
    height: Math.min(height, Math.max(1, Math.round(width / (aspect * RATIOS[0])))),
  };
  return { ...box, left: (width - box.width) >> 1, top: (height - box.height) >> 1 };
}

/** Mirrors rows of pixels in place. */
function mirror(pixels: Uint8ClampedArray, { height, width }: Size): void {
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width >> 1; x++) {
      const [a, b] = [3 * (y * width + x), 3 * (y * width + width - 1 - x)];
      for (let c = 0; c < 3; c++) [pixels[a + c], pixels[b + c]] = [pixels[b + c], pixels[a + c]];
    }
  }
}
