/**
 * Data sets listed in a CSV file: a path, relative to the file, and a label, by name or index. `FILE#N` as a path is
 * record N of a CIFAR or IDX file.
 *
 * @module
 */
import { parse } from "csv-parse/sync";
import { basename, dirname, isAbsolute, normalize } from "node:path";
import { RanetError } from "../errors.ts";
import { BadEntries, type Dataset, type DatasetOptions, type Sample, type SampleFile } from "./dataset.ts";
import { digestFiles, readBoundedFile } from "../io/files.ts";
import { imageFileDataset } from "./image_files.ts";
import { labelFinder, listLabels } from "./labels.ts";

/** A record of a file that holds many, as a data set's `origin` gives it. */
const RECORD = /^(.*(?:\.bin|idx3-ubyte(?:\.gz)?))#(\d{1,9})$/i;

/** Room for some millions of lines. */
const MAX_CSV_BYTES = 256_000_000;

/**
 * Lists the images of a CSV file of two columns. A first line whose second column says `label` or `class` is a header.
 *
 * @throws {RanetError} If it is not such a file, or holds bad entries that are not to be skipped.
 */
export async function openCsv(
  path: string,
  options: DatasetOptions & {
    /** Opens a file of records that a path names. */
    readonly openRecords: (file: string) => Promise<Dataset>;
  },
): Promise<Dataset> {
  const { labels, skipBad = false, allowOutside = false } = options;
  const find = labelFinder(labels);
  const bad = new BadEntries({ skip: skipBad });
  const found: { files: string[]; labels: number[] } = { files: [], labels: [] };

  const add = (columns: readonly string[], line: number): null => {
    const [file, text = ""] = columns;
    const label = find(text);
    const outside = file !== undefined && !allowOutside && leadsOutside(file);
    if (columns.length === 2 && file && label !== undefined && !outside) {
      found.files.push(file);
      found.labels.push(label);
    } else if (line > 1 || !/^(label|class)$/i.test(text)) {
      bad.add(
        `Cannot use line ${line} of ${JSON.stringify(path)}: ` +
          (columns.length !== 2 || !file
            ? `expected path,label, found ${JSON.stringify(columns.join(","))}`
            : outside
            ? `${
              JSON.stringify(file)
            } is outside of the CSV's folder (--allow-outside, in code allowOutside, permits that)`
            : `${JSON.stringify(text)} is not a class of the model (${listLabels(labels)})`),
      );
    }
    return null;
  };

  const bytes = await readBoundedFile(path, MAX_CSV_BYTES);
  try {
    parse(new TextDecoder().decode(bytes), {
      relax_column_count: true,
      skip_empty_lines: true,
      trim: true,
      on_record: (columns: string[], { lines }) => add(columns, lines),
    });
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    throw new RanetError(`Cannot read ${JSON.stringify(path)}: ${error.message}`);
  }
  const root = dirname(path);
  const listed = imageFileDataset({ name: basename(path), format: "CSV", bad: bad.messages, root, ...found });
  const opened = new Map<string, Promise<Dataset>>();
  return {
    ...listed,
    async digest(): Promise<string> {
      const origins = Array.from({ length: listed.size }, (_, index) => RECORD.exec(listed.origin(index))?.[1]);
      const records = [...new Set(origins.filter((file) => file !== undefined))];
      return records.length === 0 ? await listed.digest() : await digestFiles(records, [await listed.digest()]);
    },
    async file(index: number): Promise<SampleFile | undefined> {
      return RECORD.test(listed.origin(index)) ? undefined : await listed.file!(index);
    },
    async read(index: number): Promise<Sample> {
      const [, file, record] = RECORD.exec(listed.origin(index)) ?? [];
      if (file === undefined || record === undefined) return await listed.read(index);
      if (!opened.has(file)) opened.set(file, options.openRecords(file));
      const records = await opened.get(file)!;
      if (Number(record) < records.size) return { ...await records.read(Number(record)), name: found.files[index]! };
      throw new RanetError(
        `Cannot use ${JSON.stringify(found.files[index])} in ${JSON.stringify(path)}: the file has ${records.size} ` +
          "records, counted from 0",
      );
    },
  };
}

function leadsOutside(file: string): boolean {
  return isAbsolute(file) || /^\.\.(?:[/\\]|$)/.test(normalize(file));
}
