/**
 * Image files that the browser, or Deno, can decode itself.
 *
 * @module
 */

import type { RgbImage } from "./image.ts";

/** Whether this is a browser, or Deno, whose canvas draws nothing. */
export const inBrowser: boolean = !("Deno" in globalThis);

/**
 * Decodes an image file, or takes what a browser has decoded already. Profiles are not applied; the browser turns files
 * upright.
 *
 * @returns `undefined` if the platform cannot decode it.
 */
export async function decodeByPlatform(image: Blob | ImageBitmapSource): Promise<Decoded | undefined> {
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(image as Blob, { premultiplyAlpha: "none", colorSpaceConversion: "none" });
  } catch {
    return undefined;
  }
  if (inBrowser) return { kind: "pixels", image: draw(bitmap) };
  // Deno's canvas hands on what it is given.
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  canvas.getContext("bitmaprenderer")!.transferFromImageBitmap(bitmap);
  return { kind: "PNG", bytes: await (await canvas.convertToBlob({ type: "image/png" })).bytes() };
}

/** Pixels, or a PNG of them. */
export type Decoded =
  | { readonly kind: "pixels"; readonly image: RgbImage }
  | { readonly kind: "PNG"; readonly bytes: Uint8Array };

/** A browser's canvas multiplies colours by their transparency: what is fully transparent becomes black. */
function draw(bitmap: ImageBitmap): RgbImage {
  const { width, height } = bitmap;
  const canvas = new OffscreenCanvas(width, height) as unknown as Drawable; // Deno's type knows no drawing
  const context = canvas.getContext("2d", { colorSpace: "srgb" });
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const { data } = context.getImageData(0, 0, width, height);
  return { width, height, data };
}

/** As browsers have it. */
interface Drawable {
  getContext(kind: "2d", options: { readonly colorSpace: "srgb" }): {
    drawImage(image: ImageBitmap, x: number, y: number): void;
    getImageData(x: number, y: number, width: number, height: number): { readonly data: Uint8ClampedArray };
  };
}
