/**
 * Data sets listed in a text file: a path, relative to the file, and a label, by name or index. The path `FILE#N` means
 * record N of a CIFAR, IDX, NumPy or Parquet file.
 *
 * @module
 */

import { basename, dirname, isAbsolute, join, normalize } from "node:path";
import { RanetError, type Remedy } from "../errors.ts";
import { nameClasses } from "./class_names.ts";
import {
  BadEntries,
  type Dataset,
  type DatasetOptions,
  type ImageRecords,
  type Sample,
  type SampleFile,
} from "./dataset.ts";
import { exists } from "../io/exists.ts";
import { digestFiles } from "../io/files.ts";
import { imageFileDataset } from "./image_files.ts";
import { labelFinder, listLabels } from "./labels.ts";
import { cleanLabel } from "./list_columns.ts";
import { findFiles } from "./list_files.ts";
import { readList } from "./read_list.ts";

/** The beginning of a URL, on the web or in cloud storage. */
const URL_START = /^[a-z][a-z0-9+.-]+:\/\//i;
/** A record of a file with many, in the form of a data set's `origin`. */
const RECORD =
  /^(.*(?:\.bin|_32x32\.mat|idx3-ubyte(?:\.gz)?|\.np[yz]|\.parquet|[/\\](?:data_batch_\d|test_batch|train|test)))#(?:(.+)\/)?(\d{1,9})$/i;

/**
 * Lists the images of a text file of paths and labels. The columns, and whether labels are names or indexes, are
 * determined once for all lines.
 *
 * @throws {RanetError} If it is not such a file, its labels can be read both as names and as indexes or as neither, or
 * it has bad entries and `skipBad` is not set.
 */
