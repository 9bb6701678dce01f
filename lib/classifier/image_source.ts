/**
 * Images as people have them: paths, URLs, files, bytes or pixels.
 *
 * @module
 */

import { decodeImage, MAX_IMAGE_BYTES } from "../data/decode.ts";
import type { RgbImage } from "../data/image.ts";
import { readImageHeader } from "../data/image_header.ts";
import { toPng } from "../data/platform_decode.ts";
import { readBoundedStream, readResource } from "../io/resource.ts";

/**
 * An image: the path or URL (`https:`, `file:`, `data:`, `blob:`) of a file, as text or as a `URL`; a file itself, as a `Blob` (an upload, say) or as its
 * bytes; or pixels, such as an `ImageData`. In a browser, text is a URL.
 */
export type ImageSource = string | URL | Blob | ArrayBuffer | Uint8Array | RgbImage;

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
  const name = image instanceof Blob && "name" in image ? String(image.name) : "";
  return name || `image ${index + 1}`;
}

/**
 * The pixels of an image.
 *
 * @throws {RanetError} If it is missing, or cannot be decoded.
 */
export async function readImage(image: ImageSource, options: { readonly source: string }): Promise<RgbImage> {
  if (typeof image === "object" && "width" in image) return image;
  const bytes = await bytesOf(image, options.source);
  return await decodeImage("Deno" in globalThis ? bytes : await decodable(bytes), options);
}

/** Formats that a browser leaves to our decoders, so that the pixels are those that Deno sees. */
const DECODED_ALIKE: ReadonlySet<string | undefined> = new Set(["JPEG", "PNG", "WebP"]);

/** The bytes, or a PNG of them where the browser decodes them better or alone. */
async function decodable(bytes: Uint8Array): Promise<Uint8Array> {
  return DECODED_ALIKE.has(readImageHeader(bytes)?.format) ? bytes : await toPng(bytes) ?? bytes;
}

async function bytesOf(image: Exclude<ImageSource, RgbImage>, source: string): Promise<Uint8Array> {
  if (image instanceof Uint8Array) return image;
  if (image instanceof ArrayBuffer) return new Uint8Array(image);
  if (image instanceof Blob) {
    const tooLarge = `Cannot read image ${JSON.stringify(source)}: it has more than ${MAX_IMAGE_BYTES} bytes`;
    return await readBoundedStream(image.stream(), { maxBytes: MAX_IMAGE_BYTES, tooLarge });
  }
  return await readResource(locate(image), { maxBytes: MAX_IMAGE_BYTES });
}

/** A path, or a URL in full. */
function locate(image: string | URL): string | URL {
  if (image instanceof URL || "Deno" in globalThis) return image;
  return new URL(image, globalThis.location.href);
}
