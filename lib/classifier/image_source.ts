/**
 * Images as people have them: paths, URLs, files, bytes, pixels or pictures of a page.
 *
 * @module
 */

import { decodeImage, type DecodeImageOptions, decodePicture, MAX_IMAGE_BYTES } from "../data/decode.ts";
import type { RgbImage } from "../data/image.ts";
import { type Drawable, isDrawable } from "../data/platform_decode.ts";
import { checkPixels } from "../data/preprocess.ts";
import { RanetError } from "../errors.ts";
import { hasFiles } from "../io/exists.ts";
import { readBoundedStream, readResource } from "../io/resource.ts";
import { kindOf } from "../text/kind.ts";

/**
 * An image: the path or URL (`https:`, `file:`, `data:`, `blob:`) of a file, as text or as a `URL`; a
 * file itself, as a `Blob` (an upload, say), as its bytes,
 * or as the `Response` that it comes in; pixels, such as an `ImageData`; or an `ImageBitmap`, in a browser also an
 * `<img>`, `<canvas>`, `<video>` or `VideoFrame`. In a browser, text is a URL.
 */
export type ImageSource =
  | string
  | URL
  | Blob
  | ArrayBuffer
  | Uint8Array
  | Uint8ClampedArray
  | DataView
  | Response
  | RgbImage
  | ImageData
  | Drawable;

/**
 * What an image is called in results and errors: its path, URL or file name; else, as of a `data:` URL, its place in
 * the list.
 *
 * @param index Counted from 0.
 */
export function sourceName(image: ImageSource, index: number): string {
  if (typeof image === "string" || image instanceof URL) {
    const text = String(image);
    return /^data:/i.test(text) ? `image ${index + 1}` : text;
  }
  if (image instanceof Response && image.url) return image.url;
  const name = image instanceof Blob && "name" in image ? String(image.name) : "";
  return name || `image ${index + 1}`;
}

/** An image that is safe from changes: bytes and pixels are copied, since they are read later, and may be used again. */
export function keepImage(image: ImageSource): ImageSource {
  if (image instanceof ArrayBuffer) return image.slice(0);
  if (isBytes(image)) return new Uint8Array(image.buffer, image.byteOffset, image.byteLength).slice();
  if (isPixels(image) && ArrayBuffer.isView(image.data)) {
    const { width, height, data } = image;
    return { width, height, data: data.slice() } as RgbImage;
  }
  return image;
}

/**
 * The pixels of an image.
 *
 * @throws {RanetError} If it is missing, cannot be decoded, or is no image at all.
 */
export async function readImage(image: ImageSource, options: DecodeImageOptions): Promise<RgbImage> {
  if (isPixels(image)) return bytePixels(image);
  if (isDrawable(image)) return await decodePicture(image, options.source);
  return await decodeImage(await bytesOf(image, options.source), options);
}

/** Views of a file's bytes; of other arrays, it is not known what their numbers are. */
function isBytes(image: unknown): image is Uint8Array | Uint8ClampedArray | DataView {
  return image instanceof Uint8Array || image instanceof Uint8ClampedArray || image instanceof DataView;
}

function isPixels(image: unknown): image is RgbImage | ImageData {
  return typeof image === "object" && image !== null && "width" in image && "height" in image && "data" in image;
}

/**
 * Pixels as bytes. A browser's `ImageData` may have samples from 0 to 1, in sixteen bits; of a plain array of such
 * numbers, nothing says so.
 */
function bytePixels(image: RgbImage | ImageData): RgbImage {
  const { width, height } = image;
  const data: unknown = image.data;
  const isHalf = "Float16Array" in globalThis && data instanceof Float16Array;
  const pixels = { width, height, data: isHalf ? Uint8ClampedArray.from(data, (value) => 255 * value) : data };
  checkPixels(pixels as RgbImage);
  return pixels as RgbImage;
}

async function bytesOf(image: ImageSource, source: string): Promise<Uint8Array> {
  if (image instanceof ArrayBuffer) return new Uint8Array(image);
  if (isBytes(image)) return new Uint8Array(image.buffer, image.byteOffset, image.byteLength);
  const tooLarge = `Cannot read image ${JSON.stringify(source)}: it has more than ${MAX_IMAGE_BYTES} bytes`;
  const bounds = { maxBytes: MAX_IMAGE_BYTES, tooLarge };
  if (image instanceof Blob) return await readBoundedStream(image.stream(), bounds);
  if (image instanceof Response) {
    const refuse = (reason: string): never => {
      throw new RanetError(`Cannot read image ${JSON.stringify(source)}: ${reason}`);
    };
    if (!image.ok) return refuse(`the server answered ${image.status} ${image.statusText}`.trimEnd());
    if (image.bodyUsed) return refuse("the response has been read already: give its bytes, or response.clone()");
    return await readBoundedStream(image.body ?? new Blob().stream(), bounds);
  }
  if (typeof image === "string" || image instanceof URL) {
    return await readResource(locate(image), { maxBytes: MAX_IMAGE_BYTES });
  }
  throw new RanetError(
    `Cannot read image ${JSON.stringify(source)}: expected a path, URL, Blob, Response, bytes, an ImageData or ` +
      `ImageBitmap, found ${kindOf(image)}`,
  );
}

/** A path, or a URL in full. */
function locate(image: string | URL): string | URL {
  if (image instanceof URL || hasFiles()) return image;
  return new URL(image, globalThis.location.href);
}
