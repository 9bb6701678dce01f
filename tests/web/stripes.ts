/**
 * Images of two classes that a network learns quickly: horizontal and vertical stripes.
 *
 * @module
 */

import { bmp } from "../data/bmp.ts";

const SIDE = 32;

/** A number of different images of each class, as BMP files. */
export function stripes(count: number): Record<string, Blob[]> {
  const draw = (isLevel: boolean, at: number): Blob => {
    const data = new Uint8Array(4 * SIDE * SIDE);
    for (let y = 0; y < SIDE; y++) {
      for (let x = 0; x < SIDE; x++) {
        const isDark = Math.floor(((isLevel ? y : x) + at) / (3 + at % 3)) % 2 === 0;
        data.set(isDark ? [10 * (at % 20), 40, 60, 255] : [230, 255 - 5 * (at % 40), 200, 255], 4 * (y * SIDE + x));
      }
    }
    return new Blob([new Uint8Array(bmp({ width: SIDE, height: SIDE, data }))], { type: "image/bmp" });
  };
  const all = (isLevel: boolean) => Array.from({ length: count }, (_, at) => draw(isLevel, at));
  return { level: all(true), upright: all(false) };
}
