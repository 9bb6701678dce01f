/**
 * Finds the files of a part of a data set that has many images in each: CIFAR, STL-10, IDX files and NumPy archives.
 *
 * @module
 */

import { join } from "node:path";
import { RanetError } from "../errors.ts";
import { withFile } from "../io/files.ts";
import { CIFAR_PICKLE, findCifarPickles } from "./cifar_pickles.ts";
import { IDX_IMAGES } from "./idx.ts";
import type { Part } from "./parts.ts";
import { ARRAY_ARCHIVE } from "./sample_arrays.ts";
import { STL10_IMAGES } from "./stl10.ts";

/** How files of each part are called. */
const RECORDS_OF: Readonly<Record<"test" | "training", RegExp>> = {
  training: /train|data_batch/i,
  test: /test|t10k/i,
};

/**
 * Files of a part with many images each in a folder.
 *
 * @throws {RanetError} If there are only files of the other part.
 */
export async function findRecords(folder: string, part: Part): Promise<string[]> {
  const all = await withFile(folder, () => Array.fromAsync(Deno.readDir(folder), ({ name }) => name));
  // torchvision leaves the packed files beside the unpacked ones.
  const names = all.filter((name) => !(name.endsWith(".gz") && all.includes(name.slice(0, -".gz".length))));
  for (const kind of [STL10_IMAGES, /\.bin$/i, IDX_IMAGES, ARRAY_ARCHIVE]) {
    const files = names.filter((name) => kind.test(name)).sort();
    if (files.length === 0) continue;
    const [wanted, other] = part === "training" ? ["training", "test"] as const : ["test", "training"] as const;
    const own = files.filter((name) => RECORDS_OF[wanted].test(name));
    const rest = files.filter((name) => !RECORDS_OF[other].test(name));
    const chosen = own.length > 0 ? own : rest;
    if (chosen.length > 0) return chosen.map((name) => join(folder, name));
    throw new RanetError(
      `Cannot open data set ${JSON.stringify(folder)}: it has no files for ${wanted}, only ${files.join(", ")}. ` +
        "Name one of them to use it",
    );
  }
  return await findCifarPickles(folder, part);
}

/** Whether a file is one of CIFAR's, by its name. */
export function isCifar(file: string): boolean {
  return (/\.bin$/i.test(file) && !STL10_IMAGES.test(file)) || CIFAR_PICKLE.test(file);
}
