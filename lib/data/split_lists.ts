/**
 * Lists in a data set's folder: one for each part, as `train.csv` or `meta/train.txt`, or one of images that are in
 * several folders.
 *
 * @module
 */

import { dirname, join } from "node:path";
import { RanetError } from "../errors.ts";
import { classFinder, isUnnamed } from "../spec/classes.ts";
import { findColumns, isLabelWord } from "./list_columns.ts";
import { findFiles, LIST_FOLDERS } from "./list_files.ts";
import { LIST_FILE, readTable, type TableRow } from "./list_table.ts";
import { isNamedAfter, type Part, PARTS } from "./parts.ts";
import { listData } from "./passed_over.ts";

/** Files that do not list labels. */
const OTHER_LIST =
  /readme|licen[cs]e|requirements|submission|predictions?\.|results?\.|logs?\.|_boxes\.txt$|^(wnids|words|classes|labels)\.txt$/i;
/** Hugging Face's list. Other JSON lines in a folder are more likely results. */
const METADATA = /^metadata\.jsonl$/i;
/** Lines of a list that are tried. */
const TRIED = 200;
/** Most lists that are tried. */
const MAX_LISTS = 8;

/** Lists of a data set. */
export interface SplitLists {
  /** The list of each part. */
  readonly parts: Readonly<Partial<Record<Part, string>>>;
  /** Lists that are named after parts, but too many or too different to be used. */
  readonly unused: readonly string[];
}

/** Whether a file's name is that of a list that may contain labels. */
export function isList(name: string): boolean {
  return LIST_FILE.test(name) && !OTHER_LIST.test(name) && (METADATA.test(name) || !/\.jsonl$/i.test(name));
}

/** The only name that contains that of a part; `undefined` if there is none or are several. */
export function onlyNamedAfter(part: Part, names: readonly string[]): string | undefined {
  const [only, ...others] = names.filter((name) => isNamedAfter(part, name));
  return others.length === 0 ? only : undefined;
}

/**
 * Finds the lists of a data set's parts in its folder, or in a folder of lists inside. There is one of training images,
 * the others have as many columns, and all list images that exist.
 *
 * @param path The folder.
 * @param contents Its files and folders.
 */
export async function findSplitLists(
  path: string,
  { files, folders }: { readonly files: readonly string[]; readonly folders: readonly string[] },
): Promise<SplitLists> {
  const places = folders.filter((name) => LIST_FOLDERS.includes(name.toLowerCase())).map((name) => join(path, name));
  const unused: string[] = [];
  for (const place of [path, ...places]) {
    const names = (place === path ? files : (await listData(place)).files).filter(isList);
    const training = onlyNamedAfter("training", names);
    const columns = training && (await imagesOf(join(place, training)))?.columns;
    const parts: Partial<Record<Part, string>> = {};
    for (const part of PARTS) {
      const name = onlyNamedAfter(part, names);
      if (columns === undefined || name === undefined || (part !== "training" && name === training)) continue;
      if ((await imagesOf(join(place, name)))?.columns === columns) parts[part] = join(place, name);
    }
    if (Object.keys(parts).length > 1) return { parts, unused: [] };
    const listed = names.filter((name) => PARTS.some((part) => isNamedAfter(part, name)));
    if (place !== path || columns !== undefined) unused.push(...listed.map((name) => join(place, name)));
  }
  return { parts: {}, unused };
}

/**
 * The list that has the labels of images in a folder's subfolders, if there is one that does not contain the names of
 * these folders.
 *
 * @param labels The model's, or none if they are unknown.
 */
export async function findListOver(
  path: string,
  { files, folders, labels }: {
    readonly files: readonly string[];
    readonly folders: readonly string[];
    readonly labels: readonly string[];
  },
): Promise<string | undefined> {
  const areNumbered = new Set(folders.map((name) => name.replace(/\d+/g, ""))).size === 1;
  const found: string[] = [];
  for (const name of files.filter(isList).slice(0, MAX_LISTS)) {
    const images = await imagesOf(join(path, name));
    if (images === undefined || !images.folders.every((folder) => folders.includes(folder))) continue;
    if (areNumbered || hasLabels(images.rows, labels)) found.push(join(path, name));
  }
  return found.length === 1 ? found[0] : undefined;
}

/** Whether a column of a list has the model's classes, or a header says that it has labels. */
function hasLabels(rows: readonly TableRow[], labels: readonly string[]): boolean {
  const columns = findColumns(rows, isUnnamed(labels) ? [] : labels);
  if (columns === undefined) return false;
  const find = classFinder(isUnnamed(labels) ? [] : labels);
  const cells = rows.map(({ cells }) => cells[columns.label] ?? "");
  return isLabelWord(cells[0]!) || cells.filter((cell) => find(cell) !== undefined).length * 2 > cells.length;
}

/** The images of a list that exist. */
interface ListedImages {
  /** Its first lines. */
  readonly rows: readonly TableRow[];
  /** Number of columns. */
  readonly columns: number;
  /** The folders that contain the images, relative to the list's. */
  readonly folders: readonly string[];
}

/** Finds the images of a list; `undefined` if none of its columns contains names of images that exist. */
async function imagesOf(list: string): Promise<ListedImages | undefined> {
  try {
    const rows = await readTable(list, { lines: TRIED });
    const columns = rows[0]?.cells.length ?? 0;
    for (let column = 0; column < columns; column++) {
      const cells = rows.map(({ cells }) => (cells[column] ?? "").replace(/^\/+/, ""));
      if (new Set(cells).size < cells.length || cells.some((cell) => cell.includes(".."))) continue;
      const { folders } = await findFiles(cells, { root: dirname(list), list });
      if (folders.length > 0) return { rows, columns, folders };
    }
  } catch (error) {
    if (!(error instanceof RanetError)) throw error; // otherwise a table of something else
  }
  return undefined;
}
