/**
 * Decodes GIF files.
 *
 * @module
 */

import type { RgbImage } from "./image.ts";
import { unpackLzw } from "./lzw.ts";

/** A file's first frame. */
interface Frame {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly interlaced: boolean;
  /** The palette: red, green and blue of each index. */
  readonly palette: Uint8Array;
  /** The colour around the frame. */
  readonly around: Uint8Array;
  /** Columns and rows of the whole picture. */
  readonly size: readonly [width: number, height: number];
  /** Start of its data. */
  readonly data: number;
}

/** Most blocks before the first frame. No real file has more. */
const MAX_BLOCKS = 100_000;
const EXTENSION = 0x21;
const CONTROL = 0xf9;
const IMAGE = 0x2c;

/** Finds the first frame. */
function firstFrame(bytes: Uint8Array): Frame {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const take = (from: number, length: number): Uint8Array => {
    if (from + length > bytes.length) throw new RangeError("it ends too early");
    return bytes.subarray(from, from + length);
  };
  const table = (flags: number, at: number): Uint8Array =>
    (flags & 0x80) === 0 ? new Uint8Array() : take(at, 3 << ((flags & 7) + 1));
  const global = table(view.getUint8(10), 13);
  let transparent: number | undefined;
  let at = 13 + global.length;
  for (let blocks = 0; blocks < MAX_BLOCKS; blocks++) {
    const kind = view.getUint8(at++);
    if (kind === EXTENSION) {
      if (view.getUint8(at) === CONTROL && (view.getUint8(at + 2) & 1) !== 0) transparent = view.getUint8(at + 5);
      at++;
      for (let length = view.getUint8(at); length > 0; length = view.getUint8(at)) at += 1 + length;
      at++;
    } else if (kind === IMAGE) {
      const [left, top, width, height] = [0, 2, 4, 6].map((offset) => view.getUint16(at + offset, true)) as [
        number,
        number,
        number,
        number,
      ];
      const flags = view.getUint8(at + 8);
      const local = table(flags, at + 9);
      const palette = local.length > 0 ? local : global;
      // A frame may exceed the size in the header.
      const size = [
        Math.max(view.getUint16(6, true), left + width),
        Math.max(view.getUint16(8, true), top + height),
      ] as const;
      const around = transparent === undefined
        ? global.subarray(3 * view.getUint8(11)).subarray(0, 3)
        : palette.subarray(3 * transparent).subarray(0, 3);
      const interlaced = (flags & 0x40) !== 0;
      return { left, top, width, height, interlaced, palette, around, size, data: at + 9 + local.length };
    } else if (kind === 0x3b) throw new RangeError("it has no picture");
    // Other bytes are stray; decoders ignore them.
  }
  throw new RangeError("it has no picture");
}

/**
 * Columns and rows of a file's picture.
 *
 * @throws {RangeError} If it ends before its first frame.
 */
export function gifSize(bytes: Uint8Array): readonly [width: number, height: number] {
  return firstFrame(bytes).size;
}

/** The four passes of an interlaced frame: first row and step. */
const PASSES = [[0, 8], [4, 8], [2, 4], [1, 2]] as const;

/**
 * Decodes a file's first frame. Transparent pixels keep their stored colour.
 *
 * @throws {RangeError} If it is damaged.
 */
export function decodeGif(bytes: Uint8Array): RgbImage {
  const frame = firstFrame(bytes);
  const [width, height] = frame.size;
  const bits = bytes[frame.data]!;
  if (!(bits >= 1 && bits <= 11)) throw new RangeError(`its codes have ${bits} bits`);
  const length = frame.width * frame.height;
  const indexes = unpackLzw(blocks(bytes, frame.data + 1), { bits, first: "low", early: false, length });
  if (indexes.length < length) throw new RangeError("it ends too early");
  const data = new Uint8ClampedArray(4 * width * height);
  for (let i = 0; i < data.length; i += 4) {
    data.set(frame.around, i);
    data[i + 3] = 255;
  }
  const rows = frame.interlaced
    ? PASSES.flatMap(([first, step]) => range(first, frame.height, step))
    : range(0, frame.height, 1);
  rows.forEach((y, row) => {
    const out = 4 * ((frame.top + y) * width + frame.left);
    for (let x = 0; x < frame.width; x++) {
      const from = 3 * indexes[row * frame.width + x]!;
      for (let c = 0; c < 3; c++) data[out + 4 * x + c] = frame.palette[from + c] ?? 0;
    }
  });
  return { width, height, data };
}

function range(from: number, to: number, step: number): number[] {
  return Array.from({ length: Math.max(0, Math.ceil((to - from) / step)) }, (_, i) => from + i * step);
}

/** Joins the data of blocks of up to 255 bytes, up to the last block or the end of the file. */
function blocks(bytes: Uint8Array, from: number): Uint8Array {
  const joined = new Uint8Array(bytes.length - from);
  let written = 0;
  for (let at = from; at < bytes.length && bytes[at] !== 0; at += 1 + bytes[at]!) {
    const block = bytes.subarray(at + 1, at + 1 + bytes[at]!);
    joined.set(block, written);
    written += block.length;
  }
  return joined.subarray(0, written);
}
