/**
 * Lists in a data set's folder: one for each part, as `train.csv` or `meta/train.txt`, or one of images that are in
 * several folders.
 *
 * @module
 */

import { dirname, join } from "node:path";
import { RanetError } from "../errors.ts";
import { classFinder, isUnnamed } from "../spec/classes.ts";
import { isSampleFile } from "./image_files.ts";
import { findColumns, isPathWord } from "./list_columns.ts";
import { findFiles, LIST_FOLDERS } from "./list_files.ts";
import { isOneToOne } from "./path_labels.ts";
import { LIST_FILE, readTable, type TableRow } from "./list_table.ts";
import { isNamedAfter, onlyNamedAfter, type Part, PARTS } from "./parts.ts";
import { listData } from "./passed_over.ts";

/** Files that do not list labels. */
const OTHER_LIST =
  /readme|licen[cs]e|requirements|submission|predict|results?\b|errors?\b|_bad\b|wrong|mistakes|scores?\b|logs?\.|metrics|history|_boxes\.txt$|^(wnids|words|classes|labels)\.txt$/i;
/** Hugging Face's list. Other JSON lines in a folder are more likely results. */
const METADATA = /^metadata\.jsonl$/i;
/** Lines of a list that are tried. */
const TRIED = 200;
/** Most lists that are tried. */
const MAX_LISTS = 8;
/** Columns of a list whose first may contain ids without saying so. */
const FEW_COLUMNS = 4;
/** Folders that divide the images of one class. */
const NUMBERED = /(part|batch|chunk|shard|images?)[ _-]*\d+$/i;

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

/**
 * Finds the lists of a data set's parts in its folder, or in a folder of lists inside. There is one of training images,
 * the others have the same columns, and all list images that exist. If these are in class folders, each label belongs to
 * one of these folders, so that the labels are not results or numbers of something else.
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
    const first = training === undefined ? undefined : await imagesOf(join(place, training));
    const parts: Partial<Record<Part, string>> = {};
    if (training !== undefined && first?.agrees) parts.training = join(place, training);
    for (const part of PARTS) {
      const name = onlyNamedAfter(part, names);
      if (parts.training === undefined || name === undefined || name === training) continue;
      const own = await imagesOf(join(place, name));
      const isAlike = own?.columns === first?.columns && own?.column === first?.column;
      if (isAlike && own?.agrees) parts[part] = join(place, name);
    }
    if (Object.keys(parts).length > 1) return { parts, unused: [] };
    const listed = names.filter((name) => PARTS.some((part) => isNamedAfter(part, name)));
    if (listed.length > 1) unused.push(...listed.map((name) => join(place, name)));
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
  const areParts = folders.every((name) => NUMBERED.test(name)) &&
    new Set(folders.map((name) => name.replace(/\d+/g, ""))).size === 1;
  const found: string[] = [];
  for (const name of files.filter(isList).slice(0, MAX_LISTS)) {
    const images = await imagesOf(join(path, name));
    if (images === undefined || !images.folders.every((folder) => folders.includes(folder))) continue;
    if (areParts || hasClasses(images.rows, labels)) found.push(join(path, name));
  }
  return found.length === 1 ? found[0] : undefined;
}

/** Whether a column of a list has the model's classes. */
function hasClasses(rows: readonly TableRow[], labels: readonly string[]): boolean {
  const label = isUnnamed(labels) ? undefined : findColumns(rows, labels)?.label;
  if (label === undefined) return false;
  const find = classFinder(labels);
  return rows.filter(({ cells }) => find(cells[label] ?? "") !== undefined).length * 2 > rows.length;
}

/** The images of a list that exist. */
interface ListedImages {
  /** Its first lines. */
  readonly rows: readonly TableRow[];
  /** Number of columns. */
  readonly columns: number;
  /** Index of the column of images. */
  readonly column: number;
  /** Whether labels do not contradict the folders of the images. */
  readonly agrees: boolean;
  /** The folders that contain the images, relative to the list's. */
  readonly folders: readonly string[];
}

/** Finds the images of a list; `undefined` if none of its columns contains names of images that exist. */
async function imagesOf(list: string): Promise<ListedImages | undefined> {
  try {
    const rows = await readTable(list, { lines: TRIED });
    const columns = rows[0]?.cells.length ?? 0;
    for (const column of pathColumns(rows)) {
      const cells = rows.map(({ cells }) => (cells[column] ?? "").replaceAll("\\", "/").replace(/^\/+/, ""));
      if (new Set(cells).size * 2 < cells.length || cells.some((cell) => cell.includes(".."))) continue;
      const { folders } = await findFiles(cells, { root: dirname(list), list });
      if (folders.length > 0) return { rows, columns, column, folders, agrees: agrees(rows, cells) };
    }
  } catch (error) {
    if (!(error instanceof RanetError)) throw error; // otherwise a table of something else
  }
  return undefined;
}

/** Columns that may contain paths or ids of images, the most likely first. */
function pathColumns(rows: readonly TableRow[]): readonly number[] {
  const header = rows[0]?.cells ?? [];
  const columns = Array.from(header.keys());
  const isPath = (cell = "") => isSampleFile(cell) || cell.includes("/");
  const paths = columns.filter((column) => rows.filter(({ cells }) => isPath(cells[column])).length * 2 > rows.length);
  if (paths.length > 0) return paths;
  const worded = columns.filter((column) => isPathWord(header[column]!));
  return worded.length > 0 ? worded : columns.slice(0, header.length <= FEW_COLUMNS ? 1 : 0);
}

/** Whether the labels of images that are in different folders belong to one folder each. */
function agrees(rows: readonly TableRow[], paths: readonly string[]): boolean {
  const columns = findColumns(rows, []);
  const folders = paths.map(dirname);
  if (columns === undefined || new Set(folders).size < 2) return true;
  return isOneToOne(
    folders.map((folder, i) => [folder, rows[i]!.cells[columns.label] ?? ""]).slice(columns.hasHeader ? 1 : 0),
  );
}
