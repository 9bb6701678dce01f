/**
 * Where the images of a list lie: as the list says, or, where it gives ids alone, in a folder beside it.
 *
 * @module
 */

import { basename, join } from "node:path";
import { isFile } from "../io/exists.ts";
import { LIST_FILE } from "./list_table.ts";

/** Ends of file names that ids may lack. */
const ENDS = ["", ".jpg", ".png", ".jpeg", ".JPEG", ".JPG", ".webp", ".tif", ".bmp"];
/** Folders that images often lie in. */
const FOLDERS = ["", "images", "train", "val", "test", "train_images", "img"];
/** So many lines are looked at. */
const TRIED = 3;

/** How a list's paths are made those of files. */
export interface FilePattern {
  /** Folder in that of the list, "" for that itself. */
  readonly folder: string;
  /** What the list leaves out at the end. */
  readonly end: string;
}

/**
 * Finds out where the images of a list lie, by its first lines.
 *
 * @param paths Those of the list's first lines.
 * @param options `root`: the list's folder; `list`: its own path.
 * @returns The paths themselves where nothing else is found: reading them says what is missing.
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
