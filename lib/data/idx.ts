/**
 * IDX files, the format of MNIST and similar data sets: one file of grey images and one of labels, each optionally
 * gzipped.
 *
 * @module
 */
import { basename } from "node:path";
import { RanetError } from "../errors.ts";
import { datasetError } from "./dataset_error.ts";
import { type Size, sizeOf } from "../network/size.ts";
import type { Dataset, DatasetOptions, ImageRecords } from "./dataset.ts";
import { readBoundedFile } from "../io/files.ts";
import type { RgbImage } from "./image.ts";
import { inflateSized } from "./inflate.ts";
import { labelRecords, recordDataset } from "./labelled_records.ts";

/** Names of image files. */
export const IDX_IMAGES = /images([-.])idx3-ubyte(?:\.gz)?$/;

/** Note about EMNIST, from its readme. */
const SWAPPED =
  "EMNIST's images have rows and columns swapped. They are used unchanged, as in torchvision. Before a network trained on " +
  "them classifies other images, swap the rows and columns of those, too";

/** Size limit of an unpacked file in bytes. Files are kept in memory. */
const MAX_BYTES = 1_000_000_000;

/**
 * Opens a file of images and the file of labels beside it, which has the matching name (`…labels-idx1-ubyte`). Grey
 * becomes RGB, and images smaller than the model's input are padded with black on all sides.
 *
 * @param path The file of images.
 * @throws {RanetError} If one of the two is missing or is not such a file, they do not match, or (without `skipBad`) a
 * label is not among the model's.
 */
export async function openIdx(path: string, options: DatasetOptions): Promise<Dataset> {
  const records = await idxRecords(path, options);
  const marksPath = await labelsPath(path);
  const marks = await readIdx(marksPath, 1);
  if (marks.shape[0] !== records.size) {
    throw datasetError(path, `${records.size} images, but ${marks.shape[0]} labels`);
  }
  const found = labelRecords(marks.data, { ...options, path, source: marksPath });
  return recordDataset({
    format: "IDX",
    path,
    found,
    images: records,
    files: [path, marksPath],
    notes: /^emnist-/i.test(basename(path)) ? [SWAPPED] : [],
    classes: options.labels,
    nameOf: (place) => `image ${place}`,
  });
}

/**
 * Opens a file of images without labels.
 *
 * @throws {RanetError} If it is not such a file.
 */
export async function idxRecords(
  path: string,
  { inputSize }: Pick<DatasetOptions, "inputSize">,
): Promise<ImageRecords> {
  const atLeast = sizeOf(inputSize);
  const { shape, data } = await readIdx(path, 3);
  const [size, height, width] = shape as [number, number, number];
  return {
    size,
    image: (index) =>
      Promise.resolve(
        greyToRgb(data.subarray(index * height * width, (index + 1) * height * width), { width, height, atLeast }),
      ),
  };
}

/** Path of the labels for a file of images. Either file may be gzipped. */
async function labelsPath(path: string): Promise<string> {
  const plain = path.replace(IDX_IMAGES, "labels$1idx1-ubyte");
  for (const candidate of [plain, `${plain}.gz`]) {
    try {
      await Deno.stat(candidate);
      return candidate;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) return candidate; // reading it will give the error
    }
  }
  throw datasetError(path, `expected its labels in ${JSON.stringify(plain)} or .gz, found neither`);
}

/** Reads a file of unsigned bytes with this number of dimensions. */
async function readIdx(path: string, dimensions: number): Promise<{ shape: readonly number[]; data: Uint8Array }> {
  const refuse = (reason: string): never => {
    throw new RanetError(`Cannot read ${JSON.stringify(path)}: ${reason}`);
  };
  const file = await readBoundedFile(path, MAX_BYTES);
  const start = 4 + 4 * dimensions;
  const parse = (bytes: Uint8Array): number[] => {
    if (bytes.length < start || bytes[0] !== 0 || bytes[1] !== 0 || bytes[2] !== 8 || bytes[3] !== dimensions) {
      return refuse(`it is not an IDX file of unsigned bytes in ${dimensions} dimensions`);
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return Array.from({ length: dimensions }, (_, i) => view.getUint32(4 + 4 * i));
  };
  const sizeOf = (shape: readonly number[]) => start + shape.reduce((product, size) => product * size, 1);
  const packed = file[0] === 0x1f && file[1] === 0x8b;
  const bytes = packed ? await gunzip(file, { start, size: (head) => sizeOf(parse(head)), refuse }) : file;
  const shape = parse(bytes);
  if (sizeOf(shape) === start || sizeOf(shape) !== bytes.length) {
    return refuse(`its header says ${shape.join("×")} bytes, found ${bytes.length - start}`);
  }
  return { shape, data: bytes.subarray(start) };
}

/** Unpacks a file to the length that its header (the first `start` bytes) gives, plus one byte if there is more. */
async function gunzip(
  file: Uint8Array,
  { refuse, ...options }: {
    readonly start: number;
    readonly size: (head: Uint8Array) => number;
    readonly refuse: (reason: string) => never;
  },
): Promise<Uint8Array> {
  try {
    return await inflateSized(file, { format: "gzip", max: MAX_BYTES, ...options });
  } catch (error) {
    if (error instanceof RanetError) throw error;
    return refuse(error instanceof RangeError ? error.message : "its gzip data is truncated or damaged");
  }
}

function greyToRgb(
  grey: Uint8Array,
  options: { readonly width: number; readonly height: number; readonly atLeast: Size },
): RgbImage {
  const width = Math.max(options.width, options.atLeast.width);
  const height = Math.max(options.height, options.atLeast.height);
  const left = (width - options.width) >> 1;
  const top = (height - options.height) >> 1;
  const data = new Uint8Array(4 * width * height);
  for (let y = 0; y < options.height; y++) {
    for (let x = 0; x < options.width; x++) {
      const at = 4 * ((top + y) * width + left + x);
      data.fill(grey[y * options.width + x]!, at, at + 3);
    }
  }
  return { width, height, data };
}
