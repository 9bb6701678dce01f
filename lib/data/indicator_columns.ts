/**
 * Lists with one column per class, which is 1 for the image's class and 0 for others (one-hot).
 *
 * @module
 */

import { classFinder, isUnnamed } from "../spec/classes.ts";
import type { TableRow } from "./list_table.ts";

/** Values of such a column, as programs write them. */
const INDICATOR = /^[01](\.0+)?$/;
const YES = /^1/;
/**
 * Smallest share of lines in which exactly one column is 1, if the headers do not show that the columns are classes.
 */
const MOST = 0.9;

/**
 * Joins such columns to one column of labels.
 *
 * @param rows The list.
 * @param labels The model's labels; none if they are unknown.
 * @returns The list with the names of the classes in a last column, if there are such columns. If a line has several classes,
 * the column contains all of their names, which is not a valid class. Otherwise the list itself.
 */
export function joinIndicators(rows: readonly TableRow[], labels: readonly string[]): readonly TableRow[] {
  const [header, ...body] = rows;
  if (header === undefined || body.length === 0) return rows;
  const find = classFinder(labels);
  const isAnyName = isUnnamed(labels);
  const columns = Array.from(header.cells.keys()).filter((column) => {
    const name = header.cells[column]!;
    const isClass = isAnyName ? /\D/.test(name) : find(name) !== undefined;
    return isClass && body.every(({ cells }) => INDICATOR.test(cells[column] ?? ""));
  });
  if (columns.length < 2 || columns.length === header.cells.length) return rows;
  const namesOf = ({ cells }: TableRow) => columns.filter((column) => YES.test(cells[column]!));
  if (isAnyName) {
    const share = body.filter((row) => namesOf(row).length === 1).length / body.length;
    if (share < MOST || (labels.length > 0 && labels.length !== columns.length)) return rows;
  }
  const others = (cells: readonly string[]) => cells.filter((_, column) => !columns.includes(column));
  return [
    { ...header, cells: [...others(header.cells), "class_name"] },
    ...body.map((row) => ({
      ...row,
      cells: [...others(row.cells), namesOf(row).map((column) => header.cells[column]).join(", ")],
    })),
  ];
}
