/**
 * What the folders of a data set are: classes, or folders of them, such as parts to train and to test on.
 *
 * @module
 */

import { join } from "node:path";
import { isSampleFile } from "./image_files.ts";
import { listData } from "./passed_over.ts";

/** A part of a data set. */
export type Part = "test" | "training" | "validation";

/** What parts are called, the likeliest first. */
const PART_NAMES: Readonly<Record<Part, readonly string[]>> = {
  training: ["train", "training"],
  validation: ["val", "valid", "validation", "dev"],
  test: ["test", "testing"],
};
/** Folders around the class folders, at most. */
const MAX_AROUND = 3;

/** Whether a name is that of a part, such as `Test.csv` or `train_list.txt`. */
export function isNamedAfter(part: Part, name: string): boolean {
  return PART_NAMES[part].some((word) => hasWord(name, word));
}

function hasWord(name: string, word: string): boolean {
  return new RegExp(`(^|[^a-z])${word}([^a-z]|$)`, "i").test(name);
}

/**
 * The folder of a part among others: one of that name, else the only one in whose name it is a word, such as `seg_train`.
 *
 * @param folders Their names.
 */
export function partOf(part: Part, folders: readonly string[]): string | undefined {
  for (const word of PART_NAMES[part]) {
    const name = folders.find((folder) => folder.toLowerCase() === word);
    if (name !== undefined) return name;
  }
  const named = folders.filter((folder) => isNamedAfter(part, folder));
  return named.length === 1 ? named[0] : undefined;
}

/**
 * Whether a folder has images itself, or only below: `images` is a folder that Tiny ImageNet has within each class.
 *
 * @returns The folders in it, if it has no images.
 */
export async function foldersOnly(path: string): Promise<readonly string[] | undefined> {
  for await (const { name, isDirectory } of Deno.readDir(path)) {
    if (!isDirectory && isSampleFile(name) && !name.startsWith(".")) return undefined;
  }
  const folders = (await listData(path)).folders.map(({ name }) => name);
  return folders.length === 1 && folders[0] === "images" ? undefined : folders;
}

/** The folder itself; of one that has no image and only one folder, that one, and so on. */
export async function withoutWrappers(path: string): Promise<string> {
  let inner = path;
  for (let depth = 0; depth < MAX_AROUND; depth++) {
    const folders = await foldersOnly(inner);
    if (folders?.length !== 1) break;
    inner = join(inner, folders[0]!);
  }
  return inner;
}

/** Folders of class folders among those of a data set. */
export interface Groups {
  /** Their paths, without folders that hold nothing else than another. */
  readonly paths: readonly string[];
  /** Whether they have names of folders in common, as parts of one data set have those of its classes. */
  readonly areParts: boolean;
}

/**
 * Finds folders that hold folders of images where one would expect classes.
 *
 * @param path The data set's folder.
 * @param folders The names of those in it.
 * @returns `undefined` if one of them has images itself, or none has any.
 */
export async function findGroups(path: string, folders: readonly string[]): Promise<Groups | undefined> {
  const groups: { readonly path: string; readonly inner: readonly string[] }[] = [];
  for (const folder of folders) {
    if (await foldersOnly(join(path, folder)) === undefined) return undefined;
    const around = await withoutWrappers(join(path, folder));
    const inner = await foldersOnly(around) ?? [];
    if (partOf("training", inner) !== undefined || await hasImagesIn(around, inner)) {
      groups.push({ path: around, inner });
    }
  }
  if (groups.length === 0) return undefined;
  const [first, ...others] = groups.map(({ inner }) => new Set(inner));
  const areParts = others.some((inner) => first!.intersection(inner).size > 0);
  return { paths: groups.map(({ path }) => path), areParts };
}

async function hasImagesIn(path: string, folders: readonly string[]): Promise<boolean> {
  for (const folder of folders) if (await foldersOnly(join(path, folder)) === undefined) return true;
  return false;
}
