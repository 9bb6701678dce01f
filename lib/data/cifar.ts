/**
 * CIFAR-10 and CIFAR-100 in their binary form: records of one label byte (CIFAR-100: two, coarse and fine) and 32×32
 * pixels as planes of red, green and blue.
 *
 * @module
 */
import { basename, dirname, resolve } from "node:path";
import { RanetError } from "../errors.ts";
import { CIFAR100_LABELS, CIFAR10_LABELS } from "../spec/labels.ts";
import type { Dataset, DatasetOptions, Sample } from "./dataset.ts";
import { digestFiles, withFile } from "../io/files.ts";
import { listLabels } from "./labels.ts";

const SIDE = 32;
const PLANE = SIDE * SIDE;

/** The two data sets: bytes before the pixels, of which the last is the label, and the classes in the labels' order. */
const KINDS = [
  { format: "CIFAR-10", labelBytes: 1, names: CIFAR10_LABELS },
  { format: "CIFAR-100", labelBytes: 2, names: CIFAR100_LABELS },
] as const;
type Kind = (typeof KINDS)[number];

/**
 * Opens one or more files of records. Their classes are matched to the model's by name; if the model knows none of these
 * names, by number.
 *
 * @param paths Files of one folder, read as if they were one.
 * @param options.labels The model's labels.
 * @throws {RanetError} If the files' sizes fit neither data set, or the model has another number of classes.
 */
export async function openCifar(paths: readonly string[], options: Pick<DatasetOptions, "labels">): Promise<Dataset> {
  const { labels } = options;
  const files = await Promise.all(paths.map(async (path) => {
    const { size } = await withFile(path, () => Deno.stat(path));
    return { path, size };
  }));
  const kind = KINDS.find(({ labelBytes }) =>
    files.every(({ size }) => size > 0 && size % (labelBytes + 3 * PLANE) === 0)
  );
  if (kind === undefined) {
    throw new RanetError(
      `Cannot open data set ${paths.map((path) => JSON.stringify(path)).join(", ")}: records of CIFAR-10 are 3073 ` +
        `bytes and those of CIFAR-100 3074, found files of ${files.map(({ size }) => size).join(", ")} bytes`,
    );
  }
  const indexes = matchClasses(kind, labels);
  const recordBytes = kind.labelBytes + 3 * PLANE;
  const count = files.reduce((sum, { size }) => sum + size / recordBytes, 0);

  const locate = (index: number): { readonly path: string; readonly record: number } => {
    let record = index;
    let file = 0;
    for (; record >= files[file]!.size / recordBytes; file++) record -= files[file]!.size / recordBytes;
    return { path: files[file]!.path, record };
  };
  const labelOf = (index: number, value: number): number => {
    const label = indexes[value] ?? -1;
    if (label >= 0) return label;
    const { path, record } = locate(index);
    throw new RanetError(
      `Cannot use ${basename(path)}, record ${record} of ${JSON.stringify(dirname(path))}: its label ` +
        `${kind.names[value] ?? value} is not a class of the model (${listLabels(labels)})`,
    );
  };

  return {
    name: paths.length === 1 ? basename(paths[0]!) : basename(dirname(resolve(paths[0]!))),
    format: kind.format,
    size: count,
    bad: [],
    digest: () => digestFiles(paths),
    async labels(): Promise<Uint32Array> {
      const all = new Uint32Array(count);
      let index = 0;
      for (const { path } of files) {
        const bytes = await withFile(path, () => Deno.readFile(path));
        for (let at = kind.labelBytes - 1; at < bytes.length && index < count; at += recordBytes, index++) {
          all[index] = labelOf(index, bytes[at]!);
        }
      }
      return all;
    },
    origin(index: number): string {
      const { path, record } = locate(index);
      return `${resolve(path)}#${record}`;
    },
    async read(index: number): Promise<Sample> {
      const { path, record } = locate(index);
      const bytes = await readAt(path, record * recordBytes, recordBytes);
      const label = labelOf(index, bytes[kind.labelBytes - 1]!);
      const image = { width: SIDE, height: SIDE, data: interleave(bytes.subarray(kind.labelBytes)) };
      return { name: `${basename(path)}, record ${record}`, label, image };
    },
  };
}

/** The model's index of each of the data set's classes; -1 for those it does not have. */
function matchClasses({ format, names }: Kind, labels: readonly string[]): readonly number[] {
  const byName = names.map((name) => labels.indexOf(name));
  if (byName.some((index) => index >= 0)) return byName;
  if (labels.length !== names.length) {
    throw new RanetError(
      `Cannot use ${format} with this model: it has ${names.length} classes, the model ${labels.length} ` +
        `(${listLabels(labels)})`,
    );
  }
  return labels.map((_, index) => index);
}

/** Opens the file anew each time: several reads may be under way, and nothing has to be closed in the end. */
async function readAt(path: string, offset: number, length: number): Promise<Uint8Array> {
  return await withFile(path, async () => {
    using file = await Deno.open(path);
    await file.seek(offset, Deno.SeekMode.Start);
    const bytes = new Uint8Array(length);
    for (let filled = 0; filled < length;) {
      const read = await file.read(bytes.subarray(filled));
      if (read === null) throw new RanetError(`Cannot read ${JSON.stringify(path)}: it has become shorter`);
      filled += read;
    }
    return bytes;
  });
}

/** Planes to pixels of four bytes. */
function interleave(planes: Uint8Array): Uint8Array {
  return Uint8Array.from({ length: 4 * PLANE }, (_, i) => i % 4 === 3 ? 255 : planes[(i % 4) * PLANE + (i >> 2)]!);
}
