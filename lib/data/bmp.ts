/**
 * Decodes BMP files of Windows and OS/2 with every bit depth, with or without run-length encoding.
 *
 * @module
 */

import type { RgbImage } from "./image.ts";

/** Contents of a file's header. */
export interface BmpHeader {
  /** Width and height in pixels. */
  readonly size: readonly [width: number, height: number];
  /** Why it cannot be decoded. */
  readonly unsupported?: string;
  /** Bits of a pixel. */
  readonly bits: number;
  /** How pixels are compressed. */
  readonly packing: "none" | "runs";
  /** Bit masks of red, green and blue, if they differ from the default for the bit depth. */
  readonly masks?: readonly [number, number, number];
  /** Whether rows are stored from bottom to top. */
  readonly upwards: boolean;
  /** The palette: blue, green and red of each index. */
  readonly palette: { readonly at: number; readonly entry: 3 | 4; readonly length: number };
  /** Start of the pixels. */
  readonly pixels: number;
}

/** Lengths of headers in bytes. Those of OS/2 have 16 to 64. */
const CORE = 12;
const INFO = 40;
const OS2_MAX = 64;
/** Values of the compression field. */
const PACKING = { none: 0, runs8: 1, runs4: 2, masks: 3, jpeg: 4, png: 5, masksWithAlpha: 6 } as const;
const DEPTHS: readonly number[] = [1, 2, 4, 8, 16, 24, 32];
/** Default masks for 16 bits per pixel: five bits for each colour. */
const MASKS_16 = [0x7c00, 0x03e0, 0x001f] as const;

/**
 * Reads a file's header.
 *
 * @throws {RangeError} If the file ends inside its header.
 */
export function readBmpHeader(view: DataView): BmpHeader {
  const length = view.getUint32(14, true);
  const pixels = view.getUint32(10, true);
  if (length === CORE) {
    const bits = view.getUint16(24, true);
    return {
      size: [view.getUint16(18, true), view.getUint16(20, true)],
      bits,
      packing: "none",
      upwards: true,
      palette: { at: 26, entry: 3, length: Math.min(2 ** bits, 256) },
      pixels,
      unsupported: depth(bits, [1, 4, 8, 24]),
    };
  }
  const os2 = length < INFO || length === OS2_MAX;
  const height = view.getInt32(22, true);
  const bits = view.getUint16(28, true);
  // The shortest OS/2 header lacks the fields that follow.
  const rest = (at: number): number => at + 4 <= 14 + length ? view.getUint32(at, true) : 0;
  const packing = rest(30);
  const used = rest(46);
  const atMasks = 54;
  const masked = !os2 && (packing === PACKING.masks || packing === PACKING.masksWithAlpha);
  const masksAfter = masked && length === INFO ? packing === PACKING.masks ? 12 : 16 : 0;
  const runs = packing === PACKING.runs8 && bits === 8 || packing === PACKING.runs4 && bits === 4;
  return {
    // A negative height means that rows are stored from top to bottom.
    size: [Math.abs(view.getInt32(18, true)), Math.abs(height)],
    bits,
    packing: runs ? "runs" : "none",
    masks: masked
      ? [view.getUint32(atMasks, true), view.getUint32(atMasks + 4, true), view.getUint32(atMasks + 8, true)]
      : undefined,
    upwards: height > 0,
    palette: { at: 14 + length + masksAfter, entry: 4, length: Math.min(used || 2 ** Math.min(bits, 8), 256) },
    pixels,
    unsupported: depth(bits, DEPTHS) ?? otherPacking(packing, { os2, runs, masked, bits }),
  };
}

const CONVERT = "to convert it: magick in.bmp out.png";

function depth(bits: number, depths: readonly number[]): string | undefined {
  return depths.includes(bits) ? undefined : `a BMP with ${bits} bits per pixel is not supported; ${CONVERT}`;
}

function otherPacking(
  packing: number,
  { os2, runs, masked, bits }: { os2: boolean; runs: boolean; masked: boolean; bits: number },
): string | undefined {
  if (packing === PACKING.none || runs || (masked && (bits === 16 || bits === 32))) return undefined;
  const kind = packing === PACKING.jpeg && !os2
    ? "that contains a JPEG"
    : packing === PACKING.png && !os2
    ? "that contains a PNG"
    : `with ${bits} bits per pixel and ${os2 ? "OS/2 " : ""}compression ${packing}`;
  return `a BMP ${kind} is not supported; ${CONVERT}`;
}

/**
 * Decodes a file that `readBmpHeader` finds supported. The fourth byte of a pixel, which is transparency in some files
 * and unused in most, is ignored.
 *
 * @throws {RangeError} If the file ends too early.
 */
