/**
 * Finds the images of a list: at the paths that it gives, or, if it gives only ids, in folders beside it.
 *
 * @module
 */

import { basename, join } from "node:path";
import { RanetError } from "../errors.ts";
import { isFileSync } from "../io/exists.ts";
import { LIST_FILE } from "./list_table.ts";
import { isNamedAfter, isNamedAfterPart, PARTS } from "./parts.ts";
import { listData } from "./passed_over.ts";

/** File name extensions that ids may lack. */
const ENDS = ["", ".jpg", ".png", ".jpeg", ".JPEG", ".JPG", ".webp", ".tif", ".bmp"];
/** Folders that often contain the images. */
const FOLDERS = ["images", "train", "val", "test", "train_images", "val_images", "test_images", "img"];
/** Folders in which data sets keep their lists, beside the one of the images. */
export const LIST_FOLDERS: readonly string[] = ["meta", "labels", "annotations", "splits", "lists"];
/** Number of lines that are tried, from the whole list. */
const TRIED = 20;
/** Most other folders that are searched. */
const MAX_FOLDERS = 32;

/** Where a list's images are. */
export interface ListedFiles {
  /** The folders, relative to the list's. None if no image was found. */
  readonly folders: readonly string[];
  /** Completes a path of the list, relative to the list's folder. Unchanged if no image was found. */
  complete(path: string): string;
}

/** A folder that contains images of a list. */
interface Place {
  /** Path relative to the list's folder, "" for the same folder. */
  readonly folder: string;
  /** File name extension that the list omits. */
  readonly end: string;
  /** The tried paths that it contains. */
  readonly paths: ReadonlySet<string>;
}

/**
 * Finds the images of a list from some of its lines.
 *
 * @param paths The list's paths.
 * @param options `root`: the list's folder; `list`: the list's path.
 * @returns How to complete paths. If no file is found, paths stay as they are, and reading them gives the error.
 * @throws {RanetError} If several parts of the data set contain files with these names, and the list's name does not say
 * which is meant.
 */
export async function findFiles(
  paths: readonly string[],
  { root, list }: { readonly root: string; readonly list: string },
): Promise<ListedFiles> {
  const tried = spread(paths, TRIED);
  const named = basename(list).replace(LIST_FILE, "");
  const search = (folders: Iterable<string>, paths = tried): Place[] =>
    Array.from(new Set(folders), (folder) => placeIn(root, folder, paths)).filter((place) => place !== undefined);
  for (const folder of ["", named]) {
    const [own] = search([folder]);
    if (own !== undefined) return filesIn([own], root);
  }
  const places = [
    () => FOLDERS,
    () => isListFolder(root) ? ["..", ...FOLDERS.map((folder) => join("..", folder))] : [],
    () => otherFolders(root),
  ];
  let found: readonly Place[] = [];
  for (const folders of places) if (found.length === 0) found = search(await folders());
  if (found.length > 0) {
    // Few images may be in another folder, which the tried ones have not shown.
    const { complete } = filesIn(found, root);
    const missing = paths.filter((path) => !isFileSync(join(root, complete(path))));
    const others = missing.length > 0 ? await otherFolders(root) : [];
    found = [
      ...found,
      ...search(others.filter((folder) => !found.some((place) => place.folder === folder)), missing.slice(0, TRIED)),
    ];
  }
  // Images of one list may be in several folders.
  const total = found.reduce((sum, { paths }) => sum + paths.size, 0);
  if (total === new Set(found.flatMap(({ paths }) => [...paths])).size) return filesIn(found, root);
  const isSamePart = (name: string) => PARTS.some((part) => isNamedAfter(part, name) && isNamedAfter(part, named));
  const [own, ...others] = found.filter(({ folder }) => isSamePart(folder));
  if (own && others.length === 0) return filesIn([own], root);
  const outside = found.find(({ folder }) => !isNamedAfterPart(folder));
  if (outside) return filesIn([outside], root);
  throw new RanetError(
    `Cannot determine which images ${JSON.stringify(list)} lists: there are files with these names in ` +
      `${found.map(({ folder }) => join(root, folder)).join(" and ")}. Move the list into the folder of its images`,
  );
}

function filesIn(places: readonly Place[], root: string): ListedFiles {
  const [first = { folder: "", end: "" }] = places;
  const pathIn = ({ folder, end }: Pick<Place, "folder" | "end">, path: string) => join(folder, path + end);
  return {
    folders: places.map(({ folder }) => folder),
    complete(path) {
      const place = places.length < 2
        ? first
        : places.find((place) => isFileSync(join(root, pathIn(place, path)))) ?? first;
      return pathIn(place, path);
    },
  };
}

/** The tried paths in a folder; `undefined` if there are none. */
function placeIn(root: string, folder: string, tried: readonly string[]): Place | undefined {
  for (const end of ENDS) {
    const paths = new Set<string>();
    for (const path of tried) if (path !== "" && isFileSync(join(root, folder, path + end))) paths.add(path);
    if (paths.size > 0) return { folder, end, paths };
  }
  return undefined;
}

/** Whether a folder is one of lists only, by its name. */
function isListFolder(path: string): boolean {
  return LIST_FOLDERS.includes(basename(path).toLowerCase());
}

/** The folders in a folder and in these, the nearest first. */
async function otherFolders(root: string): Promise<string[]> {
  const found: string[] = [];
  for (let folders = [""]; folders.length > 0;) {
    const inside: string[] = [];
    for (const folder of folders) {
      const { folders } = await listData(join(root, folder));
      inside.push(...folders.map(({ name }) => join(folder, name)));
      if (found.length + inside.length > MAX_FOLDERS) break;
    }
    found.push(...inside);
    folders = found.length < MAX_FOLDERS ? inside : [];
  }
  return found.slice(0, MAX_FOLDERS);
}

/** Up to `count` items at equal distances. */
function spread<T>(items: readonly T[], count: number): T[] {
  const step = Math.max(1, items.length / count);
  return Array.from({ length: Math.min(count, items.length) }, (_, i) => items[Math.floor(i * step)]!);
}

/** The extension with which one of these files exists in a folder; `undefined` if there is none. */
export function findEnd(folder: string, paths: readonly string[]): string | undefined {
  return placeIn(folder, "", paths)?.end;
}
