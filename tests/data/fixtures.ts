/**
 * The small images under tests/fixtures/images. `NAME.png` beside an image NAME holds Pillow's pixels of it, and
 * `resized-R-crop-S.png` Pillow's and torchvision's version of photo.png.
 *
 * @module
 */
import { decodeImage } from "../../lib/data/decode.ts";
import type { RgbImage } from "../../lib/data/image.ts";

/** Where the images are. */
export const IMAGES: URL = new URL("../fixtures/images/", import.meta.url);

/** The bytes of one of them. */
export function fixture(name: string): Promise<Uint8Array<ArrayBuffer>> {
  return Deno.readFile(new URL(name, IMAGES));
}

/** One of them, decoded. */
export async function image(name: string): Promise<RgbImage> {
  return await decodeImage(await fixture(name), { source: name });
}

/** Red, green and blue of every pixel: all but the fourth bytes. */
export function rgb({ data }: RgbImage): number[] {
  return Array.from(data).filter((_, i) => i % 4 !== 3);
}
