/**
 * Folders of images whose names begin with their labels, such as `cat.0.jpg`.
 *
 * @module
 */

import { basename, resolve } from "node:path";
import { classFinder, isUnnamed } from "../spec/classes.ts";
import { BadEntries, type Dataset, type DatasetOptions } from "./dataset.ts";
import { imageFileDataset, isSampleFile, sampleFiles } from "./image_files.ts";
import { listLabels } from "./labels.ts";
import { listData } from "./passed_over.ts";
import { labelsInNames, pathLabels } from "./path_labels.ts";

/**
 * Whether most names of images begin with labels.
 *
 * @param files Names of files.
 * @param labels The model's. None if they are unknown: names must then consist of a label and a number.
 */
export function haveLabels(files: readonly string[], labels: readonly string[]): boolean {
  const images = files.filter(isSampleFile);
  if (labels.length === 0) return (labelsInNames(images)?.length ?? 0) > 1;
  if (isUnnamed(labels) || images.length === 0) return false;
  const labelOf = pathLabels(labels);
  return images.filter((name) => labelOf(name) !== undefined).length * 2 > images.length;
}

/** The classes of a folder's images by their names. */
export async function classesOfNames(path: string): Promise<readonly string[]> {
  return labelsInNames((await listData(path)).files.filter(isSampleFile)) ?? [];
}

/**
 * Opens the images of a folder, with the labels that begin their names.
 *
 * @throws {RanetError} Without `skipBad`, if a name begins with no class.
 */
export async function openNamedFiles(path: string, options: DatasetOptions): Promise<Dataset> {
  const { labels, skipBad = false, channels } = options;
  const bad = new BadEntries({ skip: skipBad });
  const [find, labelOf, wanted] = [classFinder(labels), pathLabels(labels), sampleFiles(options)];
  const found: { files: string[]; labels: number[] } = { files: [], labels: [] };
  for (const name of (await listData(path)).files.filter((name) => wanted.test(name))) {
    const label = find(labelOf(name) ?? "");
    if (label === undefined) {
      bad.add(
        `Cannot use ${JSON.stringify(name)} in ${JSON.stringify(path)}: its name begins with none of the classes (${
          listLabels(labels)
        })`,
      );
    } else {
      found.files.push(name);
      found.labels.push(label);
    }
  }
  return imageFileDataset({
    ...{
      name: basename(resolve(path)),
      format: "class folders",
      bad: bad.messages,
      classes: labels,
      root: path,
      channels,
    },
    ...found,
  });
}