export function decodeBmp(bytes: Uint8Array): RgbImage {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = readBmpHeader(view);
  const [width, height] = header.size;
  if (header.packing === "none" && header.pixels + stride(header) * height > bytes.length) {
    throw new RangeError("it ends too early");
  }
  const data = new Uint8ClampedArray(4 * width * height);
  const rowOf = (y: number): number => 4 * width * (header.upwards ? height - 1 - y : y);
  if (header.bits > 8) decodeColours(view, header, data, rowOf);
  else if (header.packing === "runs") decodeRuns(bytes, header, data, rowOf);
  else decodeIndexes(bytes, header, data, rowOf);
  for (let i = 3; i < data.length; i += 4) data[i] = 255;
  return { width, height, data };
}

/** Bytes of a row, padded to a multiple of four. */
function stride({ size: [width], bits }: BmpHeader): number {
  return Math.ceil(width * bits / 32) * 4;
}

function decodeColours(
  view: DataView,
  header: BmpHeader,
  data: Uint8ClampedArray,
  rowOf: (y: number) => number,
): void {
  const { size: [width, height], bits, pixels } = header;
  const bytes = bits / 8;
  const masks = header.masks ?? (bits === 16 ? MASKS_16 : undefined);
  const channels = masks?.map((mask) => {
    const shift = mask === 0 ? 0 : 31 - Math.clz32(mask & -mask);
    const most = mask >>> shift;
    return { mask, shift, factor: most === 0 ? 0 : 255 / most };
  });
  for (let y = 0; y < height; y++) {
    let at = pixels + y * stride(header);
    let out = rowOf(y);
    for (let x = 0; x < width; x++, at += bytes, out += 4) {
      if (!channels) { for (let c = 0; c < 3; c++) data[out + c] = view.getUint8(at + 2 - c); }
      else {
        const value = bits === 16 ? view.getUint16(at, true) : view.getUint32(at, true);
        channels.forEach(({ mask, shift, factor }, c) => {
          data[out + c] = Math.floor(((value & mask) >>> shift) * factor);
        });
      }
    }
  }
}

/** Writes the colour of an index; black if the palette has no such index. */
function painter(bytes: Uint8Array, { palette, pixels }: BmpHeader, data: Uint8ClampedArray) {
  const { at, entry } = palette;
  const room = Math.max(0, Math.floor((Math.min(pixels, bytes.length) - at) / entry));
  const length = Math.min(palette.length, room);
  return (index: number, out: number): void => {
    if (index >= length) return;
    for (let c = 0; c < 3; c++) data[out + c] = bytes[at + entry * index + 2 - c]!;
  };
}

function decodeIndexes(
  bytes: Uint8Array,
  header: BmpHeader,
  data: Uint8ClampedArray,
  rowOf: (y: number) => number,
): void {
  const { size: [width, height], bits, pixels } = header;
  const paint = painter(bytes, header, data);
  const mask = (1 << bits) - 1;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const byte = bytes[pixels + y * stride(header) + (x * bits >> 3)]!;
      paint(byte >> (8 - bits - (x * bits & 7)) & mask, rowOf(y) + 4 * x);
    }
  }
}

/** Codes after a zero byte. Any other value is a number of literal pixels. */
const ESCAPE = { endOfRow: 0, end: 1, move: 2 } as const;

/** Pixels that are skipped stay black. */
function decodeRuns(
  bytes: Uint8Array,
  header: BmpHeader,
  data: Uint8ClampedArray,
  rowOf: (y: number) => number,
): void {
  const { size: [width, height], bits } = header;
  const paint = painter(bytes, header, data);
  let [x, y, at] = [0, 0, header.pixels];
  const put = (index: number): void => {
    if (x < width) paint(index, rowOf(y) + 4 * x);
    x++;
  };
  while (y < height) {
    if (at + 2 > bytes.length) throw new RangeError("it ends too early");
    const [count, value] = [bytes[at]!, bytes[at + 1]!];
    at += 2;
    if (count > 0) {
      for (let i = 0; i < count; i++) put(bits === 8 ? value : i % 2 === 0 ? value >> 4 : value & 15);
    } else if (value === ESCAPE.endOfRow) [x, y] = [0, y + 1];
    else if (value === ESCAPE.end) return;
    else if (value === ESCAPE.move) {
      if (at + 2 > bytes.length) throw new RangeError("it ends too early");
      [x, y, at] = [x + bytes[at]!, y + bytes[at + 1]!, at + 2];
    } else {
      const length = Math.ceil(value * bits / 8);
      if (at + length > bytes.length) throw new RangeError("it ends too early");
      for (let i = 0; i < value; i++) {
        const byte = bytes[at + (i * bits >> 3)]!;
        put(bits === 8 ? byte : i % 2 === 0 ? byte >> 4 : byte & 15);
      }
      at += length + length % 2;
    }
  }
}
