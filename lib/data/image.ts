/**
 * A decoded image, the one form that every decoder and data set gives and that preprocessing takes.
 *
 * @module
 */

/** Pixels of an image. An `ImageData`, as browsers have it, is one. */
export interface RgbImage {
  /** Pixels in a row. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** Red, green, blue and a fourth byte that is ignored, pixel by pixel, row by row: `4 * width * height` bytes. */
  readonly data: Uint8Array | Uint8ClampedArray;
  /** Columns and rows of the picture, where the last ones stand for a part of one: whole numbers and quarters. */
  readonly extent?: readonly [width: number, height: number];
}
