/**
 * Decodes Netpbm files: PBM (bilevel), PGM (grey) and PPM (colour), as bytes or as text. Samples are scaled to
 * 0…255 and rounded, as in Pillow.
 *
 * @module
 */

import type { RgbImage } from "./image.ts";

/** Contents of a file's header. */
export interface NetpbmHeader {
  /** Width and height in pixels. */
  readonly size: readonly [width: number, height: number];
  /** Samples of a pixel. */
  readonly channels: 1 | 3;
  /** Whether a sample is one bit, 1 for black. */
  readonly isBilevel: boolean;
  /** Whether samples are written as text. */
  readonly isText: boolean;
  /** Largest sample. */
  readonly most: number;
  /** Start of the samples. */
  readonly samples: number;
  /** Why it cannot be decoded. */
  readonly unsupported?: string;
}

const [HASH, LINE_FEED, RETURN, ZERO, NINE] = [0x23, 0x0a, 0x0d, 0x30, 0x39];
/** Most digits of a number. */
const DIGITS = 9;
/** Largest sample of the format. */
const MOST = 65_535;

/**
 * Reads a file's header.
 *
 * @throws {RangeError} If the file ends inside its header, or it contains something other than numbers.
 */
export function readNetpbmHeader(bytes: Uint8Array): NetpbmHeader {
  const kind = bytes[1]! - ZERO;
  const isBilevel = kind % 3 === 1;
  const reader = new TextReader(bytes, 2);
  const size = [reader.number(), reader.number()] as const;
  const most = isBilevel ? 1 : reader.number();
  const isText = kind <= 3;
  return {
    size,
    channels: kind % 3 === 0 ? 3 : 1,
    isBilevel,
    isText,
    most,
    samples: isText ? reader.at : reader.at + 1, // a single space follows
    unsupported: most < 1 || most > MOST
      ? `a Netpbm file with samples up to ${most} is not supported; expected 1 to ${MOST}`
      : undefined,
  };
}

/**
 * Decodes the first picture of a file that `readNetpbmHeader` finds supported.
 *
 * @throws {RangeError} If the file ends too early.
 */
export function decodeNetpbm(bytes: Uint8Array): RgbImage {
  const header = readNetpbmHeader(bytes);
  const { size: [width, height], channels, most } = header;
  const next = sampleReader(bytes, header);
  const data = new Uint8ClampedArray(4 * width * height).fill(255);
  for (let y = 0, out = 0; y < height; y++) {
    for (let x = 0; x < width; x++, out += 4) {
      for (let c = 0; c < channels; c++) data[out + c] = Math.round(255 * next(x) / most);
      if (channels === 1) data[out + 1] = data[out + 2] = data[out]!;
    }
  }
  return { width, height, data };
}

/** A function that returns one sample after the other, given its column. */
function sampleReader(bytes: Uint8Array, header: NetpbmHeader): (x: number) => number {
  const { size: [width, height], channels, isBilevel, isText, most, samples } = header;
  if (isText) {
    const reader = new TextReader(bytes, samples);
    // Digits of a bilevel picture need no spaces between them.
    return isBilevel ? () => 1 - reader.digit() : () => reader.number();
  }
  const wide = most > 255 ? 2 : 1;
  const row = isBilevel ? Math.ceil(width / 8) : width * channels * wide;
  if (samples + row * height > bytes.length) throw new RangeError("it ends too early");
  let at = samples;
  if (isBilevel) {
    return (x) => {
      const bit = bytes[at]! >> (7 - (x & 7)) & 1;
      if ((x & 7) === 7 || x === width - 1) at++;
      return 1 - bit;
    };
  }
  if (wide === 1) return () => bytes[at++]!;
  return () => (at += 2, bytes[at - 2]! << 8 | bytes[at - 1]!);
}

/** Reads decimal numbers; comments reach from `#` to the end of the line. */
class TextReader {
  readonly #bytes: Uint8Array;
  /** The next byte. */
  at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  /** The next digit. */
  digit(): number {
    this.#skip();
    const byte = this.#bytes[this.at++];
    if (byte === undefined) throw new RangeError("it ends too early");
    if (byte < ZERO || byte > NINE) throw new RangeError("it contains something other than numbers");
    return byte - ZERO;
  }

  /** The next number. */
  number(): number {
    let value = this.digit();
    for (let i = 1; isDigit(this.#bytes[this.at]); i++) {
      if (i === DIGITS) throw new RangeError("it contains a number that is too long");
      value = 10 * value + this.#bytes[this.at++]! - ZERO;
    }
    return value;
  }

  #skip(): void {
    for (;; this.at++) {
      let byte = this.#bytes[this.at];
      if (byte === HASH) {
        while (byte !== undefined && byte !== LINE_FEED && byte !== RETURN) byte = this.#bytes[++this.at];
      } else if (byte === undefined || byte > 0x20) return;
    }
  }
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= NINE;
}
