/**
 * NumPy arrays of many images and one of their labels: a `.npz` archive, such as MedMNIST's and Keras', or a `.npy` file
 * with its labels in another file beside it, such as CIFAR-10-C's.
 *
 * @module
 */

import { basename, dirname, join } from "node:path";
import { RanetError } from "../errors.ts";
import { datasetError } from "./dataset_error.ts";
import { exists } from "../io/exists.ts";
import { readBoundedFile } from "../io/files.ts";
import { unzip, type ZipEntry } from "../io/unzip.ts";
import type { Dataset, DatasetOptions, ImageRecords } from "./dataset.ts";
import { MAX_PIXELS } from "./decode.ts";
import type { RgbImage } from "./image.ts";
import { labelRecords, recordDataset } from "./labelled_records.ts";
import { npyHeader } from "./npy.ts";
import { type NumberFormat, NUMBERS } from "./numbers.ts";
import { isNamedAfter, type Part, PARTS, SUBSTITUTES } from "./parts.ts";
import { checkTakesImages } from "./preprocess.ts";

/** Names of files with arrays of samples. */
export const SAMPLE_ARRAYS = /\.np[yz]$/i;
/** Names of archives. */
export const ARRAY_ARCHIVE = /\.npz$/i;

/** How names of arrays end in an archive. */
const ENDING = ".npy";
/** Size limit of an unpacked file in bytes. Files are kept in memory. */
const MAX_BYTES = 1_000_000_000;

