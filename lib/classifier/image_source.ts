/**
 * Sources of images: paths, URLs, files, bytes, pixels, or elements of a page.
 *
 * @module
 */

import { decodeImage, type DecodeImageOptions, decodePicture, MAX_IMAGE_BYTES } from "../data/decode.ts";
import type { RgbImage } from "../data/image.ts";
import { type Drawable, isDrawable } from "../data/platform_decode.ts";
import { checkPixels, toTensor } from "../data/preprocess.ts";
import { readTensor } from "../data/read_tensor.ts";
import { RanetError } from "../errors.ts";
import type { InputSpec } from "../network/common.ts";
import { hasFiles } from "../io/exists.ts";
import { readBoundedStream, readResource } from "../io/resource.ts";
import { kindOf } from "../text/kind.ts";

/**
 * An image: the path or URL (`https:`, `file:`, `data:`, `blob:`) of a file, as text or as a `URL`; a
 * file itself, as a `Blob` (for example an upload), as its bytes,
 * or as a `Response`; pixels, such as an `ImageData`; or an `ImageBitmap`, in a browser also an
 * `<img>`, `<canvas>`, `<video>` or `VideoFrame`. In a browser, a string is a URL. For networks with a number of
 * channels other than 1 and 3, the file is an array: `.npy`, or TIFF bands.
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
 * The name of an image in results and errors: its path, URL or file name; otherwise, for example for a `data:` URL, its
 * position in the list.
 *
 * @param index Position in the list, from 0.
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

/** Copies bytes and pixels, because they are read later and the caller may reuse them. */
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
 * Reads the pixels of an image.
 *
 * @throws {RanetError} If it is missing, cannot be decoded, or is not an image.
 */
export async function readImage(image: ImageSource, options: DecodeImageOptions): Promise<RgbImage> {
  if (isPixels(image)) return bytePixels(image);
  if (isDrawable(image)) return await decodePicture(image, options.source);
  return await decodeImage(await bytesOf(image, options.source), options);
}

/**
 * Reads an image, or a file of an array, as the tensor that a network takes.
 *
 * @throws {RanetError} If it is missing, cannot be decoded, or does not fit the network.
 */
export async function readImageTensor(
  image: ImageSource,
  { source, input }: { readonly source: string; readonly input: InputSpec },
): Promise<Float32Array> {
  if (isPixels(image) || isDrawable(image)) return toTensor(await readImage(image, { source }), input);
  return await readTensor(await bytesOf(image, source), { source, input });
}

/** Whether a value is a view of a file's bytes. The meaning of other arrays is unknown. */
function isBytes(image: unknown): image is Uint8Array | Uint8ClampedArray | DataView {
  return image instanceof Uint8Array || image instanceof Uint8ClampedArray || image instanceof DataView;
}

function isPixels(image: unknown): image is RgbImage | ImageData {
  return typeof image === "object" && image !== null && "width" in image && "height" in image && "data" in image;
}

/**
 * Converts pixels to bytes. A browser's `ImageData` may have 16-bit float samples from 0 to 1; the range of other
 * arrays of floats is unknown.
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
    if (image.bodyUsed) return refuse("the response has already been read: use its bytes, or response.clone()");
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

/** A path, or an absolute URL. */
function locate(image: string | URL): string | URL {
  if (image instanceof URL || hasFiles()) return image;
  return new URL(image, globalThis.location.href);
}
