/**
 * Finds the Parquet files of a data set's part in a folder, such as a download from Hugging Face.
 *
 * @module
 */

import { basename, dirname, join } from "node:path";
import { RanetError } from "../errors.ts";
import { isNamedAfter, isNamedAfterPart, type Part, SUBSTITUTES } from "./parts.ts";
import { listData } from "./passed_over.ts";

/** Names of Parquet files. */
export const PARQUET = /\.parquet$/i;

/** Folders inside folders that are searched. */
const MAX_DEPTH = 2;
/** Most folders of a folder that are searched. */
const LOOKED_INTO = 8;

/**
 * Finds the files of a part: those named after it, such as `data/train-00000-of-00002.parquet`, or in a folder named after
 * it. If no file is named after a part, all belong to each.
 *
 * @param path The folder.
 * @returns Their paths, sorted. Empty if the folder contains no Parquet files.
 * @throws {RanetError} If there are files, but none of the part, or those of several data sets.
 */
export async function findParquetFiles(path: string, part: Part): Promise<string[]> {
  const all = await search(path, "", 0);
  if (all.length === 0) return [];
  const wanted = [part, ...SUBSTITUTES[part]].find((each) => all.some((file) => isOf(each, file)));
  const files = all.filter((file) => wanted === undefined ? !isOfAny(file) : isOf(wanted, file));
  const sets = new Set(files.map(setOf));
  if (sets.size === 1) return files.map((file) => join(path, file));
  const reason = sets.size === 0
    ? `it has no files for ${part}, only ${all.slice(0, 4).join(", ")}`
    : `it contains several data sets. Use one of ${[...sets].map((set) => join(path, set)).join(", ")}`;
  throw new RanetError(`Cannot open data set ${JSON.stringify(path)}: ${reason}`);
}

/** Whether a folder contains Parquet files of a part. */
export async function hasParquetOf(part: Part, path: string): Promise<boolean> {
  return (await search(path, "", 0)).some((file) => isOf(part, file));
}

/** Parquet files in a folder, or else those in its folders. */
async function search(root: string, folder: string, depth: number): Promise<string[]> {
  const { files, folders } = await listData(join(root, folder));
  const own = files.filter((name) => PARQUET.test(name)).map((name) => join(folder, name));
  if (own.length > 0 || depth === MAX_DEPTH) return own;
  const inside: string[] = [];
  for (const { name } of folders.slice(0, LOOKED_INTO)) {
    inside.push(...await search(root, join(folder, name), depth + 1));
  }
  return inside;
}

function isOf(part: Part, file: string): boolean {
  const name = basename(file);
  return isNamedAfter(part, isNamedAfterPart(name) ? name : basename(dirname(file)));
}

function isOfAny(file: string): boolean {
  return isNamedAfterPart(basename(file)) || isNamedAfterPart(basename(dirname(file)));
}

/** The folder of a file's data set. */
function setOf(file: string): string {
  const folder = dirname(file);
  return !isNamedAfterPart(basename(file)) && isNamedAfterPart(basename(folder)) ? dirname(folder) : folder;
}
