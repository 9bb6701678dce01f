/**
 * Finds the images of a list: at the paths that it gives, or, if it gives only ids, in a folder beside it.
 *
 * @module
 */

import { basename, join } from "node:path";
import { isFile } from "../io/exists.ts";
import { LIST_FILE } from "./list_table.ts";

/** File name extensions that ids may lack. */
const ENDS = ["", ".jpg", ".png", ".jpeg", ".JPEG", ".JPG", ".webp", ".tif", ".bmp"];
/** Folders that often contain the images. */
const FOLDERS = ["", "images", "train", "val", "test", "train_images", "img"];
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
 */
export async function findFiles(
  paths: readonly string[],
  { root, list }: { readonly root: string; readonly list: string },
): Promise<FilePattern> {
  const tried = paths.slice(0, TRIED);
  const named = basename(list).replace(LIST_FILE, "");
  for (const folder of new Set(["", named, ...FOLDERS])) {
    for (const end of ENDS) {
      for (const path of tried) {
        if (path !== "" && await isFile(join(root, folder, path + end))) return { folder, end };
      }
    }
  }
  return { folder: "", end: "" };
}
