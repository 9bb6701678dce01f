/**
 * Lists of images as tables: CSV, and the text files with tabs or spaces that come with published data sets.
 *
 * @module
 */

import { parse } from "csv-parse/sync";
import { RanetError } from "../errors.ts";
import { readBoundedFile } from "../io/files.ts";

/** Names of files that are taken for lists. */
export const LIST_FILE = /\.(csv|tsv|txt)$/i;

/** Room for some millions of lines. */
const MAX_LIST_BYTES = 256_000_000;
/** Lists of more columns hold pixels or features. */
const MAX_COLUMNS = 64;

/** A line of a table. */
export interface TableRow {
  /** Its number in the file, from 1. */
  readonly line: number;
  /** Its cells. */
  readonly cells: readonly string[];
}

/**
 * Reads a table; what separates cells is found out from its first line.
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

/** UTF-8, or UTF-16 as its first bytes say: spreadsheets call that "Unicode text". */
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
    `Cannot use ${
      JSON.stringify(path)
    }: expected the path and the label of an image a line, found ${columns} columns. ` +
      "If they are pixels, write images as files first, a folder for each class",
  );
}
