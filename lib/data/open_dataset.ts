/**
 * Finds out what kind of data set lies at a path, and opens it.
 *
 * @module
 */
import { join } from "node:path";
import { RanetError } from "../errors.ts";
import { openCifar } from "./cifar.ts";
import { openClassFolders } from "./class_folders.ts";
import { openCsv } from "./csv.ts";
import type { Dataset, DatasetOptions } from "./dataset.ts";
import { withFile } from "../io/files.ts";
import { IDX_IMAGES, openIdx } from "./idx.ts";

/**
 * Opens a data set: class folders, CIFAR-10 or CIFAR-100 `.bin` files, IDX files (MNIST), or a CSV of path,label. In
 * a folder that holds a test set beside a training set, as those of CIFAR and MNIST do, `part` says which is taken.
 *
 * @param path A folder or a file.
 * @throws {RanetError} If there is no data set, or it does not fit the model, or (without `skipBad`) an entry is bad.
 *
 * @example
 * ```ts ignore
 * import { openDataset } from "./open_dataset.ts";
 *
 * const dataset = await openDataset("pets", { labels: ["cat", "dog"], inputSize: 32 });
 * const { name, label, image } = await dataset.read(0);
 * console.log(dataset.size, name, label, image.width);
 * ```
 */
export async function openDataset(path: string, options: DatasetOptions): Promise<Dataset> {
  const { isDirectory } = await withFile(path, () => Deno.stat(path));
  if (!isDirectory) return await openFiles([path], path, options);
  const names = await withFile(path, () => Array.fromAsync(Deno.readDir(path), ({ name }) => name));
  for (const kind of [/\.bin$/i, IDX_IMAGES]) {
    const files = names.filter((name) => kind.test(name)).sort();
    const isTest = (name: string) => /test|t10k/i.test(name);
    const part = files.filter((name) => isTest(name) === (options.part !== "training"));
    const chosen = (part.length > 0 ? part : files).map((name) => join(path, name));
    if (chosen.length > 0) return await openFiles(chosen, path, options);
  }
  return await openClassFolders(path, options);
}

/** Opens files of one kind; only CIFAR's may be several. */
async function openFiles(files: readonly string[], path: string, options: DatasetOptions): Promise<Dataset> {
  const file = files[0]!;
  if (/\.bin$/i.test(file)) return await openCifar(files, options);
  if (files.length > 1) {
    throw new RanetError(`Cannot open data set ${JSON.stringify(path)}: name one of its files, ${files.join(", ")}`);
  }
  if (IDX_IMAGES.test(file)) return await openIdx(file, options);
  if (/\.csv$/i.test(file)) {
    return await openCsv(file, {
      ...options,
      openRecords: (file) => openFiles([file], file, options),
    });
  }
  throw new RanetError(
    `Cannot open data set ${
      JSON.stringify(path)
    }: expected a folder of class folders, a .csv file of path,label, a .bin ` +
      `file of CIFAR-10 or CIFAR-100, or an …images-idx3-ubyte file (archives must be unpacked first)`,
  );
}
