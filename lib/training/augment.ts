/**
 * Augments images as the recipe specifies, with random numbers that depend only on seed, epoch and image. The
 * distributions are those of torchvision's RandomCrop, RandomResizedCrop, RandomHorizontalFlip and RandomErasing.
 *
 * @module
 */

import type { RgbImage } from "../data/image.ts";
import { type Box, resizeBox } from "../data/preprocess.ts";
import type { Size } from "../network/size.ts";
import { below, PURPOSE, randomStream } from "./random.ts";
import type { Augmentation } from "./recipe.ts";

/** Identifies one variation of an image. */
export interface Variation {
  /** The recipe's seed. */
  readonly seed: number;
  /** The epoch, from 0. */
  readonly epoch: number;
  /** The image's index in the data set. */
  readonly index: number;
}

/** Smallest and largest aspect ratio of a resized crop, width over height, as shares of the input's. */
const RATIOS = [3 / 4, 4 / 3] as const;
/** Maximum number of attempts to draw a resized crop that fits. */
const ATTEMPTS = 10;

/** The random numbers of an image's variation. */
export function variationStream({ seed, epoch, index }: Variation): () => number {
  return randomStream(seed, PURPOSE.augment, epoch, index);
}

/**
 * Shifts and mirrors an image.
 *
 * @param pixels Red, green and blue, pixel by pixel: height × width × 3.
 * @param size Its height and width.
 * @param augment `crop`: width of the black border around it.
 * @param random Generates numbers in [0, 1).
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
 * Shifts and mirrors planes of any numbers, padded with zeros.
 *
 * @param planes Channels × height × width.
 */
export function cropPlanes(
  planes: Float32Array,
  { height, width }: Size,
  { crop = 0, flip }: Augmentation,
  random: () => number,
): Float32Array {
  const left = below(2 * crop + 1, random) - crop;
  const top = below(2 * crop + 1, random) - crop;
  const isMirrored = flip && random() < 0.5;
  return planes.map((_, i) => {
    const column = i % width;
    const x = (isMirrored ? width - 1 - column : column) + left;
    const y = Math.floor(i / width) % height + top;
    const inside = x >= 0 && y >= 0 && x < width && y < height;
    return inside ? planes[i - i % (height * width) + y * width + x]! : 0;
  });
}

/**
 * Cuts a random part out of an image, scales it, and mirrors it at random.
 *
 * @param image The original.
 * @param size Height and width of the result.
 * @param augment `resizedCrop`: smallest and largest share of the original's area.
 * @param random Generates numbers in [0, 1).
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
 * Draws a random box in an image with a share of its area and an aspect ratio (width over height) from 3/4 to 4/3 of
 * the input's.
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

/**
 * Smallest and largest share of an image's area that is erased, and smallest and largest ratio of the box's height to
 * its width.
 */
const ERASED = { area: [0.02, 0.33], ratio: [0.3, 3.3] } as const;

/**
 * Fills a random box with zeros, which is the data set's mean colour (Zhong et al., "Random Erasing Data Augmentation",
 * AAAI 2020), in place.
 *
 * @param planes A normalised image, `channels × height × width`.
 * @param sides Height and width of the image.
 * @param random Generates numbers in [0, 1).
 */
export function eraseBox(planes: Float32Array, { width, height }: Size, random: () => number): void {
  const between = ([low, high]: readonly [low: number, high: number]) => low + (high - low) * random();
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const area = width * height * between(ERASED.area);
    const ratio = Math.exp(between([Math.log(ERASED.ratio[0]), Math.log(ERASED.ratio[1])]));
    const [rows, columns] = [Math.round(Math.sqrt(area * ratio)), Math.round(Math.sqrt(area / ratio))];
    if (rows >= height || columns >= width) continue;
    const [top, left] = [below(height - rows + 1, random), below(width - columns + 1, random)];
    for (let plane = 0; plane < planes.length; plane += width * height) {
      for (let y = top; y < top + rows; y++) {
        const row = plane + y * width + left;
        planes.fill(0, row, row + columns);
      }
    }
    return;
  }
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
