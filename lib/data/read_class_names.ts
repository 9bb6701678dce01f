/**
 * Reads the class names of a data set, for a new spec.
 *
 * @module
 */

import { RanetError } from "../errors.ts";
import { withFile } from "../io/files.ts";
import { IMAGENET_SYNSETS } from "../spec/imagenet_synsets.ts";
import { findLayout, type FolderLayout } from "./folder_layout.ts";
import { cleanLabel, numberedNames } from "./list_columns.ts";
import { classesOfNames } from "./named_files.ts";
import { parquetClasses } from "./parquet.ts";
import { PARTS } from "./parts.ts";
import { findRecords, isCifar } from "./record_files.ts";
import { STL10_CLASSES, STL10_IMAGES } from "./stl10.ts";
import { SVHN_CLASSES, SVHN_FILES } from "./svhn.ts";
import { openRecords } from "./cifar.ts";
import { findParquetFiles, hasParquetOf, PARQUET } from "./parquet_files.ts";
import { readList } from "./read_list.ts";
import { SAMPLE_ARRAYS } from "./sample_arrays.ts";
import { listData } from "./passed_over.ts";

/**
 * Reads the class names of a data set: from its folders, the folders in its `train/`, a list, Parquet files, or CIFAR's
 * or STL-10's files.
 *
 * @param path A folder, or a list.
 * @param options `onNote`: receives notes for the user.
 * @returns The sorted names; if the data set numbers them, in the order of their numbers, and those of columns of ones and
 * zeros in their order; `"imagenet"` if the folders are named by the ids of ImageNet's 1,000 classes.
 * @throws {RanetError} If there are fewer than two, or a list has numbers instead of names.
 */
export async function readClassNames(
  path: string,
  options: { readonly onNote?: (note: string) => void } = {},
): Promise<readonly string[] | "imagenet"> {
  const { isDirectory } = await withFile(path, () => Deno.stat(path));
  if (!isDirectory && SAMPLE_ARRAYS.test(path)) throw onlyNumbers(path);
  const [record] = isDirectory
    ? (await findRecords(path)).files
    : isCifar(path) || STL10_IMAGES.test(path) || SVHN_FILES.test(path)
    ? [path]
    : [];
  if (record !== undefined) return await namesOfRecords(record);
  const tables = isDirectory ? await anyParquetFiles(path) : PARQUET.test(path) ? [path] : [];
  if (tables.length > 0) {
    const classes = await parquetClasses(tables);
    if (classes === undefined) throw onlyNumbers(path);
    return checked(classes, path);
  }
  const found = isDirectory
    ? await findLayout(path, { labels: [], part: "training" })
    : { kind: "list" as const, path, notes: [] };
  if (found.path !== path) options.onNote?.(`Taking ${found.path}`);
  for (const note of found.notes ?? []) options.onNote?.(note);
  return checked(await namesOf(found), found.path);
}

/** The names that a well-known data set gives its classes. */
async function namesOfRecords(file: string): Promise<readonly string[]> {
  if (STL10_IMAGES.test(file)) return STL10_CLASSES;
  if (SVHN_FILES.test(file)) return SVHN_CLASSES;
  if (isCifar(file)) return (await openRecords([file])).kind.names;
  throw onlyNumbers(file);
}

/** The Parquet files of the first part that a folder has. */
async function anyParquetFiles(path: string): Promise<readonly string[]> {
  for (const part of PARTS) {
    if (await hasParquetOf(part, path)) return (await findParquetFiles(path, part)).files;
  }
  return (await findParquetFiles(path, "training")).files;
}

/**
 * Classes that may be a spec's.
 *
 * @throws {RanetError} If there are fewer than two.
 */
function checked(names: readonly string[], path: string): readonly string[] | "imagenet" {
  if (names.length < 2) {
    throw new RanetError(
      `Cannot take classes from ${JSON.stringify(path)}: expected two or more class folders, or a ` +
        `list of paths and labels, found ${names.length === 0 ? "none" : `only ${names[0]}`}`,
    );
  }
  return names.length === IMAGENET_SYNSETS.length && names.every((name, i) => name === IMAGENET_SYNSETS[i])
    ? "imagenet"
    : names;
}

async function namesOf({ kind, path }: FolderLayout): Promise<readonly string[]> {
  switch (kind) {
    case "list":
      return await namesInList(path);
    case "names":
      return await classesOfNames(path);
    case "folder":
      return (await listData(path)).folders.map(({ name }) => name);
  }
}

async function namesInList(path: string): Promise<string[]> {
  const { columns, header, body, classes } = await readList(path, { labels: [], part: "training" });
  if (classes) return [...classes]; // targets are read from them
  const numbered = header && numberedNames(header, body, columns.label);
  if (numbered) return numbered;
  const names = new Set(body.map(({ cells }) => cleanLabel(cells[columns.label] ?? "")));
  names.delete("");
  if (![...names].every((name) => /^\d+$/.test(name))) return [...names].sort();
  throw onlyNumbers(path);
}

function onlyNumbers(path: string): RanetError {
  return new RanetError(
    `Cannot take classes from ${JSON.stringify(path)}: its labels are numbers. Specify their names`,
    { remedy: { classes: "A,B,C" } },
  );
}
