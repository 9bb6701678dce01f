/**
 * Lists folders, following links but not cycles.
 *
 * @module
 */

import { join, sep } from "node:path";
import { withFile } from "./files.ts";

/** Folders from which links have been followed to reach a folder. */
export type LinkTrail = readonly string[];

/** Contents of a folder. */
export interface FolderEntries {
  /** Names of files, sorted. Broken links count as files; reading one gives the error. */
  readonly files: readonly string[];
  /** Its folders, sorted by name, and links to folders. */
  readonly folders: readonly { readonly name: string; readonly trail: LinkTrail }[];
}

/**
 * Lists a folder without names that begin with a dot and without links to one of its parents.
 *
 * @param trail The trail from the outer folder's entry for this folder.
 * @throws {RanetError} If the folder is missing or may not be read.
 */
export async function listFolder(path: string, trail: LinkTrail = []): Promise<FolderEntries> {
  const files: string[] = [];
  const folders: { name: string; trail: LinkTrail }[] = [];
  await withFile(path, async () => {
    for await (const { name, isSymlink, isDirectory } of Deno.readDir(path)) {
      if (name.startsWith(".")) continue;
      if (!isSymlink) {
        if (isDirectory) folders.push({ name, trail });
        else files.push(name);
      } else if (!await leadsToFolder(join(path, name))) files.push(name);
      else {
        const target = await Deno.realPath(join(path, name));
        const from = [...trail, await Deno.realPath(path)];
        const isCircle = from.some((folder) => `${folder}${sep}`.startsWith(`${target}${sep}`));
        if (!isCircle) folders.push({ name, trail: from });
      }
    }
  });
  return { files: files.sort(), folders: folders.sort((a, b) => a.name < b.name ? -1 : 1) };
}

async function leadsToFolder(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isDirectory;
  } catch {
    return false;
  }
}
