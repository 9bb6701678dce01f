/**
 * Decompresses parts of TIFF files, except JPEG.
 *
 * @module
 */

import { Unzlib } from "fflate";
import { unpackLzw } from "../lzw.ts";
import { unpackCcitt } from "./ccitt.ts";
import type { TiffPicture } from "./picture.ts";

/**
 * Decompresses a part.
 *
 * @param shape Pixels per row, rows, and bytes of all rows, which is the most that is written.
 * @throws {Error} If there are fewer bytes, or the data are invalid.
 */
export function unpack(
  packed: Uint8Array,
  { packing, twoDimensional }: Pick<TiffPicture, "packing" | "twoDimensional">,
  shape: Shape,
): Uint8Array {
  const bytes = unpacked(packed, { packing, twoDimensional }, shape);
  if (bytes.length < shape.length) throw new RangeError("it ends too early");
  return bytes;
}

/** Size of a part. */
export interface Shape {
  /** Pixels in a row. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** Bytes of all rows. */
  readonly length: number;
}

function unpacked(
  packed: Uint8Array,
  { packing, twoDimensional }: Pick<TiffPicture, "packing" | "twoDimensional">,
  { width, height, length }: Shape,
): Uint8Array {
  switch (packing) {
    case "none":
      return packed;
    case "LZW":
      return unpackLzw(packed, { bits: 8, first: "high", early: true, length });
    case "deflate":
      return inflate(packed, length);
    case "PackBits":
      return unpackBits(packed, length);
    case "CCITT RLE":
      return unpackCcitt(packed, { kind: "RLE", twoDimensional: false, width, height });
    case "CCITT G3":
      return unpackCcitt(packed, { kind: "G3", twoDimensional, width, height });
    case "CCITT G4":
      return unpackCcitt(packed, { kind: "G4", twoDimensional: true, width, height });
    case "JPEG":
      throw new TypeError("JPEGs are decoded elsewhere");
  }
}

/** Bytes that are decompressed at once. */
const SLICE = 4096;

function inflate(packed: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(length);
  let written = 0;
  const unzlib = new Unzlib((part) => {
    out.set(part.subarray(0, length - written), written);
    written = Math.min(length, written + part.length);
  });
  for (let at = 0; at < packed.length && written < length; at += SLICE) {
    unzlib.push(packed.subarray(at, at + SLICE), at + SLICE >= packed.length);
  }
  return out.subarray(0, written);
}

function unpackBits(packed: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(length);
  let written = 0;
  for (let at = 0; at < packed.length && written < length;) {
    const count = packed[at++]!;
    if (count === 128) continue; // no operation
    if (count < 128) {
      const literal = packed.subarray(at, at + Math.min(count + 1, length - written));
      out.set(literal, written);
      written += literal.length;
      at += count + 1;
    } else {
      if (at === packed.length) break;
      out.fill(packed[at++]!, written, written + 257 - count);
      written += 257 - count;
    }
  }
  return out.subarray(0, Math.min(written, length));
}

const REVERSED = Uint8Array.from({ length: 256 }, (_, byte) => {
  let reversed = 0;
  for (let bit = 0; bit < 8; bit++) reversed |= (byte >> bit & 1) << (7 - bit);
  return reversed;
});

/** Bytes with their bits in the opposite order. */
export function reverseBits(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte) => REVERSED[byte]!);
}
