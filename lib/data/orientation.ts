/**
 * Applies one of the eight orientations of EXIF and TIFF to a stored picture.
 *
 * @module
 */

import type { RgbImage } from "./image.ts";
import { isTiff, readDirectory } from "./tiff/directory.ts";

/** Tag of the orientation in EXIF and TIFF. */
const ORIENTATION = 274;
/** Prefix that some programs write before EXIF data. */
const PREFIX = "Exif\0\0";

/** The orientation in EXIF data; `undefined` if they have none or are damaged. */
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

/** First orientation that is rotated by 90 degrees, so that columns become rows. */
const FIRST_QUARTER = 5;

/** Width and height of the upright picture. */
export function uprightSize(
  [width, height]: readonly [number, number],
  orientation: number | undefined,
): readonly [width: number, height: number] {
  return orientation !== undefined && orientation >= FIRST_QUARTER && orientation <= 8
    ? [height, width]
    : [width, height];
}

/** Where the first pixel of the upright picture is stored, and the steps to the pixels to its right and below it. */
interface Walk {
  /** Index of the first pixel. */
  readonly start: number;
  readonly right: number;
  readonly down: number;
}

/** The walk through a stored picture of this width and height. */
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
      return undefined; // upright, or an undefined value
  }
}

/** A rectangle of a stored picture, given by its size and the distance of its centre from the picture's centre. */
export interface Crop {
  /** Columns. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** Distance of the centres to the right, in pixels. */
  readonly right: number;
  /** Distance of the centres downwards, in pixels. */
  readonly down: number;
}

/** Crops a picture. If the rectangle is not inside the picture, the picture is returned uncropped. */
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
 * Applies an orientation to a picture.
 *
 * @param image The picture as stored.
 * @param orientation From 1 to 8. Any other value changes nothing.
 */
export function upright(image: RgbImage, orientation: number | undefined): RgbImage {
  const steps = walk(orientation ?? 1, image.width, image.height);
  if (!steps) return image;
  const [width, height] = uprightSize([image.width, image.height], orientation);
  const data = new Uint8ClampedArray(4 * width * height);
  // Pixels are read as four bytes at once, which requires an aligned buffer: otherwise a copy.
  const { data: bytes } = image.data.byteOffset % 4 === 0 ? image : { data: image.data.slice() };
  const from = new Uint32Array(bytes.buffer, bytes.byteOffset, image.width * image.height);
  const to = new Uint32Array(data.buffer);
  for (let y = 0, out = 0; y < height; y++) {
    let at = steps.start + y * steps.down;
    for (let x = 0; x < width; x++, out++, at += steps.right) to[out] = from[at]!;
  }
  return { width, height, data };
}
