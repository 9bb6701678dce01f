/**
 * STL-10 in its binary version: a file of 96×96 images as planes of red, green and blue, column by column, and a file of
 * labels from 1 beside it.
 *
 * @module
 */

import { RanetError } from "../errors.ts";
import { datasetError } from "./dataset_error.ts";
import { readAt, readBoundedFile, withFile } from "../io/files.ts";
import { nameClasses } from "./class_names.ts";
import type { Dataset, DatasetOptions, ImageRecords } from "./dataset.ts";
import type { RgbImage } from "./image.ts";
import { labelRecords, recordDataset } from "./labelled_records.ts";
import { fromPlanes } from "./planes.ts";

/** Names of files of images. */
export const STL10_IMAGES = /(?:^|[/\\])(?:train|test)_X\.bin$/;

/** STL-10's classes in the order of their labels, from the data set's class_names.txt. */
export const STL10_CLASSES: readonly string[] = [
  "airplane",
  "bird",
  "car",
  "cat",
  "deer",
  "dog",
  "horse",
  "monkey",
  "ship",
  "truck",
];
const SIDE = 96;
const PLANE = SIDE * SIDE;
/** Size limit of the file of labels in bytes. */
const MAX_LABELS = 1_000_000;

/**
 * Opens a file of images and the file of labels beside it (`train_X.bin`, `train_y.bin`).
 *
 * @param path The file of images.
 * @throws {RanetError} If one of the two is missing or is not such a file, or (without `skipBad`) a label is not among
 * the model's.
 */
export async function openStl10(path: string, options: DatasetOptions): Promise<Dataset> {
  const records = await stl10Records(path);
  const labelsPath = path.replace(/X\.bin$/, "y.bin");
  const values = await readBoundedFile(labelsPath, MAX_LABELS);
  if (values.length !== records.size) {
    throw datasetError(path, `${records.size} images, but ${values.length} labels`);
  }
  const wrong = values.find((value) => value < 1 || value > STL10_CLASSES.length);
  if (wrong !== undefined) {
    throw datasetError(path, `expected labels from 1 to ${STL10_CLASSES.length}, found ${wrong}`);
  }
  const isIndexes = options.readLabels === "indexes";
  const { labels, notes } = isIndexes
    ? { labels: options.labels, notes: [] }
    : nameClasses(options.labels, { numbered: STL10_CLASSES });
  const marks = Array.from(values, (value) => isIndexes ? value - 1 : STL10_CLASSES[value - 1]!);
  const found = labelRecords(marks, { ...options, labels, path, source: labelsPath });
  return recordDataset({
    format: "STL-10",
    path,
    found,
    images: records,
    files: [path, labelsPath],
    notes,
    classes: labels,
    nameOf: (place) => `image ${place}`,
  });
}

/**
 * Opens a file of images without labels.
 *
 * @throws {RanetError} If it is not such a file.
 */
export async function stl10Records(path: string): Promise<ImageRecords> {
  const { size } = await withFile(path, () => Deno.stat(path));
  if (size === 0 || size % (3 * PLANE) !== 0) {
    throw datasetError(path, `expected images of ${3 * PLANE} bytes (STL-10), found a file of ${size} bytes`);
  }
  return {
    size: size / (3 * PLANE),
    async image(index: number): Promise<RgbImage> {
      const planes = await readAt(path, index * 3 * PLANE, 3 * PLANE);
      if (planes.length < 3 * PLANE) throw new RanetError(`Cannot read ${JSON.stringify(path)}: it has become shorter`);
      return fromPlanes(planes, SIDE);
    },
  };
}
