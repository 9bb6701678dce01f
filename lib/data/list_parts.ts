/**
 * Lists with a column that says to which part of the data set a line belongs, such as `split`.
 *
 * @module
 */

import { datasetError } from "./dataset_error.ts";
import { classFinder } from "../spec/classes.ts";
import { isLabelWord } from "./list_columns.ts";
import type { TableRow } from "./list_table.ts";
import { type Part, partNamed, PARTS, SUBSTITUTES } from "./parts.ts";

/** A header that asks whether a line belongs to a part, as fastai's `is_valid`. */
const QUESTION = /^is[ _-]?([a-z]+)$/i;
const YES = /^(true|yes|1|1\.0)$/i;
const NO = /^(false|no|0|0\.0|)$/i;
/** A header that says that a column has parts. Its other cells are lines that belong to none. */
const PARTS_WORD = /^(split|set|subset|part|partition|usage|phase|data[ _-]?set|ml_use)$/i;

/** The lines of each part of a list, without its columns of parts. */
export interface ListParts {
  /** Whether each part begins with the header. */
  readonly hasHeader: boolean;
  /** The lines. */
  readonly lines: Readonly<Partial<Record<Part, readonly TableRow[]>>>;
}

/**
 * Divides a list by its column of parts, or by columns that ask for a part each.
 *
 * @param rows The list.
 * @param labels The model's. A column of words that are classes is one of labels.
 * @returns `undefined` if it has no such column.
 */
export function divideList(rows: readonly TableRow[], labels: readonly string[]): ListParts | undefined {
  const [first, ...others] = rows;
  if (first === undefined || others.length === 0) return undefined;
  const questions = first.cells.flatMap((header, column) => {
    const part = partNamed(QUESTION.exec(header)?.[1] ?? "");
    return part !== undefined && others.every(({ cells }) => isAnswer(cells[column] ?? "")) ? [{ column, part }] : [];
  });
  if (questions.length > 0) {
    const rest = questions.some(({ part }) => part === "training") ? "test" : "training";
    const partOf = ({ cells }: TableRow) => questions.find(({ column }) => YES.test(cells[column] ?? ""))?.part ?? rest;
    const isMostlyValid = others.filter((row) => partOf(row) === "validation").length * 2 > others.length;
    // More likely, it says which lines can be used.
    return isMostlyValid
      ? undefined
      : divide(rows, { partOf, columns: questions.map(({ column }) => column), hasHeader: true });
  }
  const find = classFinder(labels);
  for (const [column, top] of first.cells.entries()) {
    if (isLabelWord(top) || others.some(({ cells }) => find(cells[column] ?? "") !== undefined)) continue;
    const partOf = ({ cells }: TableRow) => partNamed(cells[column] ?? "");
    const hasHeader = partOf(first) === undefined;
    const named = others.filter((row) => partOf(row) !== undefined).length;
    if (named < others.length && !(PARTS_WORD.test(top) && named * 2 > others.length)) continue;
    const found = divide(rows, { partOf, columns: [column], hasHeader });
    if (Object.keys(found.lines).length > 1) return found;
  }
  return undefined;
}

function divide(
  rows: readonly TableRow[],
  { partOf, columns, hasHeader }: {
    readonly partOf: (row: TableRow) => Part | undefined;
    readonly columns: readonly number[];
    readonly hasHeader: boolean;
  },
): ListParts {
  const without = (row: TableRow): TableRow => ({ ...row, cells: row.cells.filter((_, i) => !columns.includes(i)) });
  const [header, body] = hasHeader ? [rows.slice(0, 1), rows.slice(1)] : [[], rows];
  const byPart = Map.groupBy(body, partOf);
  const lines: Partial<Record<Part, readonly TableRow[]>> = {};
  for (const part of PARTS) {
    const own = byPart.get(part);
    if (own !== undefined) lines[part] = [...header, ...own].map(without);
  }
  return { hasHeader, lines };
}

function isAnswer(cell: string): boolean {
  return YES.test(cell) || NO.test(cell);
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
): { readonly part: Part; readonly rows: readonly TableRow[]; readonly hasHeader: boolean } {
  for (const each of [part, ...SUBSTITUTES[part]]) {
    const rows = parts.lines[each];
    if (rows !== undefined) return { part: each, rows, hasHeader: parts.hasHeader };
  }
  throw datasetError(source, `it has no lines for ${part}, only for ${Object.keys(parts.lines).join(" and ")}`);
}
