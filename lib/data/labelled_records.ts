/**
 * Matches the labels of a file's records to a model's classes, and makes a data set of them.
 *
 * @module
 */

import { basename, resolve } from "node:path";
import { digestFiles } from "../io/files.ts";
import { BadEntries, type Dataset, type DatasetOptions, type ImageRecords, type Sample } from "./dataset.ts";
import { labelFinder, listLabels } from "./labels.ts";

/** The records whose labels are among the model's. */
export interface LabelledRecords {
  /** Their numbers in the file, from 0. */
  readonly records: readonly number[];
  /** The class of each. */
  readonly labels: readonly number[];
  /** The error of each other record. Empty without `skipBad`. */
  readonly bad: readonly string[];
}

/**
 * Makes a data set of the labelled records of one file.
 *
 * @param options `about`: what else the digest covers; `prefix`: what stands before a record's number in its place.
 */
export function recordDataset(
  options: Pick<Dataset, "format" | "notes" | "classes"> & {
    readonly path: string;
    readonly found: LabelledRecords;
    readonly images: ImageRecords;
    /** All files that are read. */
    readonly files: readonly string[];
    readonly about?: readonly string[];
    readonly prefix?: string;
    /** A record's name, given its place. */
    readonly nameOf: (place: string) => string;
  },
): Dataset {
  const { format, notes, classes, path, found, images, files, about = [], prefix = "", nameOf } = options;
  const place = (index: number) => `${prefix}${found.records[index]}`;
  return {
    name: basename(path),
    format,
    size: found.records.length,
    bad: found.bad,
    notes,
    classes,
    digest: () => digestFiles(files, { about: [...about, found.labels.join()] }),
    labels: () => Promise.resolve(found.labels),
    origin: (index) => `${resolve(path)}#${place(index)}`,
    async read(index: number): Promise<Sample> {
      const image = await images.image(found.records[index]!);
      return { name: nameOf(place(index)), label: found.labels[index]!, image };
    },
  };
}

/**
 * Matches each record's label to the model's classes.
 *
 * @param marks The labels: numbers or names; `undefined` for an image without one.
 * @param options `path`: the file of records; `source`: the file of labels, in errors; `nameOf`: a record's name in
 * errors.
 * @throws {RanetError} If both or neither reading of the labels fits, or (without `skipBad`) a label is not among the
 * model's.
 */
export function labelRecords(
  marks: Iterable<number | string | undefined>,
  {
    path,
    source,
    labels,
    readLabels,
    skipBad = false,
    nameOf = (index) => `image ${index} of ${JSON.stringify(path)}`,
  }:
    & Pick<DatasetOptions, "labels" | "readLabels" | "skipBad">
    & { readonly path: string; readonly source: string; readonly nameOf?: (index: number) => string },
): LabelledRecords {
  const all = [...marks];
  const given = new Set(all.filter((mark) => mark !== undefined));
  const find = labelFinder(Array.from(given, String), { labels, readLabels, skipBad, source });
  const bad = new BadEntries({ skip: skipBad });
  const found: { records: number[]; labels: number[] } = { records: [], labels: [] };
  all.forEach((mark, index) => {
    if (mark === undefined) return bad.add(`Cannot use ${nameOf(index)}: it has no label`);
    const label = find(String(mark));
    if (label === undefined) {
      return bad.add(
        `Cannot use ${nameOf(index)}: its label ${mark} is not a class of the model ` +
          `(${listLabels(labels)})`,
      );
    }
    found.records.push(index);
    found.labels.push(label);
  });
  return { ...found, bad: bad.messages };
}
