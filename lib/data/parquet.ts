/**
 * Tables of image files and labels in Parquet files, as Hugging Face stores data sets.
 *
 * @module
 */

import { basename, dirname, resolve } from "node:path";
import { RanetError } from "../errors.ts";
import { datasetError } from "./dataset_error.ts";
import { digestFiles } from "../io/files.ts";
import { Recent } from "../io/recent.ts";
import { classFinder, isUnnamed } from "../spec/classes.ts";
import { nameClasses } from "./class_names.ts";
import type { Dataset, DatasetOptions, ImageRecords, Sample, SampleFile } from "./dataset.ts";
import { decodeImage, MAX_IMAGE_BYTES } from "./decode.ts";
import { joinParts } from "./joined.ts";
import { labelRecords } from "./labelled_records.ts";
import { listLabels } from "./labels.ts";
import { isLabelWord, isNameWord } from "./list_columns.ts";
import { type Column, openParquetTable, type ParquetTable } from "./parquet_table.ts";
import { checkTakesImages } from "./preprocess.ts";

/** Row groups that are kept in memory. Samples are read almost in order, several at once. */
const KEPT = 3;
/** How a column of images is called, if there are several. */
const IMAGE_WORD = /^((image|img|picture|photo)s?|jpe?g|png|webp)$/i;
/** Share of classes whose names must begin alike. A few may be written in another way. */
const ALIKE = 0.95;

/** All labels of a table are -1, as in a test part whose labels are not published. */
export class UnlabelledError extends RanetError {}

/** A column of labels. */
interface LabelColumn {
  readonly name: string;
  /** The class that each number means, if the table says so. */
  readonly classes: readonly string[] | undefined;
}

/**
 * Opens tables with the same columns, read as one. A column contains image files, another labels: numbers, with names
 * in Hugging Face's `ClassLabel`, or names.
 *
 * @param paths The files.
 * @throws {RanetError} If they are not such tables, or (without `skipBad`) a label is not among the model's.
 */
export async function openParquet(paths: readonly string[], options: DatasetOptions): Promise<Dataset> {
  checkTakesImages(options.channels ?? 3);
  const path = paths.length === 1 ? paths[0]! : dirname(paths[0]!);
  const tables = await openTables(paths);
  const images = imageReader(tables);
  const label = inModelsWords(labelColumn(tables[0]!, options.labels), options.labels);
  const values = await columnValues(tables, label.name);
  const { labels, notes } = classesFor(label, values, options);
  if (label.classes !== undefined && values.length > 0 && values.every((value) => value === -1)) {
    throw new UnlabelledError(
      `Cannot open data set ${JSON.stringify(path)}: its labels are all -1, which means that they are not published`,
    );
  }
  checkNames(label, { path, ...options, labels });
  const isNamed = label.classes !== undefined && options.readLabels !== "indexes";
  const found = labelRecords(isNamed ? values.map((value) => label.classes![Number(value)] ?? value) : values, {
    ...options,
    labels,
    readLabels: isNamed ? "names" : options.readLabels,
    path,
    source: path,
    nameOf: (index) => JSON.stringify(images.source(index)),
  });
  const file = async (index: number): Promise<SampleFile> => {
    const record = found.records[index]!;
    return { label: found.labels[index]!, bytes: await images.bytes(record), source: images.source(record) };
  };
  return {
    name: basename(resolve(path)),
    format: "Parquet",
    size: found.records.length,
    bad: found.bad,
    notes: [...notes, ...columnNote(label), ...shardNote(paths)],
    classes: labels,
    labels: () => Promise.resolve(found.labels),
    origin(index: number): string {
      return resolve(images.source(found.records[index]!));
    },
    file,
    async read(index: number): Promise<Sample> {
      const { label, bytes, source } = await file(index);
      return { name: basename(source), label, image: await decodeImage(bytes, { source }) };
    },
    digest: () => digestFiles(paths, { about: [label.name, found.labels.join()] }),
  };
}

/** Whether a table has a column of images. */
export async function hasImages(path: string): Promise<boolean> {
  return (await openParquetTable(path)).columns.some(({ kind }) => kind === "bytes");
}

/**
 * Opens the images of a table without its labels.
 *
 * @throws {RanetError} If it is not a table with images.
 */
export async function parquetRecords(path: string): Promise<ImageRecords> {
  const images = imageReader(await openTables([path]));
  return {
    size: images.size,
    image: async (index) => await decodeImage(await images.bytes(index), { source: images.source(index) }),
  };
}

/**
 * The names of a table's classes, in the order of their numbers if the table numbers them, otherwise sorted.
 *
 * @returns `undefined` if its labels are only numbers.
 * @throws {RanetError} If it is not a table with labels.
 */
