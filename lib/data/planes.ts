/**
 * Images as planes of red, green and blue, column by column, as MATLAB stores them.
 *
 * @module
 */

import type { RgbImage } from "./image.ts";

/**
 * Turns a square image upright.
 *
 * @param planes The three planes.
 * @param side Its height and width.
 */
export function fromPlanes(planes: Uint8Array, side: number): RgbImage {
  const data = new Uint8Array(4 * side * side).fill(255);
  for (let channel = 0; channel < 3; channel++) {
    for (let x = 0; x < side; x++) {
      for (let y = 0; y < side; y++) data[4 * (y * side + x) + channel] = planes[(channel * side + x) * side + y]!;
    }
  }
  return { width: side, height: side, data };
}
