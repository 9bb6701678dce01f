/**
 * Finds out whether a model was trained on images of a data set.
 *
 * @module
 */

import { join, relative, resolve } from "node:path";
import type { Dataset, DatasetOptions } from "../data/dataset.ts";
import { readTable } from "../data/list_table.ts";
import { openDataset } from "../data/open_dataset.ts";
import { RanetError } from "../errors.ts";
import { isFile } from "../io/exists.ts";
import { readBoundedFile, withFile } from "../io/files.ts";
import { RUN_FILES } from "./run_files.ts";
import { parseSetup } from "./run_setup.ts";

/** Size limit of a run's setup in bytes. */
const MAX_SETUP_BYTES = 1_000_000;

/**
 * Counts the images of a data set on which a model was trained.
 *
 * @param dataset The data set.
 * @param model The model's folder.
 * @param options `path`: the data set's path; `open`: how it was opened.
 * @returns 0 if the folder contains no run, or the images of the run are no longer there.
 */
export async function countTrained(
  dataset: Pick<Dataset, "size" | "origin">,
  model: string,
  { path, open }: { readonly path: string; readonly open: DatasetOptions },
): Promise<number> {
  const setupFile = join(model, RUN_FILES.setup);
  try {
    if (!await withFile(setupFile, () => isFile(setupFile))) return 0;
    const { data, skipBad, allowOutside, labels: readLabels } = parseSetup(
      new TextDecoder().decode(await readBoundedFile(setupFile, MAX_SETUP_BYTES)),
      setupFile,
    );
    if (!isBelow(data, path) && !isBelow(path, data)) return 0;
    const training = await openDataset(data, { ...open, skipBad, allowOutside, readLabels, part: "training" });
    const setAside = join(model, RUN_FILES.validation);
    const aside = await isFile(setAside) ? await readTable(setAside) : [];
    const trained = originsOf(training).difference(new Set(aside.map(({ cells }) => cells[0])));
    return originsOf(dataset).intersection(trained).size;
  } catch (error) {
    if (error instanceof RanetError) return 0; // images have moved or changed, or may not be read
    throw error;
  }
}

function originsOf({ size, origin }: Pick<Dataset, "size" | "origin">): Set<string> {
  return new Set(Array.from({ length: size }, (_, index) => origin(index)));
}

function isBelow(path: string, folder: string): boolean {
  return !relative(resolve(folder), resolve(path)).startsWith("..");
}
