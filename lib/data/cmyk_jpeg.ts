/**
 * JPEGs of four colours to pixels, as Pillow converts them: by the plain formula, without their profile.
 *
 * @module
 */

import type { RgbImage } from "./image.ts";
import { decodeTurbo } from "./turbo_jpeg.ts";

/**
 * Decodes a file, not turned. The four colours are taken to be stored as 255 minus their ink, as Adobe's programs store
 * them and all others read them.
 *
 * @throws {Error} If it is damaged, or ends too early.
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
 * Decodes a file of four samples a pixel to these, whatever they mean.
 *
 * @returns Pixel by pixel, until the next file is decoded.
 * @throws {Error} If it is damaged, or ends too early.
 */
export async function decodeFourSamples(
  bytes: Uint8Array,
  size: readonly [number, number],
): Promise<Uint8ClampedArray> {
  const decoded = await decodeTurbo(bytes, { size, format: "CMYK" });
  if (!decoded) throw new Error("the decoder gives up");
  if (decoded.warned && !hasEnd(bytes)) throw new Error("it ends too early");
  return decoded.pixels;
}

/** Whether the marker of the end is in a file: the only warning to which a picture is lost. */
function hasEnd(bytes: Uint8Array): boolean {
  for (let at = bytes.lastIndexOf(0xd9); at > 0; at = bytes.lastIndexOf(0xd9, at - 1)) {
    if (bytes[at - 1] === 0xff) return true;
  }
  return false;
}