/** An array with its name. */
interface NamedArray {
  readonly name: string;
  readonly descr: string;
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

/** Images and their labels. */
interface Pair {
  readonly images: NamedArray;
  readonly labels: NamedArray;
  /** Files that they are read from. */
  readonly files: readonly string[];
}

/**
 * Opens arrays of samples. Images are unsigned bytes, N × height × width, optionally with 1 or 3 channels as the last
 * or the second dimension. Labels are N or N × 1 whole numbers, or N × classes with a single 1 in each row.
 *
 * @param path A `.npz` or `.npy` file.
 * @throws {RanetError} If there are no such arrays, they do not match, or (without `skipBad`) a label is not among the
 * model's.
 */
export async function openSampleArrays(path: string, options: DatasetOptions): Promise<Dataset> {
  const { part = "test", channels = 3 } = options;
  checkTakesImages(channels);
  const pair = ARRAY_ARCHIVE.test(path) ? await pairInArchive(path, part) : await pairOfFiles(path);
  const images = imagesIn(pair.images, path);
  const marks = readMarks(pair.labels, path);
  if (marks.length !== images.size) {
    throw datasetError(path, `${images.size} images, but ${marks.length} labels`);
  }
  const found = labelRecords(marks, { ...options, path, source: path });
  const { name } = pair.images;
  return recordDataset({
    format: "NumPy arrays",
    path,
    found,
    images,
    files: pair.files,
    about: [name],
    classes: options.labels,
    prefix: ARRAY_ARCHIVE.test(path) ? `${name}/` : "",
    nameOf: (place) => place,
  });
}

/**
 * Opens an array of images without labels.
 *
 * @param path A `.npy` file, or a `.npz` file that contains the array.
 * @throws {RanetError} If there is no such array.
 */
export async function arrayRecords(path: string, array: string | undefined): Promise<ImageRecords> {
  if (!ARRAY_ARCHIVE.test(path)) return imagesIn(await arrayFile(path), path);
  const found = (await arraysIn(path)).find(({ name }) => name === array);
  if (!found) throw datasetError(path, `it does not contain the array ${JSON.stringify(array ?? "")}`);
  return imagesIn(found, path);
}

/** Whether an archive has arrays of a part. Nothing is unpacked. */
export async function hasArraysOf(part: Part, path: string): Promise<boolean> {
  let isFound = false;
  await unpack(path, ({ name }) => {
    isFound ||= isNamedAfter(part, name.slice(0, -ENDING.length));
    return false;
  });
  return isFound;
}

async function pairInArchive(path: string, part: Part): Promise<Pair> {
  const arrays = await arraysIn(path);
  const isOf = (each: Part) => ({ name }: NamedArray) => isNamedAfter(each, name);
  const wanted = [part, ...SUBSTITUTES[part]].find((each) => arrays.some(isOf(each)));
  const own = wanted === undefined
    ? arrays.filter((array) => !PARTS.some((each) => isOf(each)(array)))
    : arrays.filter(isOf(wanted));
  const images = own.filter(({ shape }) => shape.length === 3 || shape.length === 4);
  const labels = own.filter(({ shape }) => shape.length === 1 || shape.length === 2);
  if (images.length !== 1 || labels.length !== 1) {
    throw datasetError(
      path,
      `expected one array of images (N × height × width, or with channels) and one of labels (N)${
        wanted === undefined ? "" : ` for ${wanted}`
      }, found ${arrays.map(shapeText).join(", ") || "none"}`,
    );
  }
  return { images: images[0]!, labels: labels[0]!, files: [path] };
}

/** The arrays in an archive. */
async function arraysIn(path: string): Promise<NamedArray[]> {
  const files = await unpack(path, () => true);
  return Array.from(files, ([name, bytes]) => parse(bytes, { name: name.slice(0, -ENDING.length), path }));
}

/** Unpacks wanted arrays of an archive. */
async function unpack(path: string, want: (entry: ZipEntry) => boolean): Promise<Map<string, Uint8Array>> {
  const bytes = await readBoundedFile(path, MAX_BYTES);
  try {
    return unzip(bytes, { want: (entry) => entry.name.endsWith(ENDING) && want(entry), maxBytes: MAX_BYTES });
  } catch (error) {
    if (!(error instanceof RanetError) || !error.message.startsWith("its ")) throw error;
    throw datasetError(path, error.message);
  }
}

async function pairOfFiles(path: string): Promise<Pair> {
  const images = await arrayFile(path);
  const candidates = labelFiles(path);
  for (const file of candidates) {
    if (await exists(file)) return { images, labels: await arrayFile(file), files: [path, file] };
  }
  throw datasetError(path, `expected its labels in ${candidates.join(" or ")}`);
}

/** Where labels of a file of images may be: `x_labels.npy` for `x_data.npy`, `y.npy` for `x.npy`, and `labels.npy`. */
function labelFiles(path: string): string[] {
  const name = basename(path);
  const renamed = [
    name.replace(/(images?|imgs?|data|samples)(?!.*(images?|imgs?|data|samples))/i, "labels"),
    name.replace(/(^|[^a-z])x([^a-z])/i, "$1y$2"),
  ].filter((other) => other !== name);
  return [...renamed, "labels.npy"].map((file) => join(dirname(path), file));
}

async function arrayFile(path: string): Promise<NamedArray> {
  return parse(await readBoundedFile(path, MAX_BYTES), { name: basename(path), path });
}

function parse(bytes: Uint8Array, { name, path }: { readonly name: string; readonly path: string }): NamedArray {
  const { descr, shape, start } = npyHeader(bytes, (reason) => {
    throw datasetError(path, `the array ${JSON.stringify(name)}: ${reason}`);
  });
  return { name, descr, shape, data: bytes.subarray(start) };
}

/** The images of an array. */
function imagesIn(array: NamedArray, path: string): ImageRecords {
  const { descr, shape, data } = array;
  if (descr !== "|u1") {
    throw datasetError(
      path,
      `the array of images has the type ${
        JSON.stringify(descr)
      }, expected unsigned bytes: use array.astype("uint8"), ` +
        "after multiplying by 255 if its values are from 0 to 1",
    );
  }
  const [count, ...rest] = shape as [number, ...number[]];
  if (rest.length !== 2 && rest.length !== 3) {
    throw datasetError(path, `expected images of height × width, optionally with channels, found ${shapeText(array)}`);
  }
  // Channels are the last dimension, or the second one as in PyTorch.
  const isLast = rest.length === 2 || isChannels(rest[2]!);
  const [height, width, channels] = rest.length === 2
    ? [rest[0]!, rest[1]!, 1]
    : isLast
    ? [rest[0]!, rest[1]!, rest[2]!]
    : [rest[1]!, rest[2]!, rest[0]!];
  if (!isChannels(channels) || height < 1 || width < 1) {
    throw datasetError(path, `expected images of 1 or 3 channels, found ${shapeText(array)}`);
  }
  if (height * width > MAX_PIXELS) throw datasetError(path, `images of ${height}×${width} pixels are too large`);
  const length = height * width * channels;
  if (data.length !== count * length) {
    throw datasetError(path, `${shapeText(array)} takes ${count * length} bytes, found ${data.length}`);
  }
  const [step, apart] = isLast ? [channels, 1] : [1, height * width];
  const image = (index: number): RgbImage => {
    const pixels = new Uint8Array(4 * height * width).fill(255);
    for (let pixel = 0, at = index * length; pixel < height * width; pixel++, at += step) {
      for (let c = 0; c < 3; c++) pixels[4 * pixel + c] = data[at + (channels === 3 ? c * apart : 0)]!;
    }
    return { width, height, data: pixels };
  };
  return { size: count, image: (index) => Promise.resolve(image(index)) };
}

function isChannels(size: number): boolean {
  return size === 1 || size === 3;
}

/** Types of labels. */
const LABEL_TYPES: Readonly<Record<string, NumberFormat>> = {
  "|b1": "uint8",
  "|u1": "uint8",
  "|i1": "int8",
  "<u2": "uint16",
  "<i2": "int16",
  "<u4": "uint32",
  "<i4": "int32",
  "<u8": "uint64",
  "<i8": "int64",
  "<f4": "float32",
  "<f8": "float64",
};

/** The label of each image. */
function readMarks(array: NamedArray, path: string): number[] {
  const { descr, shape, data } = array;
  const format = Object.hasOwn(LABEL_TYPES, descr) ? LABEL_TYPES[descr] : undefined;
  if (format === undefined) {
    throw datasetError(
      path,
      `the array of labels has the type ${JSON.stringify(descr)}, expected whole numbers, such as int64`,
    );
  }
  const type = NUMBERS[format];
  const [count = 0, columns = 1] = shape;
  if ((shape.length !== 1 && shape.length !== 2) || columns < 1) {
    throw datasetError(path, `expected one label for each image, found ${shapeText(array)}`);
  }
  if (data.length !== count * columns * type.bytes) {
    throw datasetError(
      path,
      `${shapeText(array)} of ${descr} takes ${count * columns * type.bytes} bytes, found ${data.length}`,
    );
  }
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const at = (row: number, column: number) => type.read(view, (row * columns + column) * type.bytes, true);
  return Array.from({ length: count }, (_, row) => {
    if (columns === 1) {
      const mark = at(row, 0);
      if (Number.isSafeInteger(mark) && mark >= 0) return mark;
      throw datasetError(path, `label ${row} is ${mark}, expected a whole number from 0`);
    }
    const values = Array.from({ length: columns }, (_, column) => at(row, column));
    const classes = [...values.keys()].filter((column) => values[column] === 1);
    if (classes.length === 1 && values.every((value) => value === 0 || value === 1)) return classes[0]!;
    throw datasetError(
      path,
      `expected one class for each image, found ${classes.length} in row ${row} of ${shapeText(array)}`,
    );
  });
}

function shapeText({ name, shape }: Pick<NamedArray, "name" | "shape">): string {
  return `${name} ${shape.join("×")}`;
}
