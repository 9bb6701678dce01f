/**
 * Finds the images of a list: at the paths that it gives, or, if it gives only ids, in a folder beside it.
 *
 * @module
 */

import { basename, join } from "node:path";
import { RanetError } from "../errors.ts";
import { isFile } from "../io/exists.ts";
import { LIST_FILE } from "./list_table.ts";
import { isNamedAfter, isNamedAfterPart, PARTS } from "./parts.ts";

/** File name extensions that ids may lack. */
const ENDS = ["", ".jpg", ".png", ".jpeg", ".JPEG", ".JPG", ".webp", ".tif", ".bmp"];
/** Folders that often contain the images. */
const FOLDERS = ["", "images", "train", "val", "test", "train_images", "val_images", "test_images", "img"];
/** Number of lines that are tried. */
const TRIED = 3;

/** How a list's paths are completed. */
export interface FilePattern {
  /** Folder relative to the list's, "" for the same folder. */
  readonly folder: string;
  /** File name extension that the list omits. */
  readonly end: string;
}

/**
 * Finds the images of a list from its first lines.
 *
 * @param paths The paths in the list's first lines.
 * @param options `root`: the list's folder; `list`: the list's path.
 * @returns How to complete paths. If no file is found, paths stay as they are, and reading them gives the error.
 * @throws {RanetError} If several parts of the data set contain files with these names, and the list's name does not say
 * which is meant.
 */
export async function findFiles(
  paths: readonly string[],
  { root, list }: { readonly root: string; readonly list: string },
): Promise<FilePattern> {
  const tried = paths.slice(0, TRIED);
  const named = basename(list).replace(LIST_FILE, "");
  const found: FilePattern[] = [];
  for (const folder of new Set(["", named, ...FOLDERS])) {
    const end = await findEnd(join(root, folder), tried);
    if (end === undefined) continue;
    if (folder === "" || folder === named) return { folder, end };
    found.push({ folder, end });
  }
  const isSamePart = (name: string) => PARTS.some((part) => isNamedAfter(part, name) && isNamedAfter(part, named));
  const [own, ...others] = found.filter(({ folder }) => isSamePart(folder));
  if (own && others.length === 0) return own;
  const outside = found.find(({ folder }) => !isNamedAfterPart(folder));
  if (outside || found.length < 2) return outside ?? found[0] ?? { folder: "", end: "" };
  throw new RanetError(
    `Cannot determine which images ${JSON.stringify(list)} lists: there are files with these names in ` +
      `${found.map(({ folder }) => join(root, folder)).join(" and ")}. Move the list into the folder of its images`,
  );
}

/** The extension with which one of these files exists in a folder; `undefined` if there is none. */
export async function findEnd(folder: string, paths: readonly string[]): Promise<string | undefined> {
  for (const end of ENDS) {
    for (const path of paths) if (path !== "" && await isFile(join(folder, path + end))) return end;
  }
  return undefined;
}
