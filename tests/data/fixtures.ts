/**
 * Small images in tests/fixtures/images. `NAME.png` has Pillow's pixels of the image NAME; `resized-R-crop-S.png` is
 * photo.png as resized by Pillow and torchvision.
 *
 * @module
 */
import { decodeImage } from "../../lib/data/decode.ts";
import type { RgbImage } from "../../lib/data/image.ts";

/** Folder of the images. */
export const IMAGES: URL = new URL("../fixtures/images/", import.meta.url);

/** The bytes of an image. */
export function fixture(name: string): Promise<Uint8Array<ArrayBuffer>> {
  return Deno.readFile(new URL(name, IMAGES));
}

/** An image, decoded. */
export async function image(name: string): Promise<RgbImage> {
  return await decodeImage(await fixture(name), { source: name });
}

/** Red, green and blue of every pixel, without the fourth bytes. */
export function rgb({ data }: RgbImage): number[] {
  return Array.from(data).filter((_, i) => i % 4 !== 3);
}
