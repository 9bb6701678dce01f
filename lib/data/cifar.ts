/**
 * Opens CIFAR-10 and CIFAR-100, in their binary version or in Python's.
 *
 * @module
 */
import { basename, dirname, resolve } from "node:path";
import { RanetError } from "../errors.ts";
import { classFinder, isUnnamed } from "../spec/classes.ts";
import { CIFAR_PICKLE, cifarPickles } from "./cifar_pickles.ts";
import { type CifarKind, type CifarRecords, cifarRecords } from "./cifar_records.ts";
import { BadEntries, type Dataset, type DatasetOptions, type Sample } from "./dataset.ts";
import { digestFiles } from "../io/files.ts";
import { listLabels } from "./labels.ts";

/**
 * Opens one or more files of records. Their classes are matched to the model's by name, or by number if the model
 * has only numbers.
 *
 * @param paths Files of one folder, read as one.
 * @throws {RanetError} If the files belong to neither data set, the model has none of its classes, or (without
 * `skipBad`) lacks one of them.
 */
export async function openCifar(
  paths: readonly string[],
  options: Pick<DatasetOptions, "labels" | "skipBad" | "readLabels">,
): Promise<Dataset> {
  const { labels, skipBad = false } = options;
  const records = await openRecords(paths);
  const { kind } = records;
  const indexes = findClasses(kind, options);
  const bad = new BadEntries({ skip: skipBad });
  const found: { records: number[]; labels: number[] } = { records: [], labels: [] };
  (await records.marks()).forEach((mark, index) => {
    const label = indexes[mark] ?? -1;
    if (label >= 0) {
      found.records.push(index);
      found.labels.push(label);
      return;
    }
    const { path, record } = records.locate(index);
    bad.add(
      `Cannot use ${basename(path)}, record ${record} of ${JSON.stringify(dirname(path))}: its label ` +
        `${kind.names[mark] ?? mark} is not a class of the model (${listLabels(labels)})`,
    );
  });
  const locate = (index: number) => records.locate(found.records[index]!);
  return {
    name: paths.length === 1 ? basename(paths[0]!) : basename(dirname(resolve(paths[0]!))),
    format: kind.format,
    size: found.records.length,
    bad: bad.messages,
    classes: labels,
    digest: () => digestFiles(paths, { about: [found.labels.join()] }),
    labels: () => Promise.resolve(found.labels),
    origin(index: number): string {
      const { path, record } = locate(index);
      return `${resolve(path)}#${record}`;
    },
    async read(index: number): Promise<Sample> {
      const { path, record } = locate(index);
      const image = await records.image(found.records[index]!);
      return { name: `${basename(path)}, record ${record}`, label: found.labels[index]!, image };
    },
  };
}

/** The model's index of each class of the data set; -1 if the model lacks the class. */
function findClasses(
  { format, names }: CifarKind,
  { labels, readLabels }: Pick<DatasetOptions, "labels" | "readLabels">,
): readonly number[] {
  const byNumber = names.map((_, index) => index < labels.length ? index : -1);
  if (readLabels === "indexes") return byNumber;
  const find = classFinder(labels);
  const byName = names.map((name) => find(name) ?? -1);
  if (byName.some((index) => index >= 0)) return byName;
  if (readLabels === undefined && isUnnamed(labels) && labels.length === names.length) return byNumber;
  throw new RanetError(
    `Cannot use ${format} with this model: it has ${names.length} classes, the model ${labels.length} ` +
      `(${listLabels(labels)}), and none has the same name. If they are the same in the same order, say so`,
    { code: "mismatch", remedy: { readLabels: "indexes" } },
  );
}

/**
 * Opens files of records without using their labels.
 *
 * @throws {RanetError} If the files belong to neither data set.
 */
export async function openRecords(paths: readonly string[]): Promise<CifarRecords> {
  return await (CIFAR_PICKLE.test(paths[0]!) ? cifarPickles(paths) : cifarRecords(paths));
}
