/**
 * TIFF files to pixels.
 *
 * @module
 */

import { Decompress } from "fflate";
import type { TiffIfd } from "tiff";
import type { RgbImage } from "./image.ts";

/**
 * Decodes the first picture of a TIFF file: grey, palette or RGB, of 8 or 16 bits.
 *
 * @throws {Error} The decoder's, if the file is damaged or of another kind.
 */
export async function decodeTiff(bytes: Uint8Array): Promise<RgbImage> {
  const { decode } = await import("tiff");
  const [directory] = decode(bytes, { pages: [0], ignoreImageData: true });
  checkUnpacked(bytes, directory);
  const [{ width, height, type, bitsPerSample, samplesPerPixel, data, palette }] = decode(bytes, { pages: [0] });
  if (bitsPerSample !== 8 && bitsPerSample !== 16) throw new Error(`it has ${bitsPerSample} bits a sample`);
  const channels = CHANNELS.get(type);
  if (!channels) throw new Error("it is neither grey, nor of a palette, nor RGB");
  if (data.length < width * height * samplesPerPixel) throw new Error("it ends too early");
  const pixels = new Uint8ClampedArray(4 * width * height).fill(255);
  const upper = bitsPerSample - 8;
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) {
      const sample = data[i * samplesPerPixel + Math.min(c, channels - 1)];
      pixels[4 * i + c] = type === PALETTE ? (palette?.[sample]?.[c] ?? 0) >> 8 : sample >> upper;
    }
  }
  return { width, height, data: pixels };
}

/** TIFF's PhotometricInterpretation of 8-bit indexes. */
const PALETTE = 3;
/** Colour channels, by PhotometricInterpretation; the decoder turns white-is-zero (0) into black-is-zero. */
const CHANNELS: ReadonlyMap<number, number> = new Map([[0, 1], [1, 1], [2, 3], [PALETTE, 1]]);

/** TIFF's Compression, where it is deflate. */
const DEFLATE: readonly number[] = [8, 32946];
/** Some writers pad. */
const PADDING = 65_536;

/**
 * Makes sure, for the decoder does not, that parts do not unpack to far more than the pixels need.
 *
 * @throws {Error} If one does.
 */
function checkUnpacked(bytes: Uint8Array, directory: TiffIfd): void {
  const { width, height, bitsPerSample, samplesPerPixel, compression, tiled } = directory;
  const offsets = tiled ? directory.tileOffsets : directory.stripOffsets;
  const lengths = tiled ? directory.tileByteCounts : directory.stripByteCounts;
  // A tile at an edge has pixels beyond it.
  const allowed = 4 * width * height * samplesPerPixel * Math.ceil(bitsPerSample / 8) + PADDING;
  let unpacked = 0;
  const count = (length: number) => {
    unpacked += length;
    if (unpacked > allowed) throw new Error("its data unpack to more than its pixels need");
  };
  for (const [i, offset] of offsets.entries()) {
    const part = bytes.subarray(offset, offset + lengths[i]);
    if (!DEFLATE.includes(compression)) count(part.length);
    else {
      const inflate = new Decompress(({ length }) => count(length));
      for (let at = 0; at < part.length; at += SLICE) inflate.push(part.subarray(at, at + SLICE));
    }
  }
}

/** Bytes that are unpacked at once. */
const SLICE = 4096;
