/**
 * SVHN's cropped digits: MATLAB files of 32×32 images and their labels, 10 for the digit 0.
 *
 * @module
 */

import { datasetError } from "./dataset_error.ts";
import type { Dataset, DatasetOptions, ImageRecords } from "./dataset.ts";
import { fromPlanes } from "./planes.ts";
import { labelRecords, recordDataset } from "./labelled_records.ts";
import { type MatArray, readMat } from "./mat.ts";

/** Names of the files. */
export const SVHN_FILES = /(?:^|[/\\])(?:train|test|extra)_32x32\.mat$/;

/** The classes in the order of their labels, as torchvision counts them. */
export const SVHN_CLASSES: readonly string[] = Array.from({ length: 10 }, (_, digit) => String(digit));
const SIDE = 32;
const IMAGE = 3 * SIDE * SIDE;

/**
 * Opens a file.
 *
 * @throws {RanetError} If it is not such a file, or (without `skipBad`) a label is not among the model's.
 */
export async function openSvhn(path: string, options: DatasetOptions): Promise<Dataset> {
  const { X, y } = await readMat(path, ["X", "y"]);
  const images = imagesIn(X, path);
  if (y.data.length !== images.size) throw datasetError(path, `${images.size} images, but ${y.data.length} labels`);
  const digits = Array.from(y.data, (label) => label === 10 ? 0 : label);
  const found = labelRecords(digits, { ...options, path, source: path });
  return recordDataset({
    format: "SVHN",
    path,
    found,
    images,
    files: [path],
    notes: [],
    classes: options.labels,
    nameOf: (place) => `image ${place}`,
  });
}

/**
 * Opens the images of a file without their labels.
 *
 * @throws {RanetError} If it is not such a file.
 */
export async function svhnRecords(path: string): Promise<ImageRecords> {
  return imagesIn((await readMat(path, ["X"])).X, path);
}

function imagesIn({ shape, data }: MatArray, path: string): ImageRecords {
  const [height, width, channels, size = 1] = shape;
  if (height !== SIDE || width !== SIDE || channels !== 3 || !(data instanceof Uint8Array)) {
    throw datasetError(path, `expected ${SIDE}×${SIDE}×3 images of bytes, found ${shape.join("×")}`);
  }
  return {
    size,
    image: (index) => Promise.resolve(fromPlanes(data.subarray(index * IMAGE, (index + 1) * IMAGE), SIDE)),
  };
}
