/**
 * Reads columns of a Parquet file. Its pages are checked before they are decoded, so that a damaged or hostile file
 * cannot make the decoder fill the memory.
 *
 * @module
 */

import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";
import {
  type AsyncBuffer,
  type Compressors,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
  type SchemaTree,
} from "hyparquet";
import { parquetHeader } from "hyparquet/src/column.js";
import { RanetError } from "../errors.ts";
import { readAt, withFile } from "../io/files.ts";
import { type Joined, joinParts } from "./joined.ts";

/** Size limit of a footer, which describes all pages, in bytes. */
const MAX_FOOTER_BYTES = 2 ** 26;
/** Limit of a column's size in a row group, in bytes, packed and unpacked. */
const MAX_COLUMN_BYTES = 2 ** 30;
/** Limit of a file's rows. */
const MAX_ROWS = 2 ** 27;

/** What a column contains. */
export type ColumnKind = "bytes" | "text" | "numbers" | "other";

/** A column of a table. */
export interface Column {
  readonly name: string;
  /** `bytes`: a file in each row, itself or as Hugging Face's struct of `bytes` and `path`. */
  readonly kind: ColumnKind;
}

/** A table in a file. */
export interface ParquetTable {
  /** The file. */
  readonly path: string;
  /** Number of rows. */
  readonly rows: number;
  /** Its columns, in order. */
  readonly columns: readonly Column[];
  /** Number of row groups. Rows of one group are read together. */
  readonly groups: number;
  /** The group that contains a row, and the row's number in it. */
  readonly locate: Joined["locate"];
  /** A text that the writer has stored about the table. */
  note(key: string): string | undefined;
  /**
   * The values of a column in a row group.
   *
   * @throws {RanetError} If they are damaged, too large, or packed in an unsupported way.
   */
  values(column: string, group: number): Promise<readonly unknown[]>;
}

/** Unpacks pages. Snappy, which most writers use, is built in. Pages of missing values are empty. */
const COMPRESSORS: Compressors = {
  GZIP: (bytes, length) => gunzipSync(bytes, { maxOutputLength: Math.max(1, length) }),
  ZSTD: (bytes, length) => zstdDecompressSync(bytes, { maxOutputLength: Math.max(1, length) }),
  BROTLI: (bytes, length) => brotliDecompressSync(bytes, { maxOutputLength: Math.max(1, length) }),
};

/**
 * Opens a table. Only its footer is read.
 *
 * @throws {RanetError} If it is not a Parquet file, or its footer is damaged or too large.
 */
export async function openParquetTable(path: string): Promise<ParquetTable> {
  const { isFile, size } = await withFile(path, () => Deno.stat(path));
  if (!isFile) throw refusal(path, "it is not a file");
  const metadata = await attempt(path, () => parquetMetadataAsync(fileBuffer(path, size), { geoparquet: false }));
  const { row_groups, key_value_metadata = [] } = metadata;
  const counts = row_groups.map(({ num_rows }) => {
    const rows = Number(num_rows);
    if (rows >= 0 && rows <= MAX_ROWS) return rows;
    throw refusal(path, `its footer says ${num_rows} rows in one group`);
  });
  const { size: rows, starts, locate } = joinParts(counts);
  if (rows > MAX_ROWS) throw refusal(path, `${rows} rows are more than ${MAX_ROWS}`);
  const tree = await attempt(path, () => parquetSchema(metadata));
  return {
    path,
    rows,
    columns: tree.children.map((child) => ({ name: child.element.name, kind: kindOf(child) })),
    groups: row_groups.length,
    locate,
    note: (key) => key_value_metadata.find((entry) => entry.key === key)?.value,
    async values(column: string, group: number): Promise<readonly unknown[]> {
      const [rowStart, count] = [starts[group]!, counts[group]!];
      if (count === 0) return [];
      const file = await columnBuffer(path, metadata, { column, group, count, size });
      const read = await attempt(path, () =>
        parquetReadObjects({
          file,
          metadata,
          columns: [column],
          rowStart,
          rowEnd: rowStart + count,
          utf8: false,
          geoparquet: false,
          compressors: COMPRESSORS,
        }));
      if (read.length !== count) throw damaged(path, `${read.length} of ${count} rows`);
      return read.map((row) => row[column]);
    },
  };
}

function kindOf({ element, children }: SchemaTree): ColumnKind {
  if (element.repetition_type === "REPEATED") return "other";
  if (children.length > 0) {
    const isOnce = children.every(({ element, children }) =>
      element.repetition_type !== "REPEATED" && children.length === 0
    );
    const bytes = children.find(({ element }) => element.name === "bytes");
    return isOnce && bytes && kindOf(bytes) === "bytes" ? "bytes" : "other";
  }
  const { type, converted_type, logical_type } = element;
  if (type === "BYTE_ARRAY") {
    if (converted_type === "UTF8" || converted_type === "ENUM" || logical_type?.type === "STRING") return "text";
    return converted_type === undefined && logical_type === undefined ? "bytes" : "other";
  }
  if (type === "BOOLEAN" || type === "FLOAT" || type === "DOUBLE") return "numbers";
  const isInteger = (type === "INT32" || type === "INT64") &&
    (converted_type === undefined || /^U?INT_/.test(converted_type)) &&
    (logical_type === undefined || logical_type.type === "INTEGER");
  return isInteger ? "numbers" : "other";
}

