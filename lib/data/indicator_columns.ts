/**
 * Lists with one column per class, which is 1 for the image's class and 0 for others (one-hot).
 *
 * @module
 */

import { classFinder, isUnnamed } from "../spec/classes.ts";
import { isLabelWord } from "./list_columns.ts";
import type { TableRow } from "./list_table.ts";
import { isNamedAfterPart } from "./parts.ts";

/** Values of such a column, as programs write them. */
const INDICATOR = /^[01](\.0+)?$/;
const YES = /^1/;
/**
 * Smallest share of lines in which exactly one column is 1, if the headers do not show that the columns are classes.
 */
const MOST = 0.9;

/** A list with one column of labels. */
export interface JoinedList {
  /** Its lines. If an image has several classes, its label contains all of their names, which is not a valid class. */
  readonly rows: readonly TableRow[];
  /** The names of the joined columns, which are the classes; `undefined` if there were none. */
  readonly classes?: readonly string[];
}

/**
 * Joins such columns to one column of labels, the last one. Lists that have another column of labels stay as they are.
 *
 * @param rows The list.
 * @param labels The model's labels; none if they are unknown.
 */
export function joinIndicators(rows: readonly TableRow[], labels: readonly string[]): JoinedList {
  const [header, ...body] = rows;
  if (header === undefined || body.length === 0) return { rows };
  const find = classFinder(labels);
  const isAnyName = isUnnamed(labels);
  const columns = Array.from(header.cells.keys()).filter((column) => {
    const name = header.cells[column]!;
    const isClass = isAnyName ? /\D/.test(name) : find(name) !== undefined;
    return isClass && body.every(({ cells }) => INDICATOR.test(cells[column] ?? ""));
  });
  if (columns.length < 2 || columns.length === header.cells.length) return { rows };
  const isLabel = (column: number) =>
    isLabelWord(header.cells[column]!) ||
    !isAnyName && body.filter(({ cells }) => find(cells[column] ?? "") !== undefined).length > body.length / 2;
  if (Array.from(header.cells.keys()).some((column) => !columns.includes(column) && isLabel(column))) return { rows };
  const namesOf = ({ cells }: TableRow) => columns.filter((column) => YES.test(cells[column]!));
  if (isAnyName) {
    const share = body.filter((row) => namesOf(row).length === 1).length / body.length;
    if (share < MOST || (labels.length > 0 && labels.length !== columns.length)) return { rows };
    // Such columns may also tell images for training from those for testing.
    if (columns.every((column) => isNamedAfterPart(header.cells[column]!))) return { rows };
  }
  const others = (cells: readonly string[]) => cells.filter((_, column) => !columns.includes(column));
  const joined = [
    { ...header, cells: [...others(header.cells), "class_name"] },
    ...body.map((row) => ({
      ...row,
      cells: [...others(row.cells), namesOf(row).map((column) => header.cells[column]).join(", ")],
    })),
  ];
  return { rows: joined, classes: columns.map((column) => header.cells[column]!) };
}
