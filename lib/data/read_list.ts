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
import { isOneToOne, joinPathLabels } from "./path_labels.ts";

/** The columns of a list whose labels are taken from paths. */
const PATH_AND_LABEL: ListColumns = { path: 0, label: 1, count: 2, hasHeader: false, reading: "names" };

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
  const count = taken && taken.rows.length - Number(taken.hasHeader);
  const notes = taken
    ? [`${path}: taking the ${count} lines for ${taken.part}, of ${table.length - Number(taken.hasHeader)}`]
    : [];
  const columns = findColumns(rows, labels);
  if (columns !== undefined) {
    const [header, body] = columns.hasHeader ? [rows[0], rows.slice(1)] : [undefined, rows];
    const named = namedByFolders(body, columns, labels);
    if (named === undefined) return { columns, header, body, classes, notes };
    return { columns: PATH_AND_LABEL, body: named, notes: [...notes, `${path}: labels are the names of the folders`] };
  }
  const paths = pathColumn(rows);
  const hasHeader = isPathWord(rows[0]?.cells[paths] ?? "");
  const body = rows.length === 0
    ? undefined
    : joinPathLabels(hasHeader ? rows.slice(1) : rows, { path: paths, labels });
  if (body === undefined || body.length === 0) throw noLabels(rows, labels, path);
  return {
    columns: PATH_AND_LABEL,
    body,
    notes: [
      ...notes,
      `${path} has no labels: they are taken from the paths, such as ${body[0]!.cells[1]} from ${body[0]!.cells[0]}`,
    ],
  };
}

/**
 * The lines with folders' names as labels, if a list has a number for each of several folders. The numbers may be counted in
 * another order than the model's classes.
 */
function namedByFolders(
  body: readonly TableRow[],
  { path, label, count }: ListColumns,
  labels: readonly string[],
): readonly TableRow[] | undefined {
  const complete = body.filter(({ cells }) => cells.length === count);
  if (complete.length < body.length || !body.every(({ cells }) => /^\d+$/.test(cells[label]!))) return undefined;
  const named = joinPathLabels(body, { path, labels });
  if (named === undefined) return undefined;
  const pairs = named.map(({ cells }, i) => [cells[1]!, body[i]!.cells[label]!]);
  return new Set(pairs.map(([name]) => name)).size > 1 && isOneToOne(pairs) ? named : undefined;
}

/** Whether a list has lines of a part and says so in a column. */
export async function hasLinesOf(part: Part, path: string, labels: readonly string[]): Promise<boolean> {
  return divideList(await readRows(path), labels)?.lines[part] !== undefined;
}

async function readRows(path: string): Promise<readonly TableRow[]> {
  return await readPublishedList(path) ?? await readTable(path);
}
