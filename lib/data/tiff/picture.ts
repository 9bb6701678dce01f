/**
 * Describes the first picture of a TIFF file, and whether it is supported.
 *
 * @module
 */

import { type Directory, readDirectory } from "./directory.ts";

/** A picture of a supported kind. */
export interface TiffPicture {
  /** Pixels in a row. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** Meaning of the samples. */
  readonly colour: Colour;
  /** Number of colour samples per pixel. */
  readonly colours: number;
  /** Number of samples per pixel. */
  readonly samples: number;
  /** Bits per sample. */
  readonly bits: number;
  /** Index of the alpha sample by which colours have been multiplied, if any. */
  readonly alpha?: number;
  /** Whether samples are stored as separate planes. */
  readonly planar: boolean;
  /** Compression of the parts. */
  readonly packing: Packing;
  /** Whether samples are differences from their left neighbours. */
  readonly differences: boolean;
  /** Whether the lowest bit of a byte comes first. */
  readonly reversed: boolean;
  /** Whether samples of two bytes are little-endian. */
  readonly little: boolean;
  /** Width and height of a part: a tile, or a strip of full width. */
  readonly part: { readonly width: number; readonly height: number; readonly tiled: boolean };
  /** Positions of the parts in the file: row by row, plane by plane. */
  readonly offsets: readonly number[];
  /** Their lengths in bytes. */
  readonly lengths: readonly number[];
  /** The palette, 16 bits per value: red of all indexes, then green, then blue. */
  readonly palette: readonly number[];
  /** Whether a row of CCITT G3 may be coded relative to the one above. */
  readonly twoDimensional: boolean;
  /** Value of the samples of parts that are not stored. */
  readonly missing: number;
  /** Tables that the JPEGs of all parts share. */
  readonly jpegTables?: Uint8Array;
}

/** Meaning of the samples. */
export type Colour = "white is zero" | "black is zero" | "RGB" | "palette" | "CMYK" | "YCbCr";
/** Compression of the parts. */
export type Packing = "none" | "LZW" | "deflate" | "PackBits" | "JPEG" | "CCITT RLE" | "CCITT G3" | "CCITT G4";

/** Description of a file. */
export interface TiffDescription {
  /** Width and height, as stored. Missing if the file does not give them. */
  readonly size?: readonly [width: number, height: number];
  /** Orientation as an EXIF value. */
  readonly orientation?: number;
  /** Why it cannot be decoded, although it may be valid. */
  readonly unsupported?: string;
  /** The picture, if it can be decoded. */
  readonly picture?: TiffPicture;
}

/** Tags of fields. */
export const TAG = {
  subfileType: 254,
  width: 256,
  height: 257,
  bits: 258,
  compression: 259,
  photometric: 262,
  fillOrder: 266,
  stripOffsets: 273,
  orientation: 274,
  samples: 277,
  rowsPerStrip: 278,
  stripLengths: 279,
  planar: 284,
  t4Options: 292,
  predictor: 317,
  subDirectories: 330,
  palette: 320,
  tileWidth: 322,
  tileHeight: 323,
  tileOffsets: 324,
  tileLengths: 325,
  inkSet: 332,
  extraSamples: 338,
  sampleFormat: 339,
  jpegTables: 347,
  cfaPattern: 33422,
  gdalNodata: 42113,
  dngVersion: 50706,
} as const;

const COLOURS: ReadonlyMap<number, Colour> = new Map([
  [0, "white is zero"],
  [1, "black is zero"],
  [2, "RGB"],
  [3, "palette"],
  [5, "CMYK"],
  [6, "YCbCr"],
]);
/** Number of colour samples per pixel. */
const SAMPLES: Readonly<Record<Colour, number>> = {
  "white is zero": 1,
  "black is zero": 1,
  RGB: 3,
  palette: 1,
  CMYK: 4,
  YCbCr: 3,
};
const OTHER_COLOURS: ReadonlyMap<number, string> = new Map([
  [4, "a transparency mask"],
  [8, "CIE L*a*b* colours"],
  [9, "ICC L*a*b* colours"],
  [10, "ITU L*a*b* colours"],
  [32844, "LogL luminance"],
  [32845, "LogLuv colours"],
]);
const CAMERA_RAW: readonly number[] = [32803, 34892];

