/**
 * Data sets whose lists are divided over several files of their own form.
 *
 * @module
 */

import { basename, dirname, join } from "node:path";
import { isFile } from "../io/exists.ts";
import { CUB_FILES, readNumberedImages } from "./numbered_images.ts";
import { FLOWER_FILES, readFlowers } from "./flowers102.ts";
import type { TableRow } from "./list_table.ts";

/** One of these forms. */
interface PublishedList {
  /** The files. The first is the one by which the data set is opened. */
  readonly files: readonly [string, ...string[]];
  /** Joins them to a list of paths, labels and parts, with a header. */
  readonly read: (path: string) => Promise<TableRow[]>;
}

const LISTS: readonly PublishedList[] = [
  { files: CUB_FILES, read: readNumberedImages },
  { files: FLOWER_FILES, read: readFlowers },
];

/** The file by which such a data set is opened, if a folder contains all files. */
export function publishedList(names: readonly string[]): string | undefined {
  return LISTS.find(({ files }) => files.every((name) => names.includes(name)))?.files[0];
}

/** Whether a file is the one by which such a data set is opened, with the others beside it. */
export async function isPublishedList(path: string): Promise<boolean> {
  return await formOf(path) !== undefined;
}

/**
 * Reads the list of such a data set.
 *
 * @returns `undefined` for other files.
 * @throws {RanetError} If a file is damaged.
 */
export async function readPublishedList(path: string): Promise<TableRow[] | undefined> {
  return await (await formOf(path))?.read(path);
}

async function formOf(path: string): Promise<PublishedList | undefined> {
  const form = LISTS.find(({ files }) => files[0] === basename(path));
  if (form === undefined) return undefined;
  const exist = await Promise.all(form.files.map((name) => isFile(join(dirname(path), name))));
  return exist.every(Boolean) ? form : undefined;
}
