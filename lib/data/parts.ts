/**
 * Determines whether the folders of a data set are classes or contain classes, such as parts for training and testing.
 *
 * @module
 */

import { join } from "node:path";
import { isSampleFile } from "./image_files.ts";
import { listData } from "./passed_over.ts";

/** A part of a data set. */
export type Part = "test" | "training" | "validation";

/** All parts. */
export const PARTS: readonly Part[] = ["training", "validation", "test"];

/** Substitutes for a missing part, in order. */
export const SUBSTITUTES: Readonly<Record<Part, readonly Part[]>> = {
  training: [],
  validation: ["test"],
  test: ["validation"],
};

/** Names of each part, the most common first. */
const PART_NAMES: Readonly<Record<Part, readonly string[]>> = {
  training: ["train", "training", "trainval"],
  validation: ["val", "valid", "validation", "validate", "dev"],
  test: ["test", "testing"],
};
/** Maximum number of folders around the class folders. */
const MAX_AROUND = 3;

/** Whether a name contains that of a part, such as `Test.csv` or `train_list.txt`. */
export function isNamedAfter(part: Part, name: string): boolean {
  return PART_NAMES[part].some((word) => hasWord(name, word));
}

/** As {@linkcode partOf}, the file of a part, whatever its extension. */
export function onlyNamedAfter(part: Part, files: readonly string[]): string | undefined {
  return partOf(part, files, (name) => name.replace(/\.[^.]*$/, ""));
}

/** Whether a name contains that of any part. */
export function isNamedAfterPart(name: string): boolean {
  return PARTS.some((part) => isNamedAfter(part, name));
}

/** The part that a word means, as in a list's column; `undefined` if it means none. */
export function partNamed(word: string): Part | undefined {
  return PARTS.find((part) => PART_NAMES[part].includes(word.toLowerCase()));
}

function hasWord(name: string, word: string): boolean {
  const words = name.replace(/([a-z])([A-Z])/g, "$1_$2"); // TrainImages.txt
  return new RegExp(`(^|[^a-z])${word}([^a-z]|$)`, "i").test(words);
}

/**
 * The folder of a part: the one with its name, or else the only one whose name contains it as a word, such as
 * `seg_train`.
 *
 * @param folders Names of the folders.
 * @param ownName What of a name must be the part's. Default: all.
 */
export function partOf(
  part: Part,
  folders: readonly string[],
  ownName: (name: string) => string = (name) => name,
): string | undefined {
  for (const word of PART_NAMES[part]) {
    const name = folders.find((folder) => ownName(folder).toLowerCase() === word);
    if (name !== undefined) return name;
  }
  const named = folders.filter((folder) => isNamedAfter(part, folder));
  return named.length === 1 ? named[0] : undefined;
}

/**
 * Checks whether a folder contains images itself or only in subfolders. A single folder `images`, which Tiny ImageNet
 * has in each class, counts as images.
 *
 * @returns The subfolders, if it contains no images; otherwise `undefined`.
 */
export async function foldersOnly(path: string): Promise<readonly string[] | undefined> {
  for await (const { name, isDirectory } of Deno.readDir(path)) {
    if (!isDirectory && isSampleFile(name) && !name.startsWith(".")) return undefined;
  }
  const folders = (await listData(path)).folders.map(({ name }) => name);
  return folders.length === 1 && folders[0] === "images" ? undefined : folders;
}

/** Skips folders that contain no images and only one folder. */
export async function withoutWrappers(path: string): Promise<string> {
  let inner = path;
  for (let depth = 0; depth < MAX_AROUND; depth++) {
    const folders = await foldersOnly(inner);
    if (folders?.length !== 1) break;
    inner = join(inner, folders[0]!);
  }
  return inner;
}

/** Folders in a data set that contain class folders. */
export interface Groups {
  /** Their paths, without folders that only contain another folder. */
  readonly paths: readonly string[];
  /** Whether they contain folders with common names, like parts of one data set. */
  readonly areParts: boolean;
}

/**
 * Finds folders that contain folders of images where classes are expected.
 *
 * @param path The data set's folder.
 * @param folders Names of its folders.
 * @returns `undefined` if one of them contains images itself, or none contains any.
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

/** Whether one of the folders in `path` contains images itself. */
export async function hasImagesIn(path: string, folders: readonly string[]): Promise<boolean> {
  for (const folder of folders) if (await foldersOnly(join(path, folder)) === undefined) return true;
  return false;
}
