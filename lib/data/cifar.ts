/**
 * CIFAR-10 and CIFAR-100 in their binary version: each record is one label byte (CIFAR-100: two, coarse and fine) and
 * 32×32 pixels as planes of red, green and blue.
 *
 * @module
 */
import { basename, dirname, resolve } from "node:path";
import { RanetError } from "../errors.ts";
import { CIFAR100_LABELS, CIFAR10_LABELS } from "../spec/labels.ts";
import { classFinder, isUnnamed } from "../spec/classes.ts";
import { BadEntries, type Dataset, type DatasetOptions, type ImageRecords, type Sample } from "./dataset.ts";
import type { RgbImage } from "./image.ts";
import { digestFiles, readAt, withFile } from "../io/files.ts";
import { listLabels } from "./labels.ts";

const SIDE = 32;
const PLANE = SIDE * SIDE;

/**
 * The two data sets: number of bytes before the pixels, the last of which is the label; and the classes in the order of
 * their labels.
 */
const KINDS = [
  { format: "CIFAR-10", labelBytes: 1, names: CIFAR10_LABELS },
  { format: "CIFAR-100", labelBytes: 2, names: CIFAR100_LABELS },
] as const;
type Kind = (typeof KINDS)[number];

/** Several files of records, read as one. */
interface CifarRecords extends ImageRecords {
  /** Which data set it is. */
  readonly kind: Kind;
  /** Location of a record. */
  locate(index: number): { readonly path: string; readonly record: number };
  /** The label of each record. */
  marks(): Promise<Uint8Array>;
}

/**
 * Opens one or more files of records. Their classes are matched to the model's by name, or by number if the model
 * has only numbers.
 *
 * @param paths Files of one folder, read as one.
 * @throws {RanetError} If the files' sizes fit neither data set, the model has none of its classes, or (without
 * `skipBad`) lacks one of them.
 */
export async function openCifar(
  paths: readonly string[],
  options: Pick<DatasetOptions, "labels" | "skipBad" | "readLabels">,
): Promise<Dataset> {
  const { labels, skipBad = false } = options;
  const records = await cifarRecords(paths);
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

/**
 * Opens files of records without using their labels.
 *
 * @throws {RanetError} If the files' sizes fit neither data set.
 */
export async function cifarRecords(paths: readonly string[]): Promise<CifarRecords> {
  const files = await Promise.all(paths.map(async (path) => {
    const { size } = await withFile(path, () => Deno.stat(path));
    return { path, size };
  }));
  const kind = KINDS.find(({ labelBytes }) =>
    files.every(({ size }) => size > 0 && size % (labelBytes + 3 * PLANE) === 0)
  );
  if (kind === undefined) {
    throw new RanetError(
      `Cannot open data set ${paths.map((path) => JSON.stringify(path)).join(", ")}: expected records of 3073 bytes ` +
        `(CIFAR-10) or 3074 bytes (CIFAR-100), found files of ${files.map(({ size }) => size).join(", ")} bytes`,
    );
  }
  const recordBytes = kind.labelBytes + 3 * PLANE;
  const size = files.reduce((sum, { size }) => sum + size / recordBytes, 0);
  const locate = (index: number): { readonly path: string; readonly record: number } => {
    let record = index;
    let file = 0;
    for (; record >= files[file]!.size / recordBytes; file++) record -= files[file]!.size / recordBytes;
    return { path: files[file]!.path, record };
  };
  const pages = new Pages(recordBytes);
  return {
    kind,
    size,
    locate,
    async marks(): Promise<Uint8Array> {
      const all = new Uint8Array(size);
      let index = 0;
      for (const { path } of files) {
        const bytes = await withFile(path, () => Deno.readFile(path));
        for (let at = kind.labelBytes - 1; at < bytes.length && index < size; at += recordBytes) {
          all[index++] = bytes[at]!;
        }
      }
      return all;
    },
    async image(index: number): Promise<RgbImage> {
      const { path, record } = locate(index);
      const bytes = await pages.read(path, record);
      return { width: SIDE, height: SIDE, data: interleave(bytes.subarray(kind.labelBytes)) };
    },
  };
}

/** The model's index of each class of the data set; -1 if the model lacks the class. */
function findClasses(
  { format, names }: Kind,
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

/** Records that are read at once (400 kB). Reading these takes less time than opening the file. */
const PAGE = 128;

/** Pages that are kept in memory. Images are mostly read in order, a few at a time. */
const KEPT = 2;

/** Reads records in pages. */
class Pages {
  readonly #recordBytes: number;
  readonly #kept = new Map<string, Promise<Uint8Array>>();

  /** Creates a reader of records with `recordBytes` bytes each. */
  constructor(recordBytes: number) {
    this.#recordBytes = recordBytes;
  }

  /** Reads one record. */
  async read(path: string, record: number): Promise<Uint8Array> {
    const page = Math.floor(record / PAGE);
    const key = `${page} ${path}`;
    const pageBytes = PAGE * this.#recordBytes;
    const reading = this.#kept.get(key) ?? readAt(path, page * pageBytes, pageBytes);
    this.#kept.delete(key);
    this.#kept.set(key, reading);
    for (const oldest of this.#kept.keys().take(Math.max(0, this.#kept.size - KEPT))) this.#kept.delete(oldest);
    const start = record % PAGE * this.#recordBytes;
    try {
      const bytes = (await reading).subarray(start, start + this.#recordBytes);
      if (bytes.length === this.#recordBytes) return bytes;
    } catch (error) {
      this.#kept.delete(key);
      throw error;
    }
    throw new RanetError(`Cannot read ${JSON.stringify(path)}: the file has become shorter`);
  }
}

/** Converts planes to pixels of four bytes. */
function interleave(planes: Uint8Array): Uint8Array {
  const pixels = new Uint8Array(4 * PLANE).fill(255);
  for (let channel = 0; channel < 3; channel++) {
    for (let i = 0; i < PLANE; i++) pixels[4 * i + channel] = planes[channel * PLANE + i]!;
  }
  return pixels;
}
