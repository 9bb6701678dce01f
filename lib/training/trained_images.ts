/**
 * Finds out whether a model was trained on images of a data set.
 *
 * @module
 */

import { dirname, join, relative, resolve } from "node:path";
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
    const [trainedIn, takenFrom] = await Promise.all([folderOf(data), folderOf(path)]);
    if (!isBelow(trainedIn.real, takenFrom.real) && !isBelow(takenFrom.real, trainedIn.real)) return 0;
    const training = await openDataset(data, { ...open, skipBad, allowOutside, readLabels, part: "training" });
    const setAside = join(model, RUN_FILES.validation);
    const aside = await isFile(setAside) ? await readTable(setAside) : [];
    const trained = originsOf(training, trainedIn)
      .difference(new Set(aside.map(({ cells }) => realOrigin(cells[0]!, trainedIn))));
    return originsOf(dataset, takenFrom).intersection(trained).size;
  } catch (error) {
    if (error instanceof RanetError) return 0; // images have moved or changed, or may not be read
    throw error;
  }
}

/** The folder of a data set. */
interface Folder {
  /** Its absolute path as given. */
  readonly given: string;
  /** Its path without links. */
  readonly real: string;
}

async function folderOf(path: string): Promise<Folder> {
  return await withFile(path, async () => {
    const { isDirectory } = await Deno.stat(path);
    const given = resolve(isDirectory ? path : dirname(path));
    return { given, real: await Deno.realPath(given) };
  });
}

function originsOf({ size, origin }: Pick<Dataset, "size" | "origin">, folder: Folder): Set<string> {
  return new Set(Array.from({ length: size }, (_, index) => realOrigin(origin(index), folder)));
}

/** A sample's place, without links in the path of its data set. */
function realOrigin(origin: string, { given, real }: Folder): string {
  return origin.startsWith(given) ? real + origin.slice(given.length) : origin;
}

function isBelow(path: string, folder: string): boolean {
  return !relative(folder, path).startsWith("..");
}
