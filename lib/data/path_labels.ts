/**
 * Labels in the paths of images: the name of a folder, or the beginning of the file's name.
 *
 * @module
 */

import { basename, dirname } from "node:path";
import { classFinder, isUnnamed } from "../spec/classes.ts";
import { IMAGE_FILE } from "./image_files.ts";
import type { TableRow } from "./list_table.ts";

/** A name that consists of a label and the number of an image: `cat.0.jpg`, `cat_12.jpg`, `cat12.jpg`, `cat (1).jpg`. */
const NUMBERED = /^(.*?)[._\- ]*(?:\d+|\(\d+\))$/;
/** Beginnings of the names that cameras and programs give to images. */
const CAMERA = /^(img|image|dsc[a-z]?|dcim|pxl|vid|mvi|pict?|photo|screenshot|scan|frame|file|download|p)$/i;

/**
 * Returns a function that finds the class that a path names: the nearest folder with the name of a class (also one with
 * slashes), otherwise the longest class with which the file's name begins; `undefined` if there is none.
 */
export function pathLabels(labels: readonly string[]): (path: string) => string | undefined {
  const find = classFinder(labels);
  const isClass = (name: string) => find(name) !== undefined;
  return (path) => {
    const folders = dirname(path).split("/").filter((name) => name !== "" && name !== ".");
    const joined = folders.map((_, i) => folders.slice(i).join("/"));
    return [...joined, ...folders.toReversed()].find(isClass) ?? startsOf(stemOf(path)).find(isClass);
  };
}

/** The beginnings of a name that may be labels, the longest first. */
function startsOf(stem: string): string[] {
  return Array.from(stem, (_, i) => stem.slice(0, stem.length - i))
    .filter((start) => /\p{L}/u.test(start) && isBoundary(start, stem[start.length] ?? ""));
}

/** Whether a label may end before a character: `cat.0`, `cat_12`, `cat12`. */
function isBoundary(start: string, next: string): boolean {
  return /[._\- ]/.test(next) || (/\d/.test(next) && /\D$/.test(start));
}

/** Whether each first value belongs to one second value, and the other way round. */
export function isOneToOne(pairs: readonly (readonly string[])[]): boolean {
  const distinct = new Set(pairs.map(([first, second]) => `${first}\0${second}`)).size;
  return [0, 1].every((side) => new Set(pairs.map((pair) => pair[side])).size === distinct);
}

/**
 * Labels in file names that consist of a label and a number, or have a label before the first dot.
 *
 * @param names File names.
 * @returns The distinct labels, sorted; `undefined` if a name has another form, if there are labels of only one image, or
 * they are words with which cameras begin names.
 */
export function labelsInNames(names: readonly string[]): string[] | undefined {
  const stems = names.map(stemOf);
  const labels = stems.every((stem) => stem.includes("."))
    ? stems.map((stem) => stem.slice(0, stem.indexOf(".")))
    : stems.map((stem) => NUMBERED.exec(stem)?.[1] ?? "");
  const byLabel = Map.groupBy(labels, (label) => label);
  const isLabel = (label: string) => /^\p{L}/u.test(label) && !CAMERA.test(label) && byLabel.get(label)!.length > 1;
  const distinct = [...byLabel.keys()].sort();
  return distinct.every(isLabel) ? distinct : undefined;
}

/**
 * Adds the labels of paths as a second column.
 *
 * @param rows A list without labels.
 * @param options `path`: index of the column of paths; `labels`: the model's, or none if they are unknown.
 * @returns `undefined` if most paths name no class, or if classes have no names and there are paths without folders.
 */
export function joinPathLabels(
  rows: readonly TableRow[],
  { path, labels }: { readonly path: number; readonly labels: readonly string[] },
): readonly TableRow[] | undefined {
  const isUnknown = isUnnamed(labels);
  const find = pathLabels(labels);
  const files = rows.map(({ cells }) => (cells[path] ?? "").replaceAll("\\", "/"));
  const folderOf = folderNames(files);
  const found = rows.map(({ line, cells }, i) => {
    const file = files[i]!;
    const label = isUnknown ? folderOf(file) : find(file);
    return { line, file: cells[path] ?? "", label, other: folderOf(file) ?? stemOf(file) };
  });
  const count = found.filter(({ label }) => label !== undefined).length;
  if (isUnknown ? count < found.length : count * 2 <= found.length) return undefined;
  return found.map(({ line, file, label, other }) => ({ line, cells: [file, label ?? other] }));
}

/**
 * How folders are called: by their own name, or if several have the same (`apse/indoor` and `church/indoor`), by their path
 * without a first folder of one letter (as in SUN397).
 */
function folderNames(files: readonly string[]): (file: string) => string | undefined {
  const folders = new Set(files.map(dirname));
  const areDistinct = new Set(Array.from(folders, (folder) => basename(folder))).size === folders.size;
  const pathOf = (folder: string) => folder.split("/").filter((name) => name !== "").join("/").replace(/^[a-z]\//i, "");
  return (file) => {
    const folder = dirname(file);
    return folder === "." ? undefined : areDistinct ? basename(folder) : pathOf(folder);
  };
}

function stemOf(path: string): string {
  return basename(path).replace(IMAGE_FILE, "");
}
