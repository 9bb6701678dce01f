/**
 * Finds the files of a part of a data set that has many images in each: CIFAR, STL-10, SVHN, IDX files and NumPy archives.
 *
 * @module
 */

import { join } from "node:path";
import { datasetError } from "./dataset_error.ts";
import { withFile } from "../io/files.ts";
import { CIFAR_PICKLE } from "./cifar_pickles.ts";
import { IDX_IMAGES } from "./idx.ts";
import { type Part, withoutWrappers } from "./parts.ts";
import { ARRAY_ARCHIVE } from "./sample_arrays.ts";
import { STL10_IMAGES } from "./stl10.ts";
import { SVHN_FILES } from "./svhn.ts";

/** Names of files, the most specific kind first. */
const KINDS: readonly RegExp[] = [
  STL10_IMAGES,
  SVHN_FILES,
  /\.bin$/i,
  IDX_IMAGES,
  ARRAY_ARCHIVE,
  /^(data_batch_\d|test_batch)$/,
];
/** Names of CIFAR-100's files for Python, which also have a file `meta` beside them. */
const CIFAR_100 = /^(train|test)$/;

/** How files of each part are called. */
const RECORDS_OF: Readonly<Record<"test" | "training", RegExp>> = {
  training: /train|data_batch/i,
  test: /test|t10k/i,
};

/**
 * Files with many images each in a folder, or in the only folder in it.
 *
 * @param part Default: any.
 * @returns Their paths, and the folder. No files if there are none.
 * @throws {RanetError} If there are only files of the other part.
 */
export async function findRecords(
  path: string,
  part?: Part,
): Promise<{ readonly files: readonly string[]; readonly folder: string }> {
  const files = await recordsIn(path, part);
  if (files.length > 0) return { files, folder: path };
  const folder = await withoutWrappers(path);
  return { files: folder === path ? [] : await recordsIn(folder, part), folder };
}

async function recordsIn(folder: string, part: Part | undefined): Promise<string[]> {
  const entries = await withFile(folder, () => Array.fromAsync(Deno.readDir(folder)));
  const all = entries.map(({ name }) => name);
  const isHundred = ["train", "test", "meta"].every((one) =>
    entries.some(({ name, isDirectory }) => name === one && !isDirectory)
  );
  // torchvision leaves the packed files beside the unpacked ones.
  const names = all.filter((name) => !(name.endsWith(".gz") && all.includes(name.slice(0, -".gz".length))));
  for (const kind of [...KINDS, ...isHundred ? [CIFAR_100] : []]) {
    const files = names.filter((name) => kind.test(name)).sort();
    if (files.length === 0) continue;
    if (part === undefined) return files.map((name) => join(folder, name));
    const [wanted, other] = part === "training" ? ["training", "test"] as const : ["test", "training"] as const;
    const own = files.filter((name) => RECORDS_OF[wanted].test(name));
    const rest = files.filter((name) => !RECORDS_OF[other].test(name));
    const chosen = own.length > 0 ? own : rest;
    if (chosen.length > 0) return chosen.map((name) => join(folder, name));
    throw datasetError(
      folder,
      `it has no files for ${wanted}, only ${files.join(", ")}. ` +
        "Name one of them to use it",
    );
  }
  return [];
}

/** Whether a file is one of CIFAR's, by its name. */
export function isCifar(file: string): boolean {
  return (/\.bin$/i.test(file) && !STL10_IMAGES.test(file)) || CIFAR_PICKLE.test(file);
}
