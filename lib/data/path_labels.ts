/**
 * Labels in the paths of images: the name of a folder, or the beginning of the file's name.
 *
 * @module
 */

import { basename, dirname } from "node:path";
import { classFinder, isUnnamed } from "../spec/classes.ts";
import { IMAGE_FILE } from "./image_files.ts";
import type { TableRow } from "./list_table.ts";

/** What follows a label in a file's name: `cat.0.jpg`, `cat_12.jpg`, `cat12.jpg`. */
const AFTER = /[\d._\- ]/;
/** What follows a label in names that only number the images of a class. */
const NUMBER = /^(.*?)[._\- ]*\d+$/;

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
    const stem = stemOf(path);
    const starts = Array.from(stem, (_, i) => stem.slice(0, stem.length - i))
      .filter((start) => /\D$/.test(start) && AFTER.test(stem[start.length] ?? ""));
    return [...joined, ...folders.toReversed(), ...starts].find(isClass);
  };
}

/**
 * Labels in file names that consist of a label and a number, or have a label before the first dot.
 *
 * @param names File names.
 * @returns The distinct labels, sorted; `undefined` if a name has another form.
 */
export function labelsInNames(names: readonly string[]): string[] | undefined {
  const stems = names.map(stemOf);
  const labels = stems.every((stem) => stem.includes("."))
    ? stems.map((stem) => stem.slice(0, stem.indexOf(".")))
    : stems.map((stem) => NUMBER.exec(stem)?.[1] ?? "");
  return labels.includes("") ? undefined : [...new Set(labels)].sort();
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
  const folderOf = (file: string) => dirname(file) === "." ? undefined : basename(dirname(file));
  const found = rows.map(({ line, cells }) => {
    const file = (cells[path] ?? "").replaceAll("\\", "/");
    const label = isUnknown ? folderOf(file) : find(file);
    return { line, file: cells[path] ?? "", label, other: folderOf(file) ?? stemOf(file) };
  });
  const count = found.filter(({ label }) => label !== undefined).length;
  if (isUnknown ? count < found.length : count * 2 <= found.length) return undefined;
  return found.map(({ line, file, label, other }) => ({ line, cells: [file, label ?? other] }));
}

function stemOf(path: string): string {
  return basename(path).replace(IMAGE_FILE, "");
}
