/**
 * Decodes parts of a TIFF file that are JPEGs. They may share tables.
 *
 * @module
 */

import { decodeFourSamples } from "../cmyk_jpeg.ts";
import type { RgbImage } from "../image.ts";
import { CMYK_JPEG, countScans, readImageHeader } from "../image_header.ts";
import { MARKER, pixelSegments } from "../jpeg_segments.ts";
import type { TiffPicture } from "./picture.ts";

/** Decodes a JPEG file. */
export type JpegDecoder = (bytes: Uint8Array) => Promise<RgbImage>;

/** Most scans of a part. */
const MAX_SCANS = 64;

/**
 * Decodes a part. Four samples per pixel are returned unconverted.
 *
 * @throws {Error} If it is damaged, or its size differs from the part's.
 */
export async function jpegOfPart(
  part: Uint8Array,
  { jpegTables, colour, samples, planar, part: { width, height } }: TiffPicture,
  box: { readonly width: number; readonly height: number },
  decode: JpegDecoder,
): Promise<RgbImage> {
  const file = await new Blob([
    Uint8Array.of(0xff, 0xd8),
    adobe(colour === "YCbCr"),
    ...(jpegTables ? pixelSegments(jpegTables) : []),
    ...pixelSegments(part),
  ] as BlobPart[]).bytes();
  const { format, size: [columns, rows] = [0, 0] } = readImageHeader(file) ?? {};
  const four = samples === 4 && !planar;
  if (
    format !== (four ? CMYK_JPEG : "JPEG") || columns !== width || rows < box.height || rows > height ||
    countScans(file) > MAX_SCANS
  ) {
    throw new Error("a part of it is not a JPEG of the expected size");
  }
  return four
    ? { width: columns, height: rows, data: await decodeFourSamples(file, [columns, rows]) }
    : await decode(file);
}

/**
 * An Adobe marker, which states whether colours are YCbCr. Without it decoders would guess from data that a part lacks.
 */
function adobe(isYcc: boolean): Uint8Array {
  const text = new TextEncoder().encode("Adobe");
  return Uint8Array.of(0xff, MARKER.adobe, 0, 14, ...text, 0, 100, 0, 0, 0, 0, Number(isYcc));
}
