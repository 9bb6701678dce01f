/**
 * Lists with a column that says to which part of the data set a line belongs, such as `split`.
 *
 * @module
 */

import { datasetError } from "./dataset_error.ts";
import { classFinder } from "../spec/classes.ts";
import type { TableRow } from "./list_table.ts";
import { type Part, partNamed, PARTS, SUBSTITUTES } from "./parts.ts";

/** A header that asks whether a line belongs to a part, as fastai's `is_valid`. */
const QUESTION = /^is[ _-]?([a-z]+)$/i;
const YES = /^(true|yes|1|1\.0)$/i;
const NO = /^(false|no|0|0\.0|)$/i;

/** The lines of each part of a list, without the column of parts. */
export type ListParts = Readonly<Partial<Record<Part, readonly TableRow[]>>>;

/**
 * Divides a list by its column of parts. Each part begins with the header, if the list has one.
 *
 * @param rows The list.
 * @param labels The model's. A column of words that are classes is one of labels.
 * @returns `undefined` if it has no such column.
 */
export function divideList(rows: readonly TableRow[], labels: readonly string[]): ListParts | undefined {
  const [first, ...others] = rows;
  if (first === undefined || others.length === 0) return undefined;
  const find = classFinder(labels);
  for (const [column, top] of first.cells.entries()) {
    if (!isQuestion(top) && others.some(({ cells }) => find(cells[column] ?? "") !== undefined)) continue;
    const partIn = readerFor(top);
    const named = others.map(({ cells }) => partIn(cells[column] ?? ""));
    if (isQuestion(top) && isMostlyValid(named)) continue;
    const own = partNamed(top);
    const distinct = new Set([...named, ...own === undefined ? [] : [own]]);
    if (distinct.has(undefined) || distinct.size < 2) continue;
    const isOther = first.cells.map((header, i) => i !== column && !isQuestion(header));
    const without = (row: TableRow): TableRow => ({ ...row, cells: row.cells.filter((_, i) => isOther[i] ?? true) });
    const lines = own === undefined ? others : rows;
    const parts = own === undefined ? named : [own, ...named];
    const header = own === undefined ? [without(first)] : [];
    return Object.fromEntries(
      PARTS.filter((part) => distinct.has(part)).map((part) => [
        part,
        [...header, ...lines.filter((_, i) => parts[i] === part).map(without)],
      ]),
    );
  }
  return undefined;
}

function isQuestion(header: string): boolean {
  return partNamed(QUESTION.exec(header)?.[1] ?? "") !== undefined;
}

/** Whether a column more likely says which lines can be used than which are for validation. */
function isMostlyValid(parts: readonly (Part | undefined)[]): boolean {
  return parts.filter((part) => part === "validation").length * 2 > parts.length;
}

/** How the cells of a column name parts, by its header. */
function readerFor(header: string): (cell: string) => Part | undefined {
  const asked = partNamed(QUESTION.exec(header)?.[1] ?? "");
  if (asked === undefined) return partNamed;
  const other = asked === "training" ? "test" : "training";
  return (cell) => YES.test(cell) ? asked : NO.test(cell) ? other : undefined;
}

/**
 * The lines of a part, or of its substitute.
 *
 * @param source The list's path in errors.
 * @throws {RanetError} If the list has neither.
 */
export function linesOf(
  part: Part,
  parts: ListParts,
  source: string,
): { readonly part: Part; readonly rows: readonly TableRow[] } {
  for (const each of [part, ...SUBSTITUTES[part]]) {
    const rows = parts[each];
    if (rows !== undefined) return { part: each, rows };
  }
  throw datasetError(source, `it has no lines for ${part}, only for ${Object.keys(parts).join(" and ")}`);
}
