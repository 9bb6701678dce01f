/**
 * Lists of images as tables: CSV, and text files with tabs or spaces as published data sets have them.
 *
 * @module
 */

import { parse } from "csv-parse/sync";
import { RanetError } from "../errors.ts";
import { readBoundedFile } from "../io/files.ts";

/** Names of files that are treated as lists. */
export const LIST_FILE = /\.(csv|tsv|txt)$/i;

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
 * Reads a table. The delimiter is determined from its first line.
 *
 * @throws {RanetError} If it cannot be read, or has too many columns.
 */
export async function readTable(path: string): Promise<TableRow[]> {
  const text = decoded(await readBoundedFile(path, MAX_LIST_BYTES)).replace(SEPARATOR, "$1");
  if (text.includes("\0")) throw new RanetError(`Cannot read ${JSON.stringify(path)}: it is not text`);
  const rows: TableRow[] = [];
  try {
    parse(text, {
      delimiter: delimiterOf(text),
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
  return rows;
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
