/**
 * How the bands of a TIFF file are stored, independent of their meaning.
 *
 * @module
 */

import { type NumberFormat, NUMBERS } from "../numbers.ts";
import { type Directory, readDirectory } from "./directory.ts";
import type { Packing, TiffPicture } from "./picture.ts";
import { firstPicture, missingValue, PACKINGS, readParts, TAG } from "./picture.ts";

/** Bands in a supported layout. */
export interface TiffBands extends
  Pick<
    TiffPicture,
    | "width"
    | "height"
    | "samples"
    | "bits"
    | "planar"
    | "differences"
    | "reversed"
    | "little"
    | "part"
    | "offsets"
    | "lengths"
    | "missing"
  > {
  /** Type of a number. */
  readonly format: NumberFormat;
  /** Compression of parts. */
  readonly packing: Packing;
}

/** Types by SampleFormat and bits. */
const FORMATS: ReadonlyMap<string, NumberFormat> = new Map([
  ["1 8", "uint8"],
  ["2 8", "int8"],
  ["1 16", "uint16"],
  ["2 16", "int16"],
  ["3 16", "float16"],
  ["3 32", "float32"],
  ["3 64", "float64"],
]);
/** Size limit in bytes of all parts of all pictures, including the margins of tiles. */
const MAX_BYTES = 2 ** 29;
/** Predictors of whole numbers and of floating-point numbers. */
const [HORIZONTAL, FLOATING] = [2, 3];

/** Most pictures of one band that are read. */
const MAX_PICTURES = 4096;
/** Bits of NewSubfileType: a preview, or a transparency mask. */
const NOT_A_PICTURE = 1 | 4;

/**
 * Determines how the bands of a file are stored: those of its first picture; if that has one band, also those of the pictures
 * of the same size after it, as microscopes store them.
 *
 * @param bytes A file for which `isTiff` is true.
 * @param options.most Maximum count of numbers.
 * @returns At least one picture.
 * @throws {RangeError} If it is damaged, unsupported or too large.
 */
export function describeBands(bytes: Uint8Array, { most }: { readonly most: number }): TiffBands[] {
  let directory = firstPicture(bytes);
  const first = describePicture(directory, { most });
  let bytesOfParts = sizeOfParts(first);
  const pictures = [first];
  const seen = new Set<number>();
  const one = (tag: number): number | undefined => directory.numbers(tag, 1)?.[0];
  while (first.samples === 1 && directory.next !== 0) {
    if (seen.has(directory.next) || seen.size === MAX_PICTURES) throw new RangeError("it has too many pictures");
    seen.add(directory.next);
    directory = readDirectory(bytes, directory.next);
    if (((one(TAG.subfileType) ?? 0) & NOT_A_PICTURE) !== 0) continue;
    if (one(TAG.width) !== first.width || one(TAG.height) !== first.height || (one(TAG.samples) ?? 1) !== 1) break;
    const picture = describePicture(directory, { most });
    pictures.push(picture);
    if ((bytesOfParts += sizeOfParts(picture)) > MAX_BYTES) throw tooManyBytes();
    if (pictures.length * first.width * first.height > most) {
      throw new RangeError(
        `${pictures.length} pictures of ${first.width}×${first.height} pixels are more than ${most} numbers`,
      );
    }
  }
  return pictures;
}

function describePicture(directory: Directory, { most }: { readonly most: number }): TiffBands {
  const one = (tag: number, missing: number): number => directory.numbers(tag, 1)?.[0] ?? missing;
  const [width, height, samples] = [one(TAG.width, 0), one(TAG.height, 0), one(TAG.samples, 1)];
  if (width * height * samples === 0) throw new RangeError("it has no pixels");
  if (width * height * samples > most) {
    throw new RangeError(`${width}×${height} pixels of ${samples} bands are more than ${most} numbers`);
  }
  const same = (tag: number, missing: number): number => {
    const [first = missing, ...others] = directory.numbers(tag, samples) ?? [];
    if (others.some((other) => other !== first)) throw new RangeError("its bands have different number types");
    return first;
  };
  const [kind, bits] = [same(TAG.sampleFormat, 1), same(TAG.bits, 1)];
  // Format 4 means undefined: whole numbers are assumed.
  const format = FORMATS.get(`${kind === 4 ? 1 : kind} ${bits}`);
  if (format === undefined) {
    throw new RangeError(
      `its numbers have ${bits} bits (sample format ${kind}), expected whole numbers of 8 or 16 bits, or ` +
        "floating-point numbers of 16, 32 or 64",
    );
  }
  const compression = one(TAG.compression, 1);
  const packing = PACKINGS.get(compression);
  if (packing === undefined || packing === "JPEG" || packing.startsWith("CCITT")) {
    throw new RangeError(`its bands are compressed by ${packing ?? `method ${compression}`}; ${CONVERT}`);
  }
  const predictor = packing === "LZW" || packing === "deflate" ? one(TAG.predictor, 1) : 1;
  const isFloat = format.startsWith("float");
  if (predictor !== 1 && predictor !== (isFloat ? FLOATING : HORIZONTAL)) {
    throw new RangeError(`its bands are compressed with predictor ${predictor} of ${bits} bits; ${CONVERT}`);
  }
  const planar = one(TAG.planar, 1) === 2 && samples > 1;
  const parts = readParts(directory, { width, height, planes: planar ? samples : 1 });
  if (typeof parts === "string") throw new RangeError(parts);
  const { part, offsets, lengths } = parts;
  if (sizeOfParts({ width, height, samples, bits, part }) > MAX_BYTES) throw tooManyBytes();
  if (lengths === undefined) throw new RangeError("it does not give the lengths of its parts");
  return {
    width,
    height,
    samples,
    bits,
    format,
    planar,
    packing,
    differences: predictor !== 1,
    reversed: one(TAG.fillOrder, 1) === 2,
    little: directory.little,
    part,
    offsets,
    lengths,
    missing: missingValue(directory, NUMBERS[format].range),
  };
}

/** Bytes of all parts of a picture. */
function sizeOfParts(
  { width, height, samples, bits, part }: Pick<TiffBands, "width" | "height" | "samples" | "bits" | "part">,
): number {
  return Math.ceil(width / part.width) * part.width * height * samples * bits / 8;
}

function tooManyBytes(): RangeError {
  return new RangeError(`its parts have more than ${MAX_BYTES} bytes`);
}

const CONVERT = "to change that: tiffcp -c none in.tif out.tif";
