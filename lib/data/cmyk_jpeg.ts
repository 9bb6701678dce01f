/**
 * Decodes CMYK JPEGs as Pillow does: by the plain formula, without their colour profile.
 *
 * @module
 */

import type { RgbImage } from "./image.ts";
import { decodeTurbo } from "./turbo_jpeg.ts";

/**
 * Decodes a file without applying its orientation. The four samples are assumed to be stored as 255 minus the ink, as
 * Adobe's programs write them and all others read them.
 *
 * @throws {Error} If the file is damaged or ends too early.
 */
export async function decodeCmykJpeg(bytes: Uint8Array, size: readonly [number, number]): Promise<RgbImage> {
  const pixels = await decodeFourSamples(bytes, size);
  const data = new Uint8ClampedArray(pixels.length);
  for (let i = 0; i < data.length; i += 4) {
    const light = pixels[i + 3]!;
    for (let c = 0; c < 3; c++) {
      const product = (255 - pixels[i + c]!) * light + 128;
      data[i + c] = light - ((product >> 8) + product >> 8);
    }
    data[i + 3] = 255;
  }
  return { width: size[0], height: size[1], data };
}

/**
 * Decodes a file with four samples per pixel to these samples, whatever they mean.
 *
 * @returns The samples, pixel by pixel. They are valid until the next file is decoded.
 * @throws {Error} If the file is damaged or ends too early.
 */
export async function decodeFourSamples(
  bytes: Uint8Array,
  size: readonly [number, number],
): Promise<Uint8ClampedArray> {
  const decoded = await decodeTurbo(bytes, { size, format: "CMYK" });
  if (!decoded) throw new Error("the decoder failed");
  if (decoded.warned && !hasEnd(bytes)) throw new Error("it ends too early");
  return decoded.pixels;
}

/**
 * Whether a file contains the end marker. Only the warning that it is missing means that a part of the picture is lost.
 */
function hasEnd(bytes: Uint8Array): boolean {
  for (let at = bytes.lastIndexOf(0xd9); at > 0; at = bytes.lastIndexOf(0xd9, at - 1)) {
    if (bytes[at - 1] === 0xff) return true;
  }
  return false;
}
