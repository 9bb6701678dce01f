/**
 * CIFAR-10 and CIFAR-100 in their binary version: each record is one label byte (CIFAR-100: two, coarse and fine) and
 * 32×32 pixels as planes of red, green and blue.
 *
 * @module
 */
import { RanetError } from "../errors.ts";
import { CIFAR100_LABELS, CIFAR10_LABELS } from "../spec/labels.ts";
import type { ImageRecords } from "./dataset.ts";
import type { RgbImage } from "./image.ts";
import { readAt, withFile } from "../io/files.ts";
import { Recent } from "../io/recent.ts";
import { joinParts } from "./joined.ts";

/** Height and width of an image. */
const SIDE = 32;
/** Pixels of an image. */
export const PLANE = SIDE * SIDE;

/**
 * The two data sets: number of bytes before the pixels in the binary version, the last of which is the label; and the classes in the order of
 * their labels.
 */
export const KINDS = [
  { format: "CIFAR-10", labelBytes: 1, names: CIFAR10_LABELS },
  { format: "CIFAR-100", labelBytes: 2, names: CIFAR100_LABELS },
] as const;
/** One of the two. */
export type CifarKind = (typeof KINDS)[number];

/** Several files of records, read as one. */
export interface CifarRecords extends ImageRecords {
  /** Which data set it is. */
  readonly kind: CifarKind;
  /** Location of a record. */
  locate(index: number): { readonly path: string; readonly record: number };
  /** The label of each record. */
  marks(): Promise<Uint8Array>;
}

/**
 * Opens files of records in the binary version.
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
  const joined = joinParts(files.map(({ size }) => size / recordBytes));
  const { size } = joined;
  const locate = (index: number): { readonly path: string; readonly record: number } => {
    const { part, at } = joined.locate(index);
    return { path: files[part]!.path, record: at };
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
      return cifarImage(bytes.subarray(kind.labelBytes));
    },
  };
}

/** Records that are read at once (400 kB). Reading these takes less time than opening the file. */
const PAGE = 128;

/** Pages that are kept in memory. Images are mostly read in order, a few at a time. */
const KEPT = 2;

/** Reads records in pages. */
class Pages {
  readonly #recordBytes: number;
  readonly #kept = new Recent<Uint8Array>(KEPT);

  /** Creates a reader of records with `recordBytes` bytes each. */
  constructor(recordBytes: number) {
    this.#recordBytes = recordBytes;
  }

  /** Reads one record. */
  async read(path: string, record: number): Promise<Uint8Array> {
    const page = Math.floor(record / PAGE);
    const pageBytes = PAGE * this.#recordBytes;
    const all = await this.#kept.get(`${page} ${path}`, () => readAt(path, page * pageBytes, pageBytes));
    const start = record % PAGE * this.#recordBytes;
    const bytes = all.subarray(start, start + this.#recordBytes);
    if (bytes.length === this.#recordBytes) return bytes;
    throw new RanetError(`Cannot read ${JSON.stringify(path)}: the file has become shorter`);
  }
}

/** Makes an image of planes of red, green and blue. */
export function cifarImage(planes: Uint8Array): RgbImage {
  const pixels = new Uint8Array(4 * PLANE).fill(255);
  for (let channel = 0; channel < 3; channel++) {
    for (let i = 0; i < PLANE; i++) pixels[4 * i + channel] = planes[channel * PLANE + i]!;
  }
  return { width: SIDE, height: SIDE, data: pixels };
}