/** Supported values of the field Compression. */
export const PACKINGS: ReadonlyMap<number, Packing> = new Map([
  [1, "none"],
  [2, "CCITT RLE"],
  [3, "CCITT G3"],
  [4, "CCITT G4"],
  [5, "LZW"],
  [7, "JPEG"],
  [8, "deflate"],
  [32773, "PackBits"],
  [32946, "deflate"],
]);
const OTHER_PACKINGS: ReadonlyMap<number, string> = new Map([
  [6, "old-style JPEG"],
  [32766, "NeXT"],
  [32771, "CCITT RLE in words"],
  [32809, "ThunderScan"],
  [32908, "Pixar film"],
  [32909, "Pixar log"],
  [33003, "JPEG 2000"],
  [33004, "JPEG 2000"],
  [33005, "JPEG 2000"],
  [34661, "JBIG"],
  [34676, "SGI log"],
  [34677, "SGI log"],
  [34712, "JPEG 2000"],
  [34887, "LERC"],
  [34892, "lossy JPEG"],
  [34925, "LZMA"],
  [50000, "Zstandard"],
  [50001, "WebP"],
  [50002, "JPEG XL"],
]);

/** Conversion commands for compressions that libtiff's tools often cannot decode, or not with correct colours. */
const BY_OTHER_TOOLS: ReadonlyMap<number, string> = new Map([
  [6, "tiff2rgba in.tif out.tif"],
  ...[33003, 33004, 33005].map((jpeg2000) => [jpeg2000, "vips copy in.tif out.png"] as const),
  [34712, "tifffile.imread (Python, with imagecodecs)"],
  ...[34887, 50002].map((gdals) => [gdals, "gdal_translate -co COMPRESS=LZW in.tif out.tif"] as const),
]);

/** Values of the field Predictor. */
const PREDICTORS = { none: 1, horizontal: 2 } as const;
const FORMATS = ["", "whole numbers", "signed numbers", "floating-point numbers", "values of no format"];
/** Value of ExtraSamples: alpha by which colours have been multiplied. */
const ASSOCIATED = 1;
/** Size limit of all samples in bytes: 100 megapixels of 16-bit RGBA. */
const MAX_BYTES = 800_000_000;
/** Pixels by which tiles may exceed the picture. */
const TILE_MARGIN = 4_194_304;

/**
 * Describes a file's first picture.
 *
 * @param bytes A file for which `isTiff` is true.
 * @throws {RangeError} If the file ends inside its directory, or the directory is invalid.
 */
export function describeTiff(bytes: Uint8Array): TiffDescription {
  const directory = firstPicture(bytes);
  const [width] = directory.numbers(TAG.width, 1) ?? [];
  const [height] = directory.numbers(TAG.height, 1) ?? [];
  if (width === undefined || height === undefined) return {};
  const size = [width, height] as const;
  const orientation = directory.numbers(TAG.orientation, 1)?.[0];
  if (width === 0 || height === 0) return { size, orientation };
  const picture = readPicture(bytes, directory, size);
  return typeof picture === "string" ? { size, orientation, unsupported: picture } : { size, orientation, picture };
}

/** Most directories that are read. */
const MAX_DIRECTORIES = 16;

/** The first directory that is not a preview of another picture; if there is none, the first one. */
export function firstPicture(bytes: Uint8Array): Directory {
  const first = readDirectory(bytes);
  let directory = first;
  for (let i = 0; i < MAX_DIRECTORIES && isPreview(directory); i++) {
    if (directory.next === 0) return first;
    directory = readDirectory(bytes, directory.next);
  }
  return isPreview(directory) ? first : directory;
}

function isPreview(directory: Directory): boolean {
  return ((directory.numbers(TAG.subfileType, 1)?.[0] ?? 0) & 1) !== 0;
}

function unsupported(kind: string, convert: string): string {
  return `this kind of TIFF (${kind}) is not supported; to convert it: ${convert}`;
}

const TO_PNG = "magick in.tif[0] out.png"; // in ImageMagick 6, convert
const TO_LZW = "tiffcp -c lzw in.tif out.tif";
const TO_RGB = "tiff2rgba in.tif out.tif";

