/**
 * How a stored picture is turned to stand upright, by the eight values of EXIF and TIFF.
 *
 * @module
 */

import type { RgbImage } from "./image.ts";
import { isTiff, readDirectory } from "./tiff/directory.ts";

/** The tag of EXIF and TIFF. */
const ORIENTATION = 274;
/** What some writers put before EXIF. */
const PREFIX = "Exif\0\0";

/** The orientation that EXIF data say; `undefined` if they say none, or are damaged. */
export function exifOrientation(exif: Uint8Array): number | undefined {
  const prefixed = String.fromCharCode(...exif.subarray(0, PREFIX.length)) === PREFIX;
  const tiff = prefixed ? exif.subarray(PREFIX.length) : exif;
  if (!isTiff(tiff)) return undefined;
  try {
    return readDirectory(tiff).numbers(ORIENTATION)?.[0];
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Turned by a quarter, columns become rows. */
const FIRST_QUARTER = 5;

/** Columns and rows of the upright picture. */
export function uprightSize(
  [width, height]: readonly [number, number],
  orientation: number | undefined,
): readonly [width: number, height: number] {
  return orientation !== undefined && orientation >= FIRST_QUARTER && orientation <= 8
    ? [height, width]
    : [width, height];
}

/** Where the upright picture's pixel in the first row and column is stored, and those to its right and below. */
interface Walk {
  /** Counted in pixels. */
  readonly start: number;
  readonly right: number;
  readonly down: number;
}

/** The walk through a stored picture of so many columns and rows. */
function walk(orientation: number, width: number, height: number): Walk | undefined {
  const [last, bottom] = [width - 1, (height - 1) * width];
  switch (orientation) {
    case 2:
      return { start: last, right: -1, down: width };
    case 3:
      return { start: last + bottom, right: -1, down: -width };
    case 4:
      return { start: bottom, right: 1, down: -width };
    case 5:
      return { start: 0, right: width, down: 1 };
    case 6:
      return { start: bottom, right: -width, down: 1 };
    case 7:
      return { start: last + bottom, right: -width, down: -1 };
    case 8:
      return { start: last, right: width, down: -1 };
    default:
      return undefined; // upright, or a value that means nothing
  }
}

/** A rectangle of a stored picture, given by its size and its centre's distance from the picture's. */
export interface Crop {
  /** Columns. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** Columns that its centre lies to the right. */
  readonly right: number;
  /** Rows that it lies further down. */
  readonly down: number;
}

/** Cuts a picture; one that does not have such a rectangle is left whole. */
export function cropped(image: RgbImage, crop: Crop | undefined): RgbImage {
  if (!crop) return image;
  const [width, height] = [Math.floor(crop.width), Math.floor(crop.height)];
  const left = Math.round(crop.right + (image.width - crop.width) / 2);
  const top = Math.round(crop.down + (image.height - crop.height) / 2);
  const fits = width > 0 && height > 0 && left >= 0 && top >= 0 && left + width <= image.width &&
    top + height <= image.height;
  if (!fits) return image;
  const data = new Uint8ClampedArray(4 * width * height);
  for (let y = 0; y < height; y++) {
    const from = 4 * ((top + y) * image.width + left);
    data.set(image.data.subarray(from, from + 4 * width), 4 * y * width);
  }
  return { width, height, data };
}

/**
 * Turns a picture upright.
 *
 * @param image The picture as stored.
 * @param orientation From 1 to 8; any other value turns nothing.
 */
export function upright(image: RgbImage, orientation: number | undefined): RgbImage {
  const steps = walk(orientation ?? 1, image.width, image.height);
  if (!steps) return image;
  const [width, height] = uprightSize([image.width, image.height], orientation);
  const data = new Uint8ClampedArray(4 * width * height);
  // A pixel is four bytes; a copy where they do not begin at a multiple of four.
  const { data: bytes } = image.data.byteOffset % 4 === 0 ? image : { data: image.data.slice() };
  const from = new Uint32Array(bytes.buffer, bytes.byteOffset, image.width * image.height);
  const to = new Uint32Array(data.buffer);
  for (let y = 0, out = 0; y < height; y++) {
    let at = steps.start + y * steps.down;
    for (let x = 0; x < width; x++, out++, at += steps.right) to[out] = from[at]!;
  }
  return { width, height, data };
}