/** Reads parts of a file. */
function fileBuffer(path: string, size: number): AsyncBuffer {
  return {
    byteLength: size,
    async slice(start: number, end: number = size): Promise<ArrayBuffer> {
      if (!(start >= 0 && end >= start && end - start <= MAX_FOOTER_BYTES)) {
        throw refusal(path, `its footer is damaged, or larger than ${MAX_FOOTER_BYTES} bytes`);
      }
      return (await readAt(path, start, end - start)).buffer;
    },
  };
}

/** Reads a column's pages in a row group and checks their headers. */
async function columnBuffer(
  path: string,
  { row_groups }: FileMetaData,
  options: { readonly column: string; readonly group: number; readonly count: number; readonly size: number },
): Promise<AsyncBuffer> {
  const { column, group, count, size } = options;
  const chunks = row_groups[group]!.columns
    .map(({ meta_data }) => meta_data)
    .filter((chunk) => chunk?.path_in_schema[0] === column)
    .map((chunk) => {
      const start = Number(chunk!.dictionary_page_offset || chunk!.data_page_offset);
      const end = start + Number(chunk!.total_compressed_size);
      const unpacked = Number(chunk!.total_uncompressed_size);
      if (!(start >= 0 && end >= start && end <= size)) throw damaged(path, "the place of a column");
      if (end - start > MAX_COLUMN_BYTES || unpacked > MAX_COLUMN_BYTES) {
        throw refusal(
          path,
          `a row group of the column ${column} is larger than ${MAX_COLUMN_BYTES} bytes. Write it with smaller ones, such as row_group_size=100`,
        );
      }
      return { start, end };
    });
  if (chunks.length === 0) throw damaged(path, `the column ${column} is missing in a row group`);
  const start = Math.min(...chunks.map((chunk) => chunk.start));
  const end = Math.max(...chunks.map((chunk) => chunk.end));
  if (end - start > MAX_COLUMN_BYTES) throw damaged(path, "the place of a column");
  const bytes = await withFile(path, () => readAt(path, start, end - start));
  if (bytes.length !== end - start) throw damaged(path, "it has become shorter");
  for (const chunk of chunks) {
    await attempt(path, () => checkPages(bytes.subarray(chunk.start - start, chunk.end - start), { path, count }));
  }
  return {
    byteLength: size,
    slice(from: number, to: number = size): ArrayBuffer {
      if (!(from >= start && to <= end && from <= to)) throw damaged(path, "the place of a column");
      return bytes.buffer.slice(from - start, to - start);
    },
  };
}

/** Checks that pages do not claim more values than their row group has rows, nor more bytes than are permitted. */
function checkPages(
  bytes: Uint8Array<ArrayBuffer>,
  { path, count }: { readonly path: string; readonly count: number },
) {
  const reader = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset: 0 };
  let values = 0;
  let unpacked = 0;
  while (reader.offset < bytes.length - 1) {
    const page = parquetHeader(reader);
    const data = page.data_page_header ?? page.data_page_header_v2;
    const { compressed_page_size, uncompressed_page_size } = page;
    const own = (data ?? page.dictionary_page_header)?.num_values ?? 0;
    // A dictionary may have more values than there are rows: pyarrow writes unused categories too.
    const most = data ? count : uncompressed_page_size;
    if (data) values += own;
    unpacked += uncompressed_page_size;
    reader.offset += compressed_page_size;
    const isSound = own >= 0 && own <= most && values <= count && compressed_page_size >= 0 &&
      uncompressed_page_size >= 0 && unpacked <= MAX_COLUMN_BYTES && reader.offset <= bytes.length;
    if (!isSound) throw damaged(path, "the header of a page");
  }
}

/** Calls the decoder, and turns its errors into readable ones. */
async function attempt<T>(path: string, decode: () => T | Promise<T>): Promise<T> {
  try {
    return await decode();
  } catch (error) {
    if (error instanceof RanetError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    const codec = /unsupported compression codec: (\w+)/.exec(reason)?.[1];
    if (codec !== undefined) {
      throw refusal(path, `its pages are packed with ${codec}. Write it again with Snappy, GZIP, Zstandard or Brotli`);
    }
    throw damaged(path, reason.replace(/^parquet /, ""), error);
  }
}

function damaged(path: string, what: string, cause?: unknown): RanetError {
  return refusal(path, `it is not a Parquet file, or damaged (${what})`, cause);
}

function refusal(path: string, reason: string, cause?: unknown): RanetError {
  return new RanetError(`Cannot read ${JSON.stringify(path)}: ${reason}`, { cause });
}
