/**
 * Image files to pixels.
 *
 * @module
 */
import { RanetError } from "../errors.ts";
import { CODECS, DecodeError } from "./codecs.ts";
import type { RgbImage } from "./image.ts";
import { countScans, type ImageHeader, readImageHeader } from "./image_header.ts";
import { unpacksTooFar } from "./png.ts";

/** Larger files are refused. */
export const MAX_IMAGE_BYTES = 100_000_000;
/** Images of more pixels are refused. */
const MAX_PIXELS = 100_000_000;
/** Images of more pixels in a row or column are refused. */
const MAX_SIDE = 30_000;
/** How to make a supported file of others: well-known tools, in words to copy. */
const CONVERTERS: ReadonlyMap<string, string> = new Map([
  ["HEIC", "heif-convert photo.heic photo.jpg; on a Mac, sips -s format jpeg photo.heic --out photo.jpg"],
  ["JPEG XL", "djxl photo.jxl photo.png"],
  ["SVG", "rsvg-convert drawing.svg > drawing.png"],
]);
/** JPEGs of more scans are refused; progressive ones have about ten. */
const MAX_SCANS = 64;

/**
 * Decodes a JPEG, PNG, WebP, AVIF, GIF (its first frame), BMP or TIFF file. A JPEG's EXIF orientation is applied, so that photos stand upright; grey becomes
 * RGB; 16-bit samples keep their upper 8 bits; transparency is dropped, as Pillow's `convert("RGB")` does, not blended.
 *
 * @param bytes The whole file.
 * @param options.source What errors call the file: its path, say.
 * @returns The pixels.
 * @throws {RanetError} If this is no image, or empty, truncated, damaged or too large, or of a format not supported.
 *
 * @example
 * ```ts
 * import { decodeImage } from "@ranet/ranet";
 *
 * const image = await decodeImage(await Deno.readFile("examples/cat.jpg"), { source: "cat.jpg" });
 * console.log(image.width, image.height);
 * ```
 */
export async function decodeImage(bytes: Uint8Array, options: { readonly source: string }): Promise<RgbImage> {
  const { format } = checkHeader(bytes, options.source);
  const refuse = (reason: string, cause?: unknown): never => {
    throw new RanetError(`${refusal(options.source)} ${reason}`, { cause });
  };
  if (format.endsWith("JPEG") && countScans(bytes) > MAX_SCANS) refuse(`it has more than ${MAX_SCANS} scans`);
  if (format === "PNG" && await unpacksTooFar(bytes)) refuse("its data unpack to more than its pixels need");
  try {
    return await CODECS.get(format)!(bytes);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return refuse(`it is truncated or damaged${error.message && ` (${error.message})`}`, error);
  }
}

/** Whether what `decodeImage` refused has made a decoder give up half-way, which may have left things in its memory. */
export function keepsState({ cause }: RanetError): boolean {
  return cause instanceof DecodeError;
}

function refusal(source: string): string {
  return `Cannot read image ${JSON.stringify(source)}:`;
}

/**
 * Refuses what is not worth decoding.
 *
 * @returns Format and size of the rest.
 * @throws {RanetError} If this is no image, or a damaged or unsupported one, as far as its first bytes tell.
 */
export function checkHeader(bytes: Uint8Array, source: string): Required<Pick<ImageHeader, "format" | "size">> {
  const refuse = (reason: string): never => {
    throw new RanetError(`${refusal(source)} ${reason}`);
  };
  const formats = "JPEG, PNG, WebP, AVIF, GIF, BMP and TIFF are supported";
  if (bytes.length === 0) return refuse("the file is empty");
  if (bytes.length > MAX_IMAGE_BYTES) return refuse(`${bytes.length} bytes are more than ${MAX_IMAGE_BYTES}`);
  const header = readImageHeader(bytes);
  if (header === undefined) return refuse(`it is not an image (${formats})`);
  const { format, size, unsupported } = header;
  if (!CODECS.has(format)) {
    const convert = CONVERTERS.get(format);
    return refuse(`${format} is not supported (${formats})${convert ? `; to convert it: ${convert}` : ""}`);
  }
  if (size === undefined) return refuse(`it is truncated or damaged (the ${format} header is incomplete)`);
  const [width, height] = size;
  if (width === 0 || height === 0) return refuse(`its header says ${width}×${height} pixels`);
  if (width > MAX_SIDE || height > MAX_SIDE || width * height > MAX_PIXELS) {
    return refuse(`${width}×${height} pixels are too many (up to ${MAX_SIDE} a side and ${MAX_PIXELS} in all)`);
  }
  if (unsupported !== undefined) return refuse(unsupported);
  return { format, size };
}
