/**
 * Finds the path and label columns of a list of images, and whether its first line is a header.
 *
 * @module
 */

import { RanetError } from "../errors.ts";
import { datasetError } from "./dataset_error.ts";
import { classFinder } from "../spec/classes.ts";
import { isSampleFile } from "./image_files.ts";
import { type LabelReading, listLabels } from "./labels.ts";
import type { TableRow } from "./list_table.ts";

/** The columns of a list. */
export interface ListColumns {
  /** Index of the path column, from 0. */
  readonly path: number;
  /** Index of the label column, from 0. */
  readonly label: number;
  /** Number of columns. */
  readonly count: number;
  /** Whether the first line is a header. */
  readonly hasHeader: boolean;
  /** Whether labels are names or indexes, if the header says so. */
  readonly reading?: LabelReading;
}

/** Header words for each kind of column. */
const LABEL_WORD = /^(label|class|cls|target|category|breed|species|choice|y)(s|[ _-]?(name|id|index|number))?$/i;
const NAME_WORD = /^(label|class|category)[ _-]?name$/i;
const INDEX_WORD = /^(label|class|category|target)[ _-]?(index|number)$/i;
const PATH_WORD =
  /^(path|file|filename|file[ _-]?(name|path)|image|img|id|(image|img)[ _-]?(id|name|path|file)|imageid)s?$/i;
/** A WordNet id, optionally followed by boxes as in Kaggle's copy of ImageNet. */
const SYNSET = /^n\d{8}( |$)/;

/**
 * Finds the columns of a list. The label column is one that contains the model's classes, or else one that the header
 * names.
 *
 * @param rows The list.
 * @param labels The model's, or none if they are unknown.
 * @returns `undefined` if it has only one column, or more than two and the label cannot be determined.
 */
export function findColumns(rows: readonly TableRow[], labels: readonly string[]): ListColumns | undefined {
  const cells = rows[0]?.cells ?? [];
  const count = cells.length;
  if (count < 2) return undefined;
  const find = classFinder(labels);
  const body = rows.length > 1 ? rows.slice(1) : rows;
  const share = (column: number, holds: (cell: string) => boolean) =>
    body.reduce((sum, { cells }) => sum + Number(holds(cells[column] ?? "")), 0) / body.length;
  const columns = Array.from(cells.keys());
  const isNamed = (cell: string) => find(cell) !== undefined || SYNSET.test(cell);
  const synsets = columns.filter((column) => share(column, (cell) => SYNSET.test(cell)) > 0.5);
  const named = columns.filter((column) => share(column, isNamed) > 0.5);
  const worded = columns.filter((column) => LABEL_WORD.test(cells[column]!) && !isSampleFile(cells[column]!));
  const isImages = (column: number) => share(column, (cell) => isSampleFile(cell)) > 0.5;
  const beside = isImages(1) && !isImages(0) ? 0 : 1;
  // To a model with the classes 0, 1, …, every small number is a class.
  const both = named.filter((column) => worded.includes(column));
  const names = worded.filter((column) => NAME_WORD.test(cells[column]!));
  const texts = worded.filter((column) => share(column, (cell) => !/^(\d+(\.0)?)?$/.test(cell)) > 0.5);
  const label = [synsets, named, worded, both, names, texts, count === 2 ? [beside] : []]
    .find((found) => found.length === 1)?.[0];
  if (label === undefined) return undefined;
  const others = columns.filter((column) => column !== label);
  const path = count === 2 ? others[0]! : others.find(isImages) ??
    others.find((column) => PATH_WORD.test(cells[column]!)) ?? others[0]!;
  const [pathCell, labelCell] = [cells[path]!, cells[label]!];
  const hasHeader = !isNamed(labelCell) && !/^\d+$/.test(labelCell) && !isSampleFile(pathCell) &&
    (LABEL_WORD.test(labelCell) || PATH_WORD.test(pathCell) || isImages(path));
  const reading = !hasHeader
    ? undefined
    : NAME_WORD.test(labelCell)
    ? "names"
    : INDEX_WORD.test(labelCell)
    ? "indexes"
    : undefined;
  return { path, label, count, hasHeader, reading };
}

/** Index of the column that has the paths of a list without a column of labels. */
export function pathColumn(rows: readonly TableRow[]): number {
  const columns = Array.from(rows[0]?.cells.keys() ?? []);
  const isImages = (column: number) =>
    rows.filter(({ cells }) => isSampleFile(cells[column] ?? "")).length > rows.length / 2;
  return columns.find(isImages) ?? Math.max(0, columns.findIndex((column) => isPathWord(rows[0]!.cells[column]!)));
}

/**
 * The error for a list in which the labels cannot be found.
 *
 * @param labels The model's, or none if they are unknown.
 */
export function noLabels(rows: readonly TableRow[], labels: readonly string[], source: string): RanetError {
  const [first] = rows;
  if (first === undefined) return datasetError(source, "it is empty");
  const found = JSON.stringify(first.cells.join(",").slice(0, 100));
  if (first.cells.length < 2) {
    return new RanetError(
      `Cannot use line ${first.line} of ${JSON.stringify(source)}: expected path,label, found ${found}`,
    );
  }
  const classes = labels.length === 0 ? "" : `no column contains the model's classes (${listLabels(labels)}), and `;
  return new RanetError(
    `Cannot determine which column of ${JSON.stringify(source)} is the label: ${classes}no header says "label". ` +
      `Found ${found}. Write "label" above the column of labels`,
  );
}

/**
 * The classes' names in the order of their numbers, if another column of labels numbers them from 0 or 1 without gaps.
 *
 * @param header The list's header.
 * @param body Its other lines.
 * @param label Index of the column of names.
 */
export function numberedNames(header: TableRow, body: readonly TableRow[], label: number): string[] | undefined {
  for (const [column, word] of header.cells.entries()) {
    if (column === label || !isLabelWord(word)) continue;
    const numbers = new Map<string, string>();
    const isFunction = body.every(({ cells }) => {
      const [name, number] = [cleanLabel(cells[label] ?? ""), (cells[column] ?? "").replace(/\.0$/, "")];
      if (name === "") return true;
      if (!numbers.has(name)) numbers.set(name, number);
      return /^\d+$/.test(number) && numbers.get(name) === number;
    });
    if (!isFunction || numbers.size === 0) continue;
    const names = [...numbers.keys()].sort((a, b) => Number(numbers.get(a)) - Number(numbers.get(b)));
    const first = Number(numbers.get(names[0]!));
    if (first <= 1 && names.every((name, i) => Number(numbers.get(name)) === first + i)) return names;
  }
}

/** Whether a header says that a column contains labels. */
export function isLabelWord(header: string): boolean {
  return LABEL_WORD.test(header);
}

/** Whether a header says that a column contains paths or ids of images. */
export function isPathWord(header: string): boolean {
  return PATH_WORD.test(header);
}

/** Whether a header says that a column contains the names of labels. */
export function isNameWord(header: string): boolean {
  return NAME_WORD.test(header);
}

/** A label without additions: only the id of a WordNet id with boxes. */
export function cleanLabel(cell: string): string {
  return SYNSET.test(cell) ? cell.slice(0, 9) : cell;
}