/** The picture, or why it cannot be decoded. */
function readPicture(
  bytes: Uint8Array,
  directory: Directory,
  [width, height]: readonly [number, number],
): TiffPicture | string {
  const one = (tag: number, missing: number): number => directory.numbers(tag, 1)?.[0] ?? missing;
  const photometric = one(TAG.photometric, 1);
  if (CAMERA_RAW.includes(photometric) || directory.has(TAG.cfaPattern) || directory.has(TAG.dngVersion)) {
    return CAMERA_RAW_ADVICE;
  }
  if (isPreview(directory) && directory.has(TAG.subDirectories)) return CAMERA_RAW_ADVICE;
  const compression = one(TAG.compression, 1);
  const packing = PACKINGS.get(compression);
  if (packing === undefined) {
    const convert = BY_OTHER_TOOLS.get(compression) ?? TO_LZW;
    return unsupported(OTHER_PACKINGS.get(compression) ?? `compression ${compression}`, convert);
  }
  const colour = COLOURS.get(photometric);
  if (colour === undefined) {
    return unsupported(OTHER_COLOURS.get(photometric) ?? `photometric interpretation ${photometric}`, TO_PNG);
  }
  if (colour === "YCbCr" && packing !== "JPEG") return unsupported("YCbCr without JPEG", TO_RGB);
  const format = directory.numbers(TAG.sampleFormat)?.find((format) => format !== 1);
  const samples = one(TAG.samples, 1);
  const [bits = 1, ...others] = directory.numbers(TAG.bits) ?? [];
  if (format !== undefined) {
    return unsupported(`${FORMATS[format] ?? `sample format ${format}`} of ${bits} bits`, toBytes(width, height));
  }
  if (others.some((other) => other !== bits)) {
    return unsupported(`samples of ${[bits, ...others].join(", ")} bits`, TO_PNG);
  }
  if (bits > 16 || bits === 0) return unsupported(`samples of ${bits} bits`, TO_PNG);
  const colours = SAMPLES[colour];
  if (samples < colours) throw new RangeError(`it has ${samples} samples per pixel, expected ${colours}`);
  if (colour === "palette" && bits > 8) return unsupported(`a palette of ${bits} bits`, TO_PNG);
  if (colour === "CMYK" && one(TAG.inkSet, 1) !== 1) return unsupported("inks other than CMYK", TO_PNG);
  if (packing.startsWith("CCITT") && (bits !== 1 || samples !== 1)) {
    throw new RangeError(`it has ${samples} samples of ${bits} bits in ${packing}, expected one of one bit`);
  }
  const predictor = packing === "LZW" || packing === "deflate" ? one(TAG.predictor, 1) : PREDICTORS.none;
  if (predictor !== PREDICTORS.none && (predictor !== PREDICTORS.horizontal || (bits !== 8 && bits !== 16))) {
    return unsupported(`predictor ${predictor} of ${bits} bits`, TO_LZW);
  }
  if (Math.ceil(width * samples * bits / 8) * height > MAX_BYTES) {
    return `its ${width}×${height} pixels of ${samples} samples need more than ${MAX_BYTES} bytes`;
  }
  const extras = directory.numbers(TAG.extraSamples) ?? [];
  const associated = extras.indexOf(ASSOCIATED);
  if (associated >= 0 && (colour === "CMYK" || colour === "palette")) {
    return unsupported(`${colour} multiplied by its transparency`, TO_PNG);
  }
  const planar = one(TAG.planar, 1) === 2 && samples > 1;
  const fits = planar || samples === colours || samples === 4 && colour === "RGB";
  if (packing === "JPEG" && (bits !== 8 || colour === "palette" || !fits)) {
    return unsupported(`${samples} samples of ${bits} bits in JPEG, ${colour}`, TO_PNG);
  }
  const parts = readParts(directory, { width, height, planes: planar ? samples : 1 });
  if (typeof parts === "string") return parts;
  const { offsets, lengths, part } = parts;
  const rowBytes = Math.ceil(width * (planar ? 1 : samples) * bits / 8);
  const picture: TiffPicture = {
    width,
    height,
    colour,
    colours,
    samples,
    bits,
    alpha: associated < 0 ? undefined : colours + associated,
    planar,
    packing,
    differences: predictor === PREDICTORS.horizontal,
    reversed: packing !== "JPEG" && one(TAG.fillOrder, 1) === 2,
    little: directory.little,
    part,
    offsets,
    lengths: lengths ?? offsets.map((_, i) => rowBytes * Math.min(part.height, height - i * part.height)),
    palette: colour === "palette" ? directory.numbers(TAG.palette) ?? [] : [],
    twoDimensional: (one(TAG.t4Options, 0) & 1) !== 0,
    missing: missingValue(directory, { least: 0, most: 2 ** bits - 1 }),
    jpegTables: directory.bytes(TAG.jpegTables),
  };
  if (lengths === undefined && (packing !== "none" || part.tiled || planar)) {
    throw new RangeError("it does not give the lengths of its parts");
  }
  const [a, b] = bytes.subarray(offsets[0], offsets[0]! + 2);
  if (packing === "LZW" && a === 0 && (b! & 1) !== 0) return unsupported("LZW as before 1992", TO_LZW);
  return picture;
}