export async function parquetClasses(paths: readonly string[]): Promise<readonly string[] | undefined> {
  const tables = await openTables(paths);
  imageColumn(tables[0]!);
  const { name, classes } = labelColumn(tables[0]!, []);
  if (classes !== undefined) return classes;
  const names = [...new Set(await columnValues(tables, name))].filter((value) => value !== undefined);
  return names.some((name) => typeof name === "number") ? undefined : names.map(String).sort();
}

async function openTables(paths: readonly string[]): Promise<ParquetTable[]> {
  const tables: ParquetTable[] = [];
  for (const path of paths) tables.push(await openParquetTable(path));
  return tables;
}

/** Checks that all tables have a column of the same kind. */
function checkColumn(tables: readonly ParquetTable[], name: string): void {
  const [first, ...others] = tables;
  const kindIn = ({ columns }: ParquetTable) => columns.find((column) => column.name === name)?.kind;
  const other = others.find((table) => kindIn(table) !== kindIn(first!));
  if (other === undefined) return;
  throw datasetError(
    dirname(first!.path),
    `the column ${name} contains ${kindIn(first!)} in ${basename(first!.path)}, and ${
      kindIn(other) ?? "is missing"
    } in ` +
      `${basename(other.path)}. Use one of the files`,
  );
}

/** Reads image files by their number in all tables together. */
function imageReader(tables: readonly ParquetTable[]): {
  readonly size: number;
  bytes(index: number): Promise<Uint8Array>;
  source(index: number): string;
} {
  const column = imageColumn(tables[0]!);
  checkColumn(tables, column);
  const joined = joinParts(tables.map(({ rows }) => rows));
  const locate = (index: number): { readonly table: ParquetTable; readonly row: number } => {
    const { part, at } = joined.locate(index);
    return { table: tables[part]!, row: at };
  };
  const kept = new Recent<readonly unknown[]>(KEPT);
  const source = (index: number): string => {
    const { table, row } = locate(index);
    return `${table.path}#${row}`;
  };
  return {
    size: joined.size,
    source,
    async bytes(index: number): Promise<Uint8Array> {
      const { table, row } = locate(index);
      const { part: group, at } = table.locate(row);
      const value = (await kept.get(`${group} ${table.path}`, () => table.values(column, group)))[at];
      const { bytes, path } = value instanceof Uint8Array
        ? { bytes: value, path: undefined }
        : (value ?? {}) as { readonly bytes?: unknown; readonly path?: unknown };
      if (!(bytes instanceof Uint8Array)) {
        const only = typeof path === "string" ? `, only the path ${JSON.stringify(path.slice(0, 200))}` : "";
        throw new RanetError(
          `Cannot read image ${JSON.stringify(source(index))}: the table does not contain its file${only}`,
        );
      }
      // A copy, because sending a view to a worker sends the whole row group.
      if (bytes.length <= MAX_IMAGE_BYTES) return bytes.slice();
      throw new RanetError(
        `Cannot read image ${JSON.stringify(source(index))}: ${bytes.length} bytes are more than ${MAX_IMAGE_BYTES}`,
        { code: "too-large" },
      );
    },
  };
}

function imageColumn({ path, columns }: ParquetTable): string {
  const files = columns.filter(({ kind }) => kind === "bytes");
  const named = files.filter(({ name }) => IMAGE_WORD.test(name));
  const [only, ...others] = files.length > 1 ? named : files;
  if (only !== undefined && others.length === 0) return only.name;
  const wanted = "one column of image files (bytes, or a struct with bytes)";
  throw datasetError(path, `expected ${wanted}, found the columns ${listColumns(columns)}`);
}

/** The column whose classes are the model's, or else the one that is called label, or the only one with classes. */
function labelColumn(table: ParquetTable, labels: readonly string[]): LabelColumn {
  const { path, columns } = table;
  const classes = declaredClasses(table);
  const all = columns.filter(({ kind }) => kind === "numbers" || kind === "text");
  const classed = all.filter(({ name }) => classes.has(name));
  const find = classFinder(labels);
  const fitting = classed.filter(({ name }) => classes.get(name)!.every((each) => find(each) !== undefined));
  const asMany = classed.filter(({ name }) => classes.get(name)!.length === labels.length);
  const worded = all.filter(({ name }) => isLabelWord(name));
  const both = classed.filter((column) => worded.includes(column));
  const names = worded.filter(({ name }) => isNameWord(name));
  const found = [fitting, both, worded, names, classed, asMany, classed.length > 0 ? [] : all]
    .find(({ length }) => length === 1);
  if (found !== undefined) return { name: found[0]!.name, classes: classes.get(found[0]!.name) };
  const listed = classed.map(({ name }) => `${name} (${classes.get(name)!.length} classes)`);
  if (listed.length === 0) {
    throw datasetError(path, `expected one column of labels, found the columns ${listColumns(columns)}`);
  }
  if (labels.length > 0) {
    throw datasetError(path, `several columns have classes, and none of them all the model's: ${listed.join(", ")}`);
  }
  throw new RanetError(
    `Cannot take classes from ${JSON.stringify(path)}: several columns have classes: ${
      listed.join(", ")
    }. Specify the ` +
      "names of one",
    { remedy: { classes: "A,B,C" } },
  );
}

