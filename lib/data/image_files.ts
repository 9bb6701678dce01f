/**
 * Data sets whose samples are image files.
 *
 * @module
 */

import { isAbsolute, join, resolve } from "node:path";
import { digestFiles, readBoundedFile } from "../io/files.ts";
import { ARRAY_FILE, arrayPicture, isArray } from "./arrays.ts";
import type { Dataset, DatasetOptions, Sample, SampleFile } from "./dataset.ts";
import { decodeImage, MAX_IMAGE_BYTES } from "./decode.ts";
import { takesImages } from "./preprocess.ts";

/** Names of files that are treated as images. */
export const IMAGE_FILE = /\.(jpe?g|jpe|jfif|pjpe?g|pjp|mpo|png|apng|webp|avifs?|gif|bmp|dib|tiff?|p[bgpn]m)$/i;

/** Names of the sample files in a data set's folders. */
export function sampleFiles({ channels = 3 }: Pick<DatasetOptions, "channels">): RegExp {
  return takesImages(channels) ? IMAGE_FILE : ARRAY_FILE;
}

/** Whether a file with this name may be a sample. */
export function isSampleFile(name: string): boolean {
  return IMAGE_FILE.test(name) || ARRAY_FILE.test(name);
}

/**
 * Makes a data set of image files. Files and labels are two lists of equal length, so that a million of them take
 * little memory.
 */
export function imageFileDataset(
  options: Pick<Dataset, "name" | "format" | "bad" | "notes" | "classes"> & {
    /** Folder that the files are relative to. */
    readonly root: string;
    /** Each sample's file. */
    readonly files: readonly string[];
    /** Each sample's label. */
    readonly labels: readonly number[];
    /** Number of the network's input channels. Default: 3. */
    readonly channels?: number;
  },
): Dataset {
  const { name, format, bad, notes, classes, root, files, labels, channels = 3 } = options;
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
      const image = isArray(bytes, channels) ? arrayPicture(bytes, source) : await decodeImage(bytes, { source });
      return { name: files[index]!, label, image };
    },
    digest: (options) =>
      digestFiles(files.map(pathOf), { about: files.map((file, i) => [file, labels[i]]), onFile: options?.onSample }),
  };
}
