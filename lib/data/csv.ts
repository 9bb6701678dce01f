/**
 * Data sets listed in a CSV file: a path, relative to the file, and a label, by name or index.
 *
 * @module
 */
import { parse } from "csv-parse/sync";
import { basename, dirname } from "node:path";
import { RanetError } from "../errors.ts";
import { BadEntries, type Dataset, type DatasetOptions } from "./dataset.ts";
import { imageFileDataset, readBoundedFile } from "./files.ts";
import { labelFinder, listLabels } from "./labels.ts";

/** Room for some millions of lines. */
const MAX_CSV_BYTES = 256_000_000;

/**
 * Lists the images of a CSV file of two columns. A first line whose second column says `label` or `class` is a header.
 *
 * @throws {RanetError} If it is not such a file, or holds bad entries that are not to be skipped.
 */
export async function openCsv(path: string, options: DatasetOptions): Promise<Dataset> {
  const { labels, skipBad = false } = options;
  const find = labelFinder(labels);
  const bad = new BadEntries({ skip: skipBad });
  const found: { files: string[]; labels: number[] } = { files: [], labels: [] };

  const add = (columns: readonly string[], line: number): null => {
    const [file, text = ""] = columns;
    const label = find(text);
    if (columns.length === 2 && file && label !== undefined) {
      found.files.push(file);
      found.labels.push(label);
    } else if (line > 1 || !/^(label|class)$/i.test(text)) {
      bad.add(
        `Cannot use line ${line} of ${JSON.stringify(path)}: ` +
          (columns.length !== 2 || !file
            ? `expected path,label, found ${JSON.stringify(columns.join(","))}`
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
  return imageFileDataset({ name: basename(path), format: "CSV", bad: bad.messages, root: dirname(path), ...found });
}
