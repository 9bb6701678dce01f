/**
 * Lists of images as tables: CSV, and text files with tabs or spaces as published data sets have them.
 *
 * @module
 */

import { parse } from "csv-parse/sync";
import { RanetError } from "../errors.ts";
import { readBoundedFile } from "../io/files.ts";
import { isSampleFile } from "./image_files.ts";

/** Names of files that are treated as lists. */
export const LIST_FILE = /\.(csv|tsv|txt|jsonl)$/i;
/** Names of lists with a JSON object in each line. */
const JSON_LINES = /\.jsonl$/i;

/** Size limit in bytes: enough for several million lines. */
const MAX_LIST_BYTES = 256_000_000;
/** Column limit. Files with more columns contain pixels or features. */
const MAX_COLUMNS = 64;

/** A line of a table. */
export interface TableRow {
  /** Line number, from 1. */
  readonly line: number;
  /** Its cells. */
  readonly cells: readonly string[];
}

/**
 * Reads a table. The delimiter is determined from its first line. A file of JSON lines has a column for each key of its
 * first line, and the keys as its header.
 *
 * @param path The file.
 * @param options `lines`: how many lines to read; by default all.
 * @throws {RanetError} If it cannot be read, or has too many columns.
 */
export async function readTable(path: string, options: { readonly lines?: number } = {}): Promise<TableRow[]> {
  const text = decoded(await readBoundedFile(path, MAX_LIST_BYTES)).replace(SEPARATOR, "$1");
  if (text.includes("\0")) throw new RanetError(`Cannot read ${JSON.stringify(path)}: it is not text`);
  if (JSON_LINES.test(path)) return jsonRows(text, path, options.lines);
  const rows: TableRow[] = [];
  const delimiter = delimiterOf(text);
  try {
    parse(text, {
      delimiter,
      to: options.lines,
      relax_column_count: true,
      skip_empty_lines: true,
      trim: true,
      on_record: (cells: string[], { lines }) => {
        if (cells.length > MAX_COLUMNS) throw tooManyColumns(path, cells.length);
        rows.push({ line: lines, cells });
        return null;
      },
    });
  } catch (error) {
    if (error instanceof RanetError || !(error instanceof Error && "code" in error)) throw error;
    throw new RanetError(`Cannot read ${JSON.stringify(path)}: ${error.message}`);
  }
  return delimiter === " " ? joinWords(rows) : rows;
}

/** The rows of JSON lines. Values that are not text, numbers, true or false are left empty. */
function jsonRows(text: string, path: string, most = Infinity): TableRow[] {
  const rows: TableRow[] = [];
  let keys: readonly string[] = [];
  for (const [i, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    if (rows.length > most) break;
    const object = parseObject(line);
    if (object === undefined) {
      throw new RanetError(`Cannot read ${JSON.stringify(path)}: line ${i + 1} is not a JSON object`);
    }
    if (rows.length === 0) {
      keys = Object.keys(object);
      if (keys.length > MAX_COLUMNS) throw tooManyColumns(path, keys.length);
      rows.push({ line: 0, cells: keys });
    }
    const cells = keys.map((key) => {
      const value = object[key];
      return typeof value === "object" || value === undefined ? "" : String(value).trim();
    });
    rows.push({ line: i + 1, cells });
  }
  return rows;
}

function parseObject(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? value as Readonly<Record<string, unknown>>
      : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Makes two columns of lines with different numbers of words: labels contain spaces ("0010002 Boeing 717"), or names of
 * images do ("my photo.jpg 3").
 */
function joinWords(rows: readonly TableRow[]): TableRow[] {
  if (rows.every(({ cells }) => cells.length === rows[0]!.cells.length)) return [...rows];
  const areNames = rows.slice(1).every(({ cells }) => isSampleFile(cells.slice(0, -1).join(" ")));
  return rows.map(({ line, cells }) => {
    const end = areNames ? cells.length - 1 : 1;
    return { line, cells: [cells.slice(0, end).join(" "), ...cells.length > 1 ? [cells.slice(end).join(" ")] : []] };
  });
}

/** A line that tells Excel the separator of cells. */
const SEPARATOR = /^(\s*)sep=.[ \t]*(?=\r?\n)/i;

/** Decodes UTF-8, or UTF-16 if there is a byte order mark (spreadsheets call that "Unicode text"). */
function decoded(bytes: Uint8Array): string {
  const encoding = bytes[0] === 0xff && bytes[1] === 0xfe
    ? "utf-16le"
    : bytes[0] === 0xfe && bytes[1] === 0xff
    ? "utf-16be"
    : "utf-8";
  return new TextDecoder(encoding).decode(bytes);
}

function delimiterOf(text: string): string {
  const line = text.slice(0, 10_000).trimStart().split(/[\r\n]/, 1)[0]!;
  return ["\t", ",", ";", " "].find((delimiter) => line.includes(delimiter)) ?? ",";
}

function tooManyColumns(path: string, columns: number): RanetError {
  return new RanetError(
    `Cannot use ${JSON.stringify(path)}: expected one path and label per line, found ${columns} columns. ` +
      "If these are pixels, save the images as files first, in one folder per class",
  );
}
