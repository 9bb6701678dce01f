/**
 * Finds the path and label columns of a list of images, and whether its first line is a header.
 *
 * @module
 */

import { RanetError } from "../errors.ts";
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
 * @param options `labels`: the model's; `source`: the list's name in errors.
 * @throws {RanetError} If it has only one column, or more than two and the label cannot be determined.
 */
export function findColumns(
  rows: readonly TableRow[],
  { labels, source }: { readonly labels: readonly string[]; readonly source: string },
): ListColumns {
  const [first] = rows;
  if (first === undefined) throw new RanetError(`Cannot open data set ${JSON.stringify(source)}: it is empty`);
  const { cells } = first;
  const count = cells.length;
  if (count < 2) {
    throw new RanetError(
      `Cannot use line ${first.line} of ${JSON.stringify(source)}: expected path,label, found ` +
        JSON.stringify(cells.join(",").slice(0, 100)),
    );
  }
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
  const texts = worded.filter((column) => share(column, (cell) => !/^\d*$/.test(cell)) > 0.5);
  const label = [synsets, named, worded, both, names, texts, count === 2 ? [beside] : []]
    .find((found) => found.length === 1)?.[0];
  if (label === undefined) {
    throw new RanetError(
      `Cannot determine which column of ${
        JSON.stringify(source)
      } is the label: no column contains the model's classes ` +
        `(${listLabels(labels)}), and no header says "label". Found ${JSON.stringify(cells.join(",").slice(0, 100))}`,
    );
  }
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

/**
 * The classes' names in the order of their numbers, if another column of labels numbers them from 0 or 1 without gaps.
 *
 * @param rows The list, with its header.
 * @param label Index of the column of names.
 */
export function numberedNames(rows: readonly TableRow[], label: number): string[] | undefined {
  const [header, ...body] = rows;
  for (const column of header?.cells.keys() ?? []) {
    if (column === label || !isLabelWord(header!.cells[column]!)) continue;
    const numbers = new Map<string, string>();
    const isFunction = body.every(({ cells }) => {
      const [name, number] = [cleanLabel(cells[label] ?? ""), cells[column] ?? ""];
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

/** Whether a header says that a column contains the names of labels. */
export function isNameWord(header: string): boolean {
  return NAME_WORD.test(header);
}

/** A label without additions: only the id of a WordNet id with boxes. */
export function cleanLabel(cell: string): string {
  return SYNSET.test(cell) ? cell.slice(0, 9) : cell;
}
