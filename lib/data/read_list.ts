/**
 * Reads a list of images and determines where it has their paths, labels and parts.
 *
 * @module
 */

import { joinIndicators } from "./indicator_columns.ts";
import { findColumns, isPathWord, type ListColumns, noLabels, pathColumn } from "./list_columns.ts";
import { divideList, linesOf } from "./list_parts.ts";
import { readTable, type TableRow } from "./list_table.ts";
import { readPublishedList } from "./published_lists.ts";
import type { Part } from "./parts.ts";
import { joinPathLabels } from "./path_labels.ts";

/** A list of images. */
export interface ImageList {
  /** Its columns. */
  readonly columns: ListColumns;
  /** Its lines, without the header. */
  readonly body: readonly TableRow[];
  /** The header. */
  readonly header?: TableRow;
  /** The names of its columns of ones and zeros, which are the classes. */
  readonly classes?: readonly string[];
  /** Notes for the user. */
  readonly notes: readonly string[];
}

/** Options of {@linkcode readList}. */
export interface ReadListOptions {
  /** The model's labels, or none if they are unknown. */
  readonly labels: readonly string[];
  /** Which part is wanted of a list with several. */
  readonly part: Part;
}

/**
 * Reads a list.
 *
 * @throws {RanetError} If it cannot be read, has no lines of the part, or its labels cannot be found.
 */
export async function readList(path: string, { labels, part }: ReadListOptions): Promise<ImageList> {
  const table = await readRows(path);
  const parts = divideList(table, labels);
  const taken = parts && linesOf(part, parts, path);
  const { rows, classes } = joinIndicators(taken?.rows ?? table, labels);
  const notes = taken ? [`${path}: taking the lines for ${taken.part}`] : [];
  const columns = findColumns(rows, labels);
  if (columns !== undefined) {
    const [header, body] = columns.hasHeader ? [rows[0], rows.slice(1)] : [undefined, rows];
    return { columns, header, body, classes, notes };
  }
  const paths = pathColumn(rows);
  const hasHeader = isPathWord(rows[0]?.cells[paths] ?? "");
  const body = rows.length === 0
    ? undefined
    : joinPathLabels(hasHeader ? rows.slice(1) : rows, { path: paths, labels });
  if (body === undefined || body.length === 0) throw noLabels(rows, labels, path);
  return {
    columns: { path: 0, label: 1, count: 2, hasHeader: false, reading: "names" },
    body,
    notes: [
      ...notes,
      `${path} has no labels: they are taken from the paths, such as ${body[0]!.cells[1]} from ${body[0]!.cells[0]}`,
    ],
  };
}

/** Whether a list has lines of a part and says so in a column. */
export async function hasLinesOf(part: Part, path: string, labels: readonly string[]): Promise<boolean> {
  return divideList(await readRows(path), labels)?.[part] !== undefined;
}

async function readRows(path: string): Promise<readonly TableRow[]> {
  return await readPublishedList(path) ?? await readTable(path);
}
