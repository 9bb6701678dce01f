/**
 * Decodes TIFF files.
 *
 * @module
 */

import type { RgbImage } from "../image.ts";
import { addDifferences } from "./differences.ts";
import { type JpegDecoder, jpegOfPart } from "./jpeg.ts";
import { describeTiff, isMissing, type TiffPicture } from "./picture.ts";
import { reverseBits, unpack } from "./unpack.ts";

/**
 * Decodes the first picture of a TIFF file that `describeTiff` finds supported, without applying its orientation.
 *
 * @param jpeg Decoder for parts that are JPEGs.
 * @throws {Error} If it is damaged.
 */
export async function decodeTiff(bytes: Uint8Array, jpeg: JpegDecoder): Promise<RgbImage> {
  const { picture, unsupported } = describeTiff(bytes);
  if (!picture) throw new Error(unsupported ?? "it does not give its size");
  const { width, height, samples, part, planar, bits, alpha } = picture;
  if (picture.offsets.some((offset, i) => offset + picture.lengths[i]! > bytes.length)) {
    throw new RangeError("it ends too early");
  }
  // Colours are divided by their transparency before their lower bits are dropped.
  const exact = alpha !== undefined && bits > 8;
  const slots = exact ? new Uint16Array(4 * width * height) : new Uint8ClampedArray(4 * width * height);
  const columns = Math.ceil(width / part.width);
  const rows = Math.ceil(height / part.height);
  for (let index = 0; index < columns * rows * (planar ? samples : 1); index++) {
    const plane = Math.floor(index / (columns * rows));
    const place = index % (columns * rows);
    const left = place % columns * part.width;
    const top = Math.floor(place / columns) * part.height;
    const box = { left, top, width: Math.min(part.width, width - left), height: Math.min(part.height, height - top) };
    if (isMissing(picture, index)) {
      fillSamples(box, { slots, picture, only: planar ? slot(plane, picture) : undefined, exact });
      continue;
    }
    const offset = picture.offsets[index]!;
    const packed = bytes.subarray(offset, offset + picture.lengths[index]!);
    const slotOf = (sample: number): number => slot(planar ? plane : sample, picture);
    if (picture.packing === "JPEG") {
      const image = await jpegOfPart(packed, picture, box, jpeg);
      copyPixels(image, box, { slots, width, only: planar ? slotOf(0) : undefined });
    } else {
      const plain = unpack(picture.reversed ? reverseBits(packed) : packed, picture, {
        width: part.width,
        height: box.height,
        length: stride(picture) * box.height,
      });
      if (picture.differences) {
        const { little } = picture;
        addDifferences(plain, { row: stride(picture), rows: box.height, step: samplesOf(picture), bits, little });
      }
      copySamples(plain, box, { slots, picture, slotOf, exact });
    }
  }
  return { width, height, data: colours(slots, picture, exact) };
}

interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Samples per pixel in a part. */
function samplesOf({ planar, samples }: TiffPicture): number {
  return planar ? 1 : samples;
}

/** Bytes of a row of a part. */
function stride(picture: TiffPicture): number {
  return Math.ceil(picture.part.width * samplesOf(picture) * picture.bits / 8);
}

/**
 * Index of a sample among a pixel's four slots; -1 for none. The fourth slot is the alpha value that colours are
 * divided by, or black.
 */
function slot(sample: number, { colours, alpha }: TiffPicture): number {
  if (sample === alpha) return 3;
  return sample < colours ? sample : -1;
}

/**
 * Copies a part's samples to the slots of their pixels: scaled to bytes, or unchanged if `exact` or for indexes of a
 * palette.
 */
