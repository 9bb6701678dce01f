/**
 * Image files that the browser, or Deno, can decode itself.
 *
 * @module
 */

/**
 * Makes a PNG of an image file, its pixels as they are.
 *
 * @returns `undefined` if the platform cannot decode it.
 */
export async function toPng(bytes: Uint8Array): Promise<Uint8Array | undefined> {
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(new Blob([new Uint8Array(bytes)]), { premultiplyAlpha: "none" });
  } catch {
    return undefined;
  }
  // Deno's canvas draws nothing, but hands on what it is given.
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  canvas.getContext("bitmaprenderer")!.transferFromImageBitmap(bitmap);
  return await (await canvas.convertToBlob({ type: "image/png" })).bytes();
}