export async function openCsv(
  path: string,
  options: DatasetOptions & {
    /** Opens a file of records that a path refers to, or one of its arrays. */
    readonly openRecords: (file: string, array?: string) => Promise<ImageRecords>;
  },
): Promise<Dataset> {
  const { skipBad = false, allowOutside = false } = options;
  const { columns, body, classes, notes: listNotes } = await readList(path, {
    labels: options.labels,
    part: options.part ?? "test",
  });
  const isComplete = (cells: readonly string[]) => cells.length === columns.count && cells[columns.path] !== "";
  const complete = body.filter(({ cells }) => isComplete(cells));
  const root = dirname(path);
  const pathIn = await pathReader(complete.map(({ cells }) => cells[columns.path]!), { root, list: path });
  const labelIn = labelReader(complete.map(({ cells }) => cleanLabel(cells[columns.label]!)), options.labels);
  const marks = complete.map(({ cells }) => labelIn(cells[columns.label]!));
  const isNumbers = marks.every((mark) => /^\d+$/.test(mark));
  const { labels, notes } = isNumbers
    ? { labels: options.labels, notes: [] }
    : nameClasses(options.labels, classes ? { columns: classes } : { names: marks });
  const find = labelFinder(marks, {
    ...options,
    labels,
    readLabels: options.readLabels ?? columns.reading,
    source: path,
  });
  const isOutside = (file: string) => !allowOutside && leadsOutside(file);
  const usual = complete.map(({ cells }) => pathIn(cells[columns.path]!))
    .filter((file) => !isOutside(file) && !isAbsolute(file) && !RECORD.test(file));
  const { folders, complete: placed } = await findFiles(usual, { root, list: path });
  const beside = folders.filter((folder) => folder.startsWith(".."));

  const bad = new BadEntries({ skip: skipBad });
  const found: { files: string[]; labels: number[] } = { files: [], labels: [] };
  for (const { line, cells } of body) {
    const refuse = (reason: string, remedy?: Remedy) =>
      bad.add(`Cannot use line ${line} of ${JSON.stringify(path)}: ${reason}`, remedy);
    if (!isComplete(cells)) {
      const expected = columns.count === 2 ? "path,label" : `${columns.count} columns`;
      refuse(`expected ${expected}, found ${JSON.stringify(cells.join(",").slice(0, 200))}`);
      continue;
    }
    const file = pathIn(cells[columns.path]!);
    const text = labelIn(cells[columns.label]!);
    const label = find(text);
    if (URL_START.test(file)) {
      refuse(`${JSON.stringify(file)} is a URL, where a file is expected: download it first`);
    } else if (isOutside(file)) {
      refuse(`${JSON.stringify(file)} is outside the folder of the list`, { allowOutside: true });
    } else if (label === undefined) {
      refuse(`${JSON.stringify(text)} is not a class of the model (${listLabels(labels)})`);
    } else {
      found.files.push(isAbsolute(file) || RECORD.test(file) ? file : placed(file));
      found.labels.push(label);
    }
  }
  const listed = imageFileDataset({
    ...{
      name: basename(path),
      format: "CSV",
      bad: bad.messages,
      notes: [...listNotes, ...beside.map((folder) => `The images of ${path} are in ${join(root, folder)}`), ...notes],
      classes: labels,
      root,
      channels: options.channels,
      ...found,
    },
  });
  const opened = new Map<string, Promise<ImageRecords>>();
  return {
    ...listed,
    async digest(options): Promise<string> {
      const origins = Array.from({ length: listed.size }, (_, index) => RECORD.exec(listed.origin(index))?.[1]);
      const records = [...new Set(origins.filter((file) => file !== undefined))];
      const own = await listed.digest(options);
      return records.length === 0 ? own : await digestFiles(records, { about: [own] });
    },
    async file(index: number): Promise<SampleFile | undefined> {
      return RECORD.test(listed.origin(index)) ? undefined : await listed.file!(index);
    },
    async read(index: number): Promise<Sample> {
      const [, file, array, record] = RECORD.exec(listed.origin(index)) ?? [];
      if (file === undefined || record === undefined) return await listed.read(index);
      const key = `${file}#${array}`;
      if (!opened.has(key)) opened.set(key, options.openRecords(file, array));
      const records = await opened.get(key)!;
      if (Number(record) < records.size) {
        const image = await records.image(Number(record));
        return { name: found.files[index]!, label: found.labels[index]!, image };
      }
      throw new RanetError(
        `Cannot use ${JSON.stringify(found.files[index])} in ${JSON.stringify(path)}: the file has ${records.size} ` +
          "records, counted from 0",
      );
    },
  };
}

/**
 * How a list's paths are read. Backslashes become slashes in a list made on Windows, which is one whose paths have no
 * slash and do not exist as written. Paths that all begin with a slash, but do not exist, begin in the data set's folder
 * (as in Places365).
 */
async function pathReader(
  paths: readonly string[],
  { root, list }: { readonly root: string; readonly list: string },
): Promise<(cell: string) => string> {
  const [first] = paths;
  if (
    first !== undefined && paths.every((path) => path.startsWith("/")) && !await exists(first) && !RECORD.test(first)
  ) {
    const inside = await findFiles(paths.map((path) => path.slice(1)), { root, list });
    if (inside.folders.length > 0) return (cell) => cell.slice(1);
  }
  const example = paths.find((path) => path.includes("\\"));
  const isWindows = example !== undefined && !paths.some((path) => path.includes("/")) &&
    !isAbsolute(example) && !await exists(join(root, example));
  return isWindows ? (cell) => cell.replaceAll("\\", "/") : (cell) => cell;
}

/** How a list's labels are read. pandas writes a column of integers with missing values as 1.0, 2.0 and so on. */
function labelReader(marks: readonly string[], labels: readonly string[]): (cell: string) => string {
  const isWhole = marks.every((mark) => mark === "" || /^\d+\.0$/.test(mark)) &&
    !marks.some((mark) => labels.includes(mark));
  return isWhole ? (cell) => cleanLabel(cell).replace(/\.0$/, "") : cleanLabel;
}

function leadsOutside(file: string): boolean {
  return isAbsolute(file) || /^\.\.(?:[/\\]|$)/.test(normalize(file));
}
