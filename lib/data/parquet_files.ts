/**
 * Finds the Parquet files of a data set's part in a folder, such as a download from Hugging Face.
 *
 * @module
 */

import { basename, dirname, join } from "node:path";
import { datasetError } from "./dataset_error.ts";
import { IMAGE_FILE } from "./image_files.ts";
import { isNamedAfter, isNamedAfterPart, type Part, partOf, SUBSTITUTES } from "./parts.ts";
import { listData } from "./passed_over.ts";

/** Names of Parquet files. */
export const PARQUET = /\.parquet$/i;

/** Tables beside images, as in Hugging Face's folders of images. */
const METADATA = /^metadata\.parquet$/i;
/** Folders inside folders that are searched. The hub's cache has data sets in `snapshots/REVISION/data`. */
const MAX_DEPTH = 4;
/** Most folders of a folder that are searched. */
const LOOKED_INTO = 32;

/**
 * Finds the files of a part: those named after it, such as `data/train-00000-of-00002.parquet`, or in a folder named after
 * it. If no file is named after a part, all belong to each.
 *
 * @param path The folder.
 * @returns Their paths, sorted, and the part that they were found for, which may be a substitute. No files if the folder
 * contains none, or images.
 * @throws {RanetError} If there are files, but none of the part, or those of several data sets.
 */
export async function findParquetFiles(
  path: string,
  part: Part,
): Promise<{ readonly files: readonly string[]; readonly part: Part }> {
  const all = await search(path, "", 0);
  if (all.length === 0) return { files: [], part };
  const splits = [...new Set(all.map(splitOf))];
  const refuse = (reason: string): never => {
    throw datasetError(path, reason);
  };
  const wanted = [part, ...SUBSTITUTES[part]].find((each) => splits.some((split) => isNamedAfter(each, split)));
  if (wanted === undefined && splits.some(isNamedAfterPart)) {
    return refuse(`it has no files for ${part}, only ${all.slice(0, 4).join(", ")}`);
  }
  const split = wanted && partOf(wanted, splits);
  if (wanted !== undefined && split === undefined) {
    const several = splits.filter((each) => isNamedAfter(wanted, each)).join(" and ");
    return refuse(`it has several parts for ${wanted}, ${several}. Move the other one away, or use the files of one`);
  }
  const files = all.filter((file) => split === undefined || splitOf(file) === split);
  const sets = [...new Set(files.map(setOf))];
  if (sets.length === 1) return { files: files.map((file) => join(path, file)), part: wanted ?? part };
  return refuse(`it contains several data sets. Use one of ${sets.map((set) => join(path, set)).join(", ")}`);
}

/** Whether a folder contains Parquet files of a part. */
export async function hasParquetOf(part: Part, path: string): Promise<boolean> {
  return (await search(path, "", 0)).some((file) => isNamedAfter(part, splitOf(file)));
}

/** Parquet files in a folder, or else those in its folders. A folder of images has none. */
async function search(root: string, folder: string, depth: number): Promise<string[]> {
  const { files, folders } = await listData(join(root, folder));
  if (files.some((name) => IMAGE_FILE.test(name))) return [];
  const own = files.filter((name) => PARQUET.test(name) && !METADATA.test(name)).map((name) => join(folder, name));
  if (own.length > 0 || depth === MAX_DEPTH) return own;
  const names = folders.map(({ name }) => name);
  const isHub = names.includes("snapshots") && names.includes("blobs");
  const inside: string[] = [];
  for (const name of isHub ? ["snapshots"] : names.slice(0, LOOKED_INTO)) {
    inside.push(...await search(root, join(folder, name), depth + 1));
  }
  return inside;
}

/** What a file's part is called: the name without its number, or the name of its folder if it is only a number. */
function splitOf(file: string): string {
  const name = basename(file).replace(PARQUET, "").replace(/-\d{5}-of-\d{5}.*$/, "").replace(/[-_]?\d+$/, "");
  const folder = basename(dirname(file));
  return name === "" || (!isNamedAfterPart(name) && isNamedAfterPart(folder)) ? folder : name;
}

/** The folder of a file's data set. */
function setOf(file: string): string {
  const folder = dirname(file);
  return splitOf(file) === basename(folder) ? dirname(folder) : folder;
}
