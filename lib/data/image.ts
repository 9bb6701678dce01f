/**
 * A decoded image: the common result of decoders and data sets, and the input of preprocessing.
 *
 * @module
 */

/** Pixels of an image. A browser's `ImageData` has this type. */
export interface RgbImage {
  /** Pixels in a row. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** Red, green, blue and a fourth byte that is ignored, pixel by pixel, row by row: `4 * width * height` bytes. */
  readonly data: Uint8Array | Uint8ClampedArray;
  /** Width and height of the picture if the last column or row covers only a part of a pixel: multiples of 1/4. */
  readonly extent?: readonly [width: number, height: number];
}