/**
 * Replaces longer names by the model's, if nearly all begin alike in the same order: ImageNet's classes are called "tench,
 * Tinca tinca" and "tench".
 */
function inModelsWords(column: LabelColumn, labels: readonly string[]): LabelColumn {
  const { name, classes } = column;
  if (classes?.length !== labels.length || isUnnamed(labels)) return column;
  const first = (text: string) => text.split(",")[0]!.trim().toLowerCase();
  const alike = classes.filter((each, index) => first(each) === first(labels[index]!)).length;
  return alike >= ALIKE * labels.length ? { name, classes: labels } : column;
}

/** The classes that Hugging Face's notes declare, by column. */
function declaredClasses({ note }: ParquetTable): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  let features: unknown;
  try {
    features = JSON.parse(note("huggingface") ?? "{}")?.info?.features;
  } catch {
    return found; // somebody else's note
  }
  for (const [column, feature] of Object.entries(features ?? {})) {
    const names: unknown = feature?.names;
    if (Array.isArray(names) && names.length > 0 && names.every((name) => typeof name === "string")) {
      found.set(column, names);
    }
  }
  return found;
}

/** A column of all tables: numbers or texts; `undefined` for a missing value. */
async function columnValues(tables: readonly ParquetTable[], column: string): Promise<(number | string | undefined)[]> {
  checkColumn(tables, column);
  const all: (number | string | undefined)[] = [];
  for (const { path, groups, values } of tables) {
    let row = 0;
    for (let group = 0; group < groups; group++) {
      for (const value of await values(column, group)) {
        const own = typeof value === "bigint" || typeof value === "boolean" ? Number(value) : value ?? undefined;
        const isLabel = typeof own === "number" ? Number.isInteger(own) : own === undefined || typeof own === "string";
        if (!isLabel) {
          throw datasetError(path, `the ${column} of row ${row} is ${own}, expected a whole number or a name`);
        }
        all.push(own as number | string | undefined);
        row++;
      }
    }
  }
  return all;
}

/** The model's classes, or for a model without names, the table's. */
function classesFor(
  { classes }: LabelColumn,
  values: readonly (number | string | undefined)[],
  { labels, readLabels }: DatasetOptions,
): { readonly labels: readonly string[]; readonly notes: readonly string[] } {
  if (readLabels === "indexes") return { labels, notes: [] };
  if (classes !== undefined) return nameClasses(labels, { numbered: classes });
  const names = values.filter((value) => typeof value === "string");
  return names.length === 0 ? { labels, notes: [] } : nameClasses(labels, { names });
}

/** Refuses classes of which the model has none, although it has as many. */
function checkNames({ classes }: LabelColumn, options: DatasetOptions & { readonly path: string }): void {
  const { path, labels, readLabels } = options;
  if (classes === undefined || readLabels !== undefined || classes.length !== labels.length) return;
  const find = classFinder(labels);
  if (classes.some((name) => find(name) !== undefined)) return;
  throw new RanetError(
    `Cannot use ${JSON.stringify(path)} with this model: its classes are ${listLabels(classes)}, the model's ` +
      `${listLabels(labels)}, and none has the same name. If they are the same in the same order, say so`,
    { remedy: { readLabels: "indexes" } },
  );
}

/** A note on a column that is taken for labels only because there is no other. */
function columnNote({ name, classes }: LabelColumn): readonly string[] {
  return classes !== undefined || isLabelWord(name) ? [] : [`Taking the column ${JSON.stringify(name)} for labels`];
}

/** A note on the other files of a set of which one was given. */
function shardNote(paths: readonly string[]): readonly string[] {
  const count = paths.length === 1 ? Number(/-\d{5}-of-(\d{5})/.exec(basename(paths[0]!))?.[1] ?? 1) : 1;
  return count > 1 ? [`Taking one of ${count} files; name their folder to take all`] : [];
}

function listColumns(columns: readonly Column[]): string {
  return columns.map(({ name, kind }) => kind === "other" ? name : `${name} (${kind})`).join(", ");
}
