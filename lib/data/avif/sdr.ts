/**
 * Converts HDR pictures (PQ and HLG of BT.2100) to sRGB. White is 203 cd/m², as BT.2408 recommends; brighter pixels
 * become white, and colours outside sRGB are clipped.
 *
 * @module
 */

import type { RgbImage } from "../image.ts";
import type { HdrColour } from "./header.ts";

/** A decoded picture with samples of 16 bits. */
export interface DeepImage {
  /** Pixels in a row. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** Red, green, blue and transparency of each pixel. */
  readonly data: Uint16Array;
}

/** Luminance of reference white in cd/m². */
const WHITE = 203;
/** Number of values of a sample. */
const LEVELS = 65_536;

/** Linear light of each PQ value (SMPTE ST 2084); white is 1. */
function pq(): Float32Array {
  const [m1, m2, c1, c2, c3] = [2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128];
  return Float32Array.from({ length: LEVELS }, (_, value) => {
    const power = (value / (LEVELS - 1)) ** (1 / m2);
    return 10_000 / WHITE * (Math.max(power - c1, 0) / (c2 - c3 * power)) ** (1 / m1);
  });
}

/** Linear light of the scene for each HLG value (ARIB STD-B67), from 0 to 1. */
function hlg(): Float32Array {
  const a = 0.17883277;
  const [b, c] = [1 - 4 * a, 0.5 - a * Math.log(4 * a)];
  return Float32Array.from({ length: LEVELS }, (_, level) => {
    const value = level / (LEVELS - 1);
    return value <= 0.5 ? value ** 2 / 3 : (Math.exp((value - c) / a) + b) / 12;
  });
}

/** HLG's system gamma for a display of 1000 cd/m². */
const SCREEN = { light: 1000, gamma: 1.2 };
/** Weights of red, green and blue in BT.2020 luminance. */
const LUMINANCE = [0.2627, 0.678, 0.0593] as const;

/**
 * Matrices from linear light to that of sRGB primaries, by the primaries' number in ITU-T H.273. Other primaries are
 * not converted.
 */
const MATRICES: ReadonlyMap<number, readonly (readonly [number, number, number])[]> = new Map([
  [9, [[1.660491, -0.587641, -0.07285], [-0.12455, 1.1329, -0.008349], [-0.018151, -0.100579, 1.11873]]],
  [12, [[1.22494, -0.22494, 0], [-0.042057, 1.042057, 0], [-0.019638, -0.078636, 1.098274]]],
]);

/** sRGB byte for each level of linear light from 0 to 1. */
function encoding(): Uint8ClampedArray {
  return Uint8ClampedArray.from({ length: LEVELS }, (_, level) => {
    const light = level / (LEVELS - 1);
    return 255 * (light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055);
  });
}

/** Converts a picture to sRGB. */
export function toSdr({ width, height, data }: DeepImage, { transfer, primaries }: HdrColour): RgbImage {
  const curve = transfer === "PQ" ? pq() : hlg();
  const bytes = encoding();
  const matrix = MATRICES.get(primaries);
  const pixels = new Uint8ClampedArray(4 * width * height);
  for (let i = 0; i < pixels.length; i += 4) {
    let [red, green, blue] = [curve[data[i]!]!, curve[data[i + 1]!]!, curve[data[i + 2]!]!];
    if (transfer === "HLG") {
      const luminance = LUMINANCE[0] * red + LUMINANCE[1] * green + LUMINANCE[2] * blue;
      const gain = SCREEN.light / WHITE * luminance ** (SCREEN.gamma - 1);
      [red, green, blue] = [gain * red, gain * green, gain * blue];
    }
    for (let c = 0; c < 3; c++) {
      const row = matrix?.[c];
      const light = row ? row[0] * red + row[1] * green + row[2] * blue : [red, green, blue][c]!;
      pixels[i + c] = bytes[Math.round(Math.min(1, Math.max(0, light)) * (LEVELS - 1))]!;
    }
    pixels[i + 3] = 255;
  }
  return { width, height, data: pixels };
}
