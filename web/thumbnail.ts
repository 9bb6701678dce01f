/**
 * Creates thumbnails in a worker.
 *
 * @module
 */

/// <reference lib="dom" />

import type { RgbImage } from "./library.ts";

/**
 * Creates a thumbnail.
 *
 * @param options `side`: length of the longer side in pixels; smaller images are not scaled. `type`: media type of the
 * file. Default: PNG.
 */
export async function thumbnail(
  { data, width, height }: RgbImage,
  { side, type }: { readonly side: number; readonly type?: string },
): Promise<Blob> {
  const scale = Math.min(1, side / Math.max(width, height));
  const [resizeWidth, resizeHeight] = [width, height].map((side) => Math.max(1, Math.round(side * scale)));
  const pixels = new Uint8ClampedArray(data);
  for (let i = 3; i < pixels.length; i += 4) pixels[i] = 255; // transparency is ignored, as by the network
  const bitmap = await createImageBitmap(new ImageData(pixels, width, height), {
    resizeWidth,
    resizeHeight,
    resizeQuality: "high",
  });
  const canvas = new OffscreenCanvas(resizeWidth, resizeHeight);
  canvas.getContext("2d")!.drawImage(bitmap, 0, 0);
  bitmap.close();
  return await canvas.convertToBlob({ type });
}
