/**
 * Reads the header of an image file, so that no memory is allocated for an image that will not be decoded.
 *
 * @module
 */

import { type HdrColour, readAvifHeader } from "./avif/header.ts";
import { readBmpHeader } from "./bmp.ts";
import { gifSize } from "./gif.ts";
import { recogniseFormat } from "./image_signatures.ts";
import { isFrame, jpegSegments, MARKER } from "./jpeg_segments.ts";
import { readNetpbmHeader } from "./netpbm.ts";
import { type Crop, exifOrientation } from "./orientation.ts";
import { pngExif } from "./png_chunks.ts";
import { describeTiff } from "./tiff/picture.ts";
import { webpExif } from "./webp.ts";

/** Contents of an image file's header. */
export interface ImageHeader {
  /** The format's usual name. */
  readonly format: string;
  /** Width and height in pixels, as stored. Missing if the file is cut short, and for formats that are not decoded. */
  readonly size?: readonly [width: number, height: number];
  /** Orientation of the stored picture as an EXIF value. */
  readonly orientation?: number;
  /** Crop of the stored picture, before its orientation is applied. */
  readonly crop?: Crop;
  /** Colour space of an HDR picture. */
  readonly hdr?: HdrColour;
  /** Why this image cannot be decoded although its format is supported. */
  readonly unsupported?: string;
}

/** A CMYK JPEG needs another decoder and therefore counts as a format. */
export const CMYK_JPEG = "CMYK JPEG";
/** A WebP file with several frames. */
export const ANIMATED_WEBP = "animated WebP";

/**
 * Recognises an image file by its first bytes.
 *
 * @param bytes The file.
 * @returns The contents of its header; `undefined` if it is not a known image format.
 */
export function readImageHeader(bytes: Uint8Array): ImageHeader | undefined {
  const format = recogniseFormat(bytes);
  if (format === undefined) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    if (format === "JPEG") return { format, ...jpegHeader(bytes) };
    if (format === "PNG") return { format, ...pngHeader(view, bytes) };
    if (format === "WebP") return { format, ...webpHeader(view, bytes) };
    if (format === "GIF") return { format, size: gifSize(bytes) };
    if (format === "BMP") {
      const { size, unsupported } = readBmpHeader(view);
      return { format, size, unsupported };
    }
    if (format === "Netpbm") {
      const { size, unsupported } = readNetpbmHeader(bytes);
      return { format, size, unsupported };
    }
    if (format === "TIFF") {
      const { size, orientation, unsupported } = describeTiff(bytes);
      return { format, size, orientation, unsupported };
    }
    if (format === "AVIF") return { format, ...avifHeader(bytes) };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // otherwise the file ends inside its header
  }
  return { format };
}

/** Frame types other than those with 8 bits and Huffman coding. */
const FRAMES: ReadonlyMap<number, string> = new Map([
  [0xc3, "lossless"],
  [0xc5, "hierarchical"],
  [0xc6, "hierarchical"],
  [0xc7, "hierarchical"],
  [0xc9, "arithmetic coding"],
  [0xca, "arithmetic coding"],
  [0xcb, "arithmetic coding"],
  [0xcd, "hierarchical"],
  [0xce, "hierarchical"],
  [0xcf, "hierarchical"],
]);
const FROM_ARITHMETIC = "jpegtran in.jpg > out.jpg, or djpeg in.jpg > out.ppm and cjpeg out.ppm > out.jpg";

function jpegHeader(bytes: Uint8Array): Partial<ImageHeader> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let orientation: number | undefined;
  for (const { marker, payload, end } of jpegSegments(bytes)) {
    if (marker === MARKER.app1) orientation ??= exifIn(bytes.subarray(payload, end));
    if (marker === MARKER.scan) return {};
    if (!isFrame(marker)) continue;
    const size = [view.getUint16(payload + 3), view.getUint16(payload + 1)] as const;
    const [bits, components] = [view.getUint8(payload), view.getUint8(payload + 5)];
    const kind = FRAMES.get(marker) ?? (bits === 8 ? undefined : `${bits} bits a sample`);
    if (kind !== undefined) {
      const convert = kind === "arithmetic coding" ? FROM_ARITHMETIC : "magick in.jpg out.png";
      const unsupported = `this kind of JPEG (${kind}) is not supported; to convert it: ${convert}`;
      return { size, orientation, unsupported };
    }
    return components === 4 ? { format: CMYK_JPEG, size, orientation } : { size, orientation };
  }
  return {};
}

/** The same JPEG marker is also used for data other than EXIF. */
function exifIn(segment: Uint8Array): number | undefined {
  return String.fromCharCode(...segment.subarray(0, 4)) === "Exif" ? exifOrientation(segment) : undefined;
}

function pngHeader(view: DataView, bytes: Uint8Array): Partial<ImageHeader> {
  const size = [view.getUint32(16), view.getUint32(20)] as const;
  if (view.getUint32(12) === CGBI) {
    return {
      size: [1, 1],
      unsupported:
        "a PNG for iPhones is not supported; to convert it: pngcrush -revert-iphone-optimizations in.png out.png",
    };
  }
  const exif = pngExif(bytes);
  return { size, orientation: exif && exifOrientation(exif) };
}
/** The chunk that Apple's tools write first. */
const CGBI = 0x43674249;

/**
 * Counts a JPEG's scans. Each costs a pass over all pixels, even if it has few bytes.
 *
 * @param bytes A file whose header has been read.
 */
export function countScans(bytes: Uint8Array): number {
  let scans = 0;
  for (let at = bytes.indexOf(0xff, 2); at >= 0 && at + 3 < bytes.length; at = bytes.indexOf(0xff, at)) {
    const marker = bytes[at + 1]!;
    if (marker === 0xd9) break;
    if (marker === 0xff) at++;
    else if (marker <= 0x01 || (marker >= 0xd0 && marker <= 0xd8)) at += 2; // no length, or a byte of a scan
    else {
      if (marker === 0xda) scans++;
      at += 2 + (bytes[at + 2]! << 8 | bytes[at + 3]!);
    }
  }
  return scans;
}

function webpHeader(view: DataView, bytes: Uint8Array): Partial<ImageHeader> {
  const uint24 = (at: number): number => view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
  const chunk = String.fromCharCode(...bytes.subarray(12, 16));
  if (chunk === "VP8 ") return { size: [view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff] };
  if (chunk === "VP8L") {
    const bits = view.getUint32(21, true);
    return { size: [(bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1] };
  }
  if (chunk !== "VP8X") return {};
  const exif = webpExif(bytes);
  return {
    size: [uint24(24) + 1, uint24(27) + 1],
    orientation: exif && exifOrientation(exif),
    ...(view.getUint8(20) & 0x02) !== 0 && { format: ANIMATED_WEBP },
  };
}

/** The decoder was compiled with this limit, in pixels. */
const MAX_AVIF_PIXELS = 35_651_584;

function avifHeader(bytes: Uint8Array): Partial<ImageHeader> {
  const { size, ...header } = readAvifHeader(bytes);
  if (size === undefined || size[0] * size[1] <= MAX_AVIF_PIXELS) return { size, ...header };
  const unsupported =
    `${size[0]}×${size[1]} pixels are too large for our AVIF decoder, which takes ${MAX_AVIF_PIXELS}; ` +
    "to convert it: avifdec in.avif out.png, or if that fails avifdec -c aom in.avif out.png";
  return { size, ...header, unsupported };
}