/**
 * GDAL's value for missing data. Parts that contain only this value may be omitted from the file.
 *
 * @param range Range of the samples, if they are integers. GDAL takes the nearest value in it.
 */
export function missingValue(
  directory: Directory,
  range?: { readonly least: number; readonly most: number },
): number {
  const text = directory.text(TAG.gdalNodata)?.trim();
  const value = text ? Number(text) : 0;
  if (range === undefined) return value;
  return Number.isNaN(value) ? 0 : Math.min(Math.max(Math.round(value), range.least), range.most);
}

/** Whether GDAL has omitted a part from the file. */
export function isMissing({ offsets, lengths }: Pick<TiffPicture, "offsets" | "lengths">, index: number): boolean {
  return offsets[index] === 0 && lengths[index] === 0;
}

/** Advice for camera raw files. */
export const CAMERA_RAW_ADVICE =
  "a camera's raw file is not supported; to convert it: darktable-cli photo.dng photo.jpg, or for the camera's own " +
  "JPEG exiftool -b -JpgFromRaw photo.dng > photo.jpg (or -PreviewImage)";

/** Floating-point values have no fixed range, so the user has to scale them. */
function toBytes(width: number, height: number): string {
  return `magick in.tif -depth 8 out.png if values are in 0 to 1; otherwise scale the ${width}×${height} values first`;
}

/**
 * Finds the parts of a picture.
 *
 * @returns The parts, or why the picture cannot be decoded.
 * @throws {RangeError} If the fields are invalid.
 */
export function readParts(
  directory: Directory,
  { width, height, planes }: { readonly width: number; readonly height: number; readonly planes: number },
): Pick<TiffPicture, "part" | "offsets"> & { readonly lengths?: readonly number[] } | string {
  const tiled = directory.has(TAG.tileWidth);
  const [across, down] = tiled
    ? [directory.numbers(TAG.tileWidth, 1)?.[0] ?? 0, directory.numbers(TAG.tileHeight, 1)?.[0] ?? 0]
    : [width, Math.min(height, directory.numbers(TAG.rowsPerStrip, 1)?.[0] || height)];
  if (across === 0 || down === 0) throw new RangeError("its tiles have no pixels");
  const columns = Math.ceil(width / across);
  const count = columns * Math.ceil(height / down) * planes;
  if (columns * across * height > 4 * width * height + TILE_MARGIN) return "its tiles are far larger than the picture";
  const offsets = directory.numbers(tiled ? TAG.tileOffsets : TAG.stripOffsets, count) ??
    directory.numbers(tiled ? TAG.stripOffsets : TAG.tileOffsets, count);
  const lengths = directory.numbers(tiled ? TAG.tileLengths : TAG.stripLengths, count) ??
    directory.numbers(tiled ? TAG.stripLengths : TAG.tileLengths, count);
  if (offsets === undefined || offsets.length < count || (lengths !== undefined && lengths.length < count)) {
    throw new RangeError(`it has ${offsets?.length ?? 0} parts, expected ${count}`);
  }
  return { part: { width: across, height: down, tiled }, offsets, lengths };
}
