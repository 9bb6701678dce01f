/**
 * The lists of CUB-200-2011 and NABirds: tables of images, of their classes, and of their parts, joined by an id.
 *
 * @module
 */

import { dirname, join } from "node:path";
import { datasetError } from "./dataset_error.ts";
import { readBoundedFile } from "../io/files.ts";
import type { TableRow } from "./list_table.ts";

/** The tables beside the one of paths. */
const TABLES = { labels: "image_class_labels.txt", parts: "train_test_split.txt", classes: "classes.txt" } as const;
/** The files. The first is the table of paths. */
export const CUB_FILES = ["images.txt", ...Object.values(TABLES)] as const;
/** Size limit of each in bytes. */
const MAX_BYTES = 64_000_000;

/**
 * Joins the tables to a list of paths, labels and parts, with a header.
 *
 * @param path The table of paths.
 * @throws {RanetError} If a table has no line for an image.
 */
export async function readNumberedImages(path: string): Promise<TableRow[]> {
  const folder = dirname(path);
  const images = await readPairs(path);
  const labels = await readPairs(join(folder, TABLES.labels));
  const parts = await readPairs(join(folder, TABLES.parts));
  const classes = await readPairs(join(folder, TABLES.classes));
  const found = (table: ReadonlyMap<string, string>, id: string, name: string): string => {
    const value = table.get(id);
    if (value !== undefined) return value;
    throw datasetError(path, `${JSON.stringify(join(folder, name))} has no line for ${id}`);
  };
  const rows = Array.from(images, ([id, file], i) => {
    const label = found(classes, found(labels, id, TABLES.labels), TABLES.classes);
    const isTraining = found(parts, id, TABLES.parts) === "1";
    return { line: i + 2, cells: [file, label, isTraining ? "train" : "test"] };
  });
  return [{ line: 1, cells: ["path", "class name", "part"] }, ...rows];
}

/** The second column of each line by its first. */
async function readPairs(path: string): Promise<ReadonlyMap<string, string>> {
  const text = new TextDecoder().decode(await readBoundedFile(path, MAX_BYTES));
  const pairs = text.split(/\r?\n/).map((line) => /^(\S+)\s+(.*\S)\s*$/.exec(line));
  return new Map(pairs.filter((pair) => pair !== null).map(([, id, value]) => [id!, value!]));
}
