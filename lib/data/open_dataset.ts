/**
 * Detects the kind of data set at a path and opens it.
 *
 * @module
 */
import { basename, dirname, resolve } from "node:path";
import { datasetError } from "./dataset_error.ts";
import { openCifar, openRecords as openCifarRecords } from "./cifar.ts";
import { openClassFolders } from "./class_folders.ts";
import { openCsv } from "./csv.ts";
import type { Dataset, DatasetOptions, ImageRecords } from "./dataset.ts";
import { findLayout, type FolderLayout } from "./folder_layout.ts";
import { withFile } from "../io/files.ts";
import { IDX_IMAGES, idxRecords, openIdx } from "./idx.ts";
import { LIST_FILE } from "./list_table.ts";
import { hasImages, openParquet, parquetRecords, UnlabelledError } from "./parquet.ts";
import { openNamedFiles } from "./named_files.ts";
import { type Part, SUBSTITUTES } from "./parts.ts";
import { listData } from "./passed_over.ts";
import { findParquetFiles, hasParquetOf, PARQUET } from "./parquet_files.ts";
import { findRecords, isCifar } from "./record_files.ts";
import { arrayRecords, openSampleArrays, SAMPLE_ARRAYS } from "./sample_arrays.ts";
import { openStl10, STL10_IMAGES, stl10Records } from "./stl10.ts";
import { isPublishedList } from "./published_lists.ts";
import { openSvhn, SVHN_FILES, svhnRecords } from "./svhn.ts";
import { adviceFor } from "./refused_files.ts";
import { expectObject, expectString } from "../text/expect.ts";

/**
 * Opens a data set: class folders, CIFAR-10, CIFAR-100, STL-10 and SVHN, IDX files (MNIST), NumPy arrays, Parquet
 * files of Hugging Face, or a list of paths and labels. If a folder has several parts, like those of CIFAR, MNIST and
 * ImageNet, `part` selects one.
 *
 * @param path A folder or a file.
 * @throws {RanetError} If there is no data set, it does not fit the model, its labels can be read both as names and as
 * indexes or as neither, or (without `skipBad`) an entry is bad.
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
  expectString("openDataset", { path });
  expectObject("openDataset", { options }, "labels");
  const { isDirectory } = await withFile(path, () => Deno.stat(path));
  if (!isDirectory) return await openFiles([path], path, options);
  const { part = "test" } = options;
  const withPlace = (dataset: Dataset, place: string): Dataset =>
    place === path ? dataset : { ...dataset, notes: [`Taking ${place}`, ...dataset.notes ?? []] };
  const { files, folder } = await findRecords(path, part);
  if (files.length > 0) return withPlace(await openFiles(files, path, options), folder);
  const tables = await openTables(path, options, part);
  if (tables !== undefined) return tables;
  const found = await findLayout(path, { labels: options.labels, part });
  const dataset = await openFound(found, path, options);
  return withPlace({ ...dataset, notes: [...found.notes ?? [], ...dataset.notes ?? []] }, found.path);
}

/**
 * Opens the Parquet files of a part in a folder.
 *
 * @returns `undefined` if there are none, or none with images beside folders that may have some.
 */
async function openTables(path: string, options: DatasetOptions, part: Part): Promise<Dataset | undefined> {
  const found = await findParquetFiles(path, part);
  const [first] = found.files;
  if (first === undefined || (dirname(first) === path && !await hasImages(first) && await hasFolders(path))) return;
  const taken = found.part === part ? dirname(first) : `${dirname(first)}, ${found.part}`;
  const notes = taken === path ? [] : [`Taking ${taken}`];
  try {
    const dataset = await openParquet(found.files, options);
    return { ...dataset, name: basename(resolve(path)), notes: [...notes, ...dataset.notes ?? []] };
  } catch (error) {
    const other = error instanceof UnlabelledError && found.part === part ? SUBSTITUTES[part][0] : undefined;
    if (other === undefined || !await hasParquetOf(other, path)) throw error;
    const dataset = await openTables(path, options, other);
    const note = `The labels of ${part} are not published: taking ${other}`;
    return dataset && { ...dataset, notes: [note, ...dataset.notes ?? []] };
  }
}

async function openFound(found: FolderLayout, path: string, options: DatasetOptions): Promise<Dataset> {
  switch (found.kind) {
    case "list":
      return await openFiles([found.path], path, options);
    case "names":
      return await openNamedFiles(found.path, options);
    case "folder":
      return await openClassFolders(found.path, options);
  }
}

async function hasFolders(path: string): Promise<boolean> {
  return (await listData(path)).folders.length > 0;
}

/** Opens files of one kind. Only CIFAR may have several. */
async function openFiles(files: readonly string[], path: string, options: DatasetOptions): Promise<Dataset> {
  const file = files[0]!;
  if (isCifar(file)) return await openCifar(files, options);
  if (files.length > 1) {
    throw datasetError(path, `specify one of its files, ${files.join(", ")}`);
  }
  if (STL10_IMAGES.test(file)) return await openStl10(file, options);
  if (IDX_IMAGES.test(file)) return await openIdx(file, options);
  if (SVHN_FILES.test(file)) return await openSvhn(file, options);
  if (LIST_FILE.test(file) || await isPublishedList(file)) {
    return await openCsv(file, { ...options, openRecords: (file, array) => openRecords(file, array, options) });
  }
  if (SAMPLE_ARRAYS.test(file)) return await openSampleArrays(file, options);
  if (PARQUET.test(file)) return await openParquet([file], options);
  const reason = adviceFor(file);
  throw datasetError(
    path,
    `expected a folder of class folders, a list of path,label (.csv, .tsv, .txt or .jsonl), a .bin ` +
      `file of CIFAR-10, CIFAR-100 or STL-10, CIFAR's data_batch_1 and the like, an …images-idx3-ubyte file, NumPy arrays (.npz, .npy), or Parquet files${
        reason === undefined ? "" : `; ${reason}`
      }`,
  );
}

/** Opens a file of records without labels. */
async function openRecords(
  file: string,
  array: string | undefined,
  options: DatasetOptions,
): Promise<ImageRecords> {
  if (SAMPLE_ARRAYS.test(file)) return await arrayRecords(file, array);
  if (PARQUET.test(file)) return await parquetRecords(file);
  if (STL10_IMAGES.test(file)) return await stl10Records(file);
  if (SVHN_FILES.test(file)) return await svhnRecords(file);
  return isCifar(file) ? await openCifarRecords([file]) : await idxRecords(file, options);
}
