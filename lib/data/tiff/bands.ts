/**
 * Decodes TIFF files with any number of bands, such as those of instruments and satellites, to planes of numbers.
 *
 * @module
 */

import { divisorOf, NUMBERS } from "../numbers.ts";
import { addDifferences, addFloatDifferences } from "./differences.ts";
import { describeBands, type TiffBands } from "./band_layout.ts";
import { isMissing } from "./picture.ts";
import { reverseBits, unpack } from "./unpack.ts";

/**
 * Reads the bands of a TIFF file, as `describeBands` finds them, without applying its orientation.
 *
 * @param options.most Maximum count of numbers.
 * @returns The numbers, bands × height × width, and their shape.
 * @throws {Error} If it is damaged, unsupported or too large, or has numbers that are not finite.
 */
export function decodeBands(
  bytes: Uint8Array,
  { most }: { readonly most: number },
): { readonly shape: readonly [number, number, number]; readonly data: Float32Array } {
  const pictures = describeBands(bytes, { most });
  const { width, height } = pictures[0]!;
  const area = height * width;
  const samples = pictures.reduce((sum, { samples }) => sum + samples, 0);
  const data = new Float32Array(samples * area);
  let first = 0;
  for (const bands of pictures) {
    decodePicture(bytes, bands, { data, first });
    first += bands.samples;
  }
  return { shape: [samples, height, width], data };
}

/** Decodes one picture, its bands from number `first` on. */
function decodePicture(
  bytes: Uint8Array,
  bands: TiffBands,
  { data, first }: { readonly data: Float32Array; readonly first: number },
): void {
  const { width, height, samples, part, planar, format, little } = bands;
  const { read } = NUMBERS[format];
  const divisor = divisorOf(NUMBERS[format]);
  const size = bands.bits / 8;
  const step = planar ? 1 : samples;
  const row = part.width * step * size;
  const columns = Math.ceil(width / part.width);
  const count = columns * Math.ceil(height / part.height);
  for (let index = 0; index < count * (planar ? samples : 1); index++) {
    const place = index % count;
    const [left, top] = [place % columns * part.width, Math.floor(place / columns) * part.height];
    const rows = Math.min(part.height, height - top);
    const plain = isMissing(bands, index) ? undefined : unpacked(bytes, bands, { index, rows, length: row * rows });
    const view = plain && new DataView(plain.buffer);
    for (let sample = 0; sample < step; sample++) {
      const band = first + (planar ? Math.floor(index / count) : sample);
      for (let y = 0; y < rows; y++) {
        let to = (band * height + top + y) * width + left;
        for (let x = 0; x < Math.min(part.width, width - left); x++, to++) {
          const stored = view ? read(view, y * row + (x * step + sample) * size, little) : bands.missing;
          const value = stored / divisor;
          if (!Number.isFinite(value)) {
            throw new RangeError(`band ${band + 1}, row ${top + y}, column ${left + x} is ${value}, expected a number`);
          }
          data[to] = value;
        }
      }
    }
  }
}

/** The decompressed bytes of a part, as a copy. */
function unpacked(
  bytes: Uint8Array,
  bands: TiffBands,
  { index, rows, length }: { readonly index: number; readonly rows: number; readonly length: number },
): Uint8Array<ArrayBuffer> {
  const [offset, packedLength] = [bands.offsets[index]!, bands.lengths[index]!];
  if (offset + packedLength > bytes.length) throw new RangeError("it ends too early");
  const packed = bytes.subarray(offset, offset + packedLength);
  const { packing, part, planar, samples, bits, little } = bands;
  const plain = Uint8Array.from(
    unpack(bands.reversed ? reverseBits(packed) : packed, { packing, twoDimensional: false }, {
      width: part.width,
      height: rows,
      length,
    }).subarray(0, length),
  );
  if (bands.differences) {
    const add = bands.format.startsWith("float") ? addFloatDifferences : addDifferences;
    add(plain, { row: length / rows, rows, step: planar ? 1 : samples, bits, little });
  }
  return plain;
}
