/**
 * Data sets whose samples are image files.
 *
 * @module
 */

import { isAbsolute, join, resolve } from "node:path";
import { digestFiles, readBoundedFile } from "../io/files.ts";
import type { Dataset, Sample, SampleFile } from "./dataset.ts";
import { decodeImage, MAX_IMAGE_BYTES } from "./decode.ts";

/** Names of files that are taken for images. */
export const IMAGE_FILE = /\.(jpe?g|jpe|jfif|pjpe?g|pjp|mpo|png|apng|webp|avifs?|gif|bmp|dib|tiff?)$/i;

/** Makes a data set of image files: two lists of equal length, so that a million of them take little memory. */
export function imageFileDataset(
  options: Pick<Dataset, "name" | "format" | "bad" | "notes" | "classes"> & {
    /** Folder that the files are relative to. */
    readonly root: string;
    /** Each sample's file. */
    readonly files: readonly string[];
    /** Each sample's label. */
    readonly labels: readonly number[];
  },
): Dataset {
  const { name, format, bad, notes, classes, root, files, labels } = options;
  const pathOf = (file: string) => isAbsolute(file) ? file : join(root, file);
  const folder = resolve(root);
  const origin = (index: number) => resolve(folder, files[index]!);
  const file = async (index: number): Promise<SampleFile> => {
    const source = pathOf(files[index]!);
    return { label: labels[index]!, bytes: await readBoundedFile(source, MAX_IMAGE_BYTES), source };
  };
  return {
    name,
    format,
    bad,
    notes,
    classes,
    size: files.length,
    labels: () => Promise.resolve(labels),
    origin,
    file,
    async read(index: number): Promise<Sample> {
      const { label, bytes, source } = await file(index);
      return { name: files[index]!, label, image: await decodeImage(bytes, { source }) };
    },
    digest: (options) =>
      digestFiles(files.map(pathOf), { about: files.map((file, i) => [file, labels[i]]), onFile: options?.onSample }),
  };
}
