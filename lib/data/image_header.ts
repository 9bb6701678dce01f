/**
 * What a file's first bytes say about the image in it, so that nothing is allocated for one that will not be decoded.
 *
 * @module
 */

/** What the header of an image file says. */
export interface ImageHeader {
  /** The format's usual name. */
  readonly format: string;
  /** Pixels in a row and rows, as stored; missing if the file ends before it says, and for formats not decoded. */
  readonly size?: readonly [width: number, height: number];
  /** Why an image of a format that can be decoded cannot be, all the same. */
  readonly unsupported?: string;
}

/** A format of its own, for it takes another decoder. */
export const CMYK_JPEG = "CMYK JPEG";

/** Bytes (as Latin-1) that give a format away, and where in the file they stand. */
const SIGNATURES: readonly (readonly [at: number, text: string, format: string])[] = [
  [0, "\xff\xd8\xff", "JPEG"],
  [0, "\x89PNG\r\n\x1a\n", "PNG"],
  [8, "WEBP", "WebP"],
  [0, "GIF8", "GIF"],
  [0, "BM", "BMP"],
  [0, "II*\0", "TIFF"],
  [0, "MM\0*", "TIFF"],
  [4, "ftypavi", "AVIF"],
  [4, "ftyphei", "HEIC"],
  [4, "ftypmif1", "HEIC"],
  [0, "<svg", "SVG"],
  [0, "\xff\x0a", "JPEG XL"],
  [4, "JXL ", "JPEG XL"],
];

/**
 * Recognises an image file by its first bytes.
 *
 * @param bytes The file.
 * @returns What its header says; `undefined` if it is no image that we know of.
 */
export function readImageHeader(bytes: Uint8Array): ImageHeader | undefined {
  const start = String.fromCharCode(...bytes.subarray(0, 64));
  let format = SIGNATURES.find(([at, text]) => start.startsWith(text, at))?.[2];
  if (format === undefined) return undefined;
  if (format === "HEIC" && start.includes("avif")) format = "AVIF"; // its brand comes later
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    if (format === "JPEG") return { format, ...jpegHeader(view) };
    if (format === "PNG") return { format, size: [view.getUint32(16), view.getUint32(20)] };
    if (format === "WebP") return { format, ...webpHeader(view, start.slice(12, 16)) };
    if (format === "GIF") return { format, size: [view.getUint16(6, true), view.getUint16(8, true)] };
    if (format === "BMP") return { format, size: bmpSize(view) };
    if (format === "TIFF") return { format, size: tiffSize(view) };
    if (format === "AVIF") return { format, size: avifSize(bytes) };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // else the file ends inside its header
  }
  return { format };
}

/** Segments and stray bytes before a JPEG's frame: more are no file that a camera or a program wrote. */
const MAX_JPEG_STEPS = 100_000;

/** Walks the segments up to the frame header, always forward. */
function jpegHeader(view: DataView): Partial<ImageHeader> {
  let at = 2;
  for (let step = 0; step < MAX_JPEG_STEPS; step++) {
    const marker = view.getUint8(at + 1);
    if (view.getUint8(at) !== 0xff || marker === 0xff) at++; // stray and fill bytes, which decoders skip as well
    else if (marker === 0xd9 || marker === 0xda) return {}; // end or scan without a frame
    else if (marker <= 0x01 || (marker >= 0xd0 && marker <= 0xd8)) at += 2; // markers without a length
    else if (isFrame(marker)) {
      const size = [view.getUint16(at + 7), view.getUint16(at + 5)] as const;
      return view.getUint8(at + 9) === 4 ? { format: CMYK_JPEG, size } : { size };
    } else at += 2 + view.getUint16(at + 2);
  }
  return {};
}

/**
 * Counts a JPEG's scans: each is a pass over all of its pixels, however few bytes it takes.
 *
 * @param bytes A file whose header has been read.
 */
export function countScans(bytes: Uint8Array): number {
  let scans = 0;
  for (let at = bytes.indexOf(0xff, 2); at >= 0 && at + 3 < bytes.length; at = bytes.indexOf(0xff, at)) {
    const marker = bytes[at + 1]!;
    if (marker === 0xd9) break;
    if (marker === 0xff) at++;
    else if (marker <= 0x01 || (marker >= 0xd0 && marker <= 0xd8)) at += 2; // without a length, or a byte of a scan
    else {
      if (marker === 0xda) scans++;
      at += 2 + (bytes[at + 2]! << 8 | bytes[at + 3]!);
    }
  }
  return scans;
}

/** C0 to CF start a frame, but for the three that define tables. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

function webpHeader(view: DataView, chunk: string): Omit<ImageHeader, "format"> {
  const uint24 = (at: number): number => view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
  if (chunk === "VP8 ") return { size: [view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff] };
  if (chunk === "VP8L") {
    const bits = view.getUint32(21, true);
    return { size: [(bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1] };
  }
  if (chunk !== "VP8X") return {};
  const size = [uint24(24) + 1, uint24(27) + 1] as const;
  return (view.getUint8(20) & 0x02) !== 0 ? { size, unsupported: "it is animated: save one frame of it" } : { size };
}

type Size = readonly [width: number, height: number];

function bmpSize(view: DataView): Size {
  const old = view.getUint32(14, true) === 12;
  // Rows from the top down have a negative height.
  return old
    ? [view.getUint16(18, true), view.getUint16(20, true)]
    : [Math.abs(view.getInt32(18, true)), Math.abs(view.getInt32(22, true))];
}

/** As the first directory says. */
function tiffSize(view: DataView): Size | undefined {
  const little = view.getUint8(0) === 0x49;
  const directory = view.getUint32(4, little);
  const found = new Map<number, number>();
  for (let i = 0; i < view.getUint16(directory, little); i++) {
    const entry = directory + 2 + 12 * i;
    const isShort = view.getUint16(entry + 2, little) === 3;
    const value = isShort ? view.getUint16(entry + 8, little) : view.getUint32(entry + 8, little);
    found.set(view.getUint16(entry, little), value);
  }
  const [width, height] = [found.get(256), found.get(257)];
  return width === undefined || height === undefined ? undefined : [width, height];
}

/** Of the pictures in it (tiles, transparency), the largest. */
function avifSize(bytes: Uint8Array): Size | undefined {
  const head = bytes.subarray(0, 2 ** 16);
  const text = new TextDecoder("latin1").decode(head);
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const sizes = [...text.matchAll(/ispe/g)].map(({ index }): Size => [
    view.getUint32(index + 8),
    view.getUint32(index + 12),
  ]);
  return sizes.sort((a, b) => b[0] * b[1] - a[0] * a[1])[0];
}