function copySamples(
  bytes: Uint8Array,
  box: Box,
  { slots, picture, slotOf, exact }: {
    readonly slots: Uint8ClampedArray | Uint16Array;
    readonly picture: TiffPicture;
    readonly slotOf: (sample: number) => number;
    readonly exact: boolean;
  },
): void {
  const { bits, width } = picture;
  const [row, step] = [stride(picture), samplesOf(picture)];
  const asIs = exact || picture.colour === "palette";
  const factor = asIs ? 1 : 255 / (2 ** bits - 1);
  const upper = picture.little ? 1 : 0;
  for (let sample = 0; sample < step; sample++) {
    const to = slotOf(sample);
    if (to < 0) continue;
    for (let y = 0; y < box.height; y++) {
      let out = 4 * ((box.top + y) * width + box.left) + to;
      for (let x = 0; x < box.width; x++, out += 4) {
        const index = x * step + sample;
        if (bits === 8) slots[out] = bytes[y * row + index]!;
        else if (bits === 16) {
          const at = y * row + 2 * index;
          slots[out] = exact ? bytes[at + upper]! << 8 | bytes[at + 1 - upper]! : bytes[at + upper]!;
        } else {
          const first = y * row * 8 + index * bits;
          const at = first >> 3;
          const three = bytes[at]! << 16 | (bytes[at + 1] ?? 0) << 8 | (bytes[at + 2] ?? 0);
          const value = three >> (24 - (first & 7) - bits) & (1 << bits) - 1;
          slots[out] = Math.round(value * factor);
        }
      }
    }
  }
}

/** Fills the slots of a part that is missing in the file; only the slot `only`, if it is a plane. */
function fillSamples(
  box: Box,
  { slots, picture: { bits, colour, missing, width }, only, exact }: {
    readonly slots: Uint8ClampedArray | Uint16Array;
    readonly picture: TiffPicture;
    readonly only?: number;
    readonly exact: boolean;
  },
): void {
  const value = exact || colour === "palette"
    ? missing
    : bits === 16
    ? missing >> 8
    : Math.round(missing * 255 / (2 ** bits - 1));
  for (let y = 0; y < box.height; y++) {
    const from = 4 * ((box.top + y) * width + box.left);
    if (only === undefined) slots.fill(value, from, from + 4 * box.width);
    else if (only >= 0) { for (let x = 0; x < box.width; x++) slots[from + 4 * x + only] = value; }
  }
}

/**
 * Copies the pixels of a decoded JPEG part to their slots; if the part is a plane, only its first channel, to the slot
 * `only`.
 */
function copyPixels(
  image: RgbImage,
  box: Box,
  { slots, width, only }: {
    readonly slots: Uint8ClampedArray | Uint16Array;
    readonly width: number;
    readonly only?: number;
  },
): void {
  if (only !== undefined && only < 0) return;
  for (let y = 0; y < box.height; y++) {
    const from = 4 * y * image.width;
    const to = 4 * ((box.top + y) * width + box.left);
    if (only === undefined) slots.set(image.data.subarray(from, from + 4 * box.width), to);
    else for (let x = 0; x < box.width; x++) slots[to + 4 * x + only] = image.data[from + 4 * x]!;
  }
}

/** Converts slots to red, green and blue. */
function colours(
  slots: Uint8ClampedArray | Uint16Array,
  picture: TiffPicture,
  exact: boolean,
): Uint8ClampedArray {
  const { colour, alpha, bits } = picture;
  const data = slots instanceof Uint8ClampedArray ? slots : new Uint8ClampedArray(slots.length);
  const paint = PAINTERS[colour](picture);
  for (let i = 0; i < slots.length; i += 4) {
    if (alpha !== undefined) {
      const most = exact ? 2 ** bits - 1 : 255;
      const share = slots[i + 3]!;
      const shift = exact ? bits - 8 : 0;
      for (let c = 0; c < 3; c++) {
        data[i + c] = share === 0 ? 0 : Math.min(most, Math.floor(slots[i + c]! * most / share)) >> shift;
      }
    }
    paint(data, i);
    data[i + 3] = 255;
  }
  return data;
}

type Painter = (data: Uint8ClampedArray, i: number) => void;

const grey: Painter = (data, i) => {
  data[i + 1] = data[i + 2] = data[i]!;
};
const asItIs: Painter = () => {};

const PAINTERS: Readonly<Record<TiffPicture["colour"], (picture: TiffPicture) => Painter>> = {
  "black is zero": () => grey,
  "white is zero": () => (data, i) => {
    data[i] = 255 - data[i]!;
    grey(data, i);
  },
  RGB: () => asItIs,
  YCbCr: () => asItIs,
  palette: ({ palette }) => {
    const length = Math.floor(palette.length / 3);
    return (data, i) => {
      const index = data[i]!;
      for (let c = 0; c < 3; c++) data[i + c] = index < length ? palette[c * length + index]! >> 8 : 0;
    };
  },
  CMYK: () => (data, i) => {
    const light = 255 - data[i + 3]!;
    for (let c = 0; c < 3; c++) data[i + c] = Math.round(light * (255 - data[i + c]!) / 255);
  },
};
