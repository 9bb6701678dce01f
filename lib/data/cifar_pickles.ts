/**
 * CIFAR-10 and CIFAR-100 in the version for Python, which torchvision downloads (`cifar-10-batches-py`,
 * `cifar-100-python`): files of pickled dicts with an array of images and a list of labels. They are read as plain data.
 *
 * @module
 */

import { basename } from "node:path";
import { RanetError } from "../errors.ts";
import { datasetError } from "./dataset_error.ts";
import { readBoundedFile } from "../io/files.ts";
import { unpickle } from "../weights/pickle.ts";
import { cifarImage, type CifarKind, type CifarRecords, KINDS, PLANE } from "./cifar_records.ts";
import { joinParts } from "./joined.ts";
import { NUMPY_GLOBALS, PickledArray } from "./pickled_arrays.ts";

/** Names of the files. CIFAR-100's have the names of its parts. */
export const CIFAR_PICKLE = /(?:^|[/\\])(?:data_batch_\d|test_batch|train|test)$/;

/** Size limit of a file in bytes. Files are kept in memory. */
const MAX_BYTES = 500_000_000;
/** The key of each data set's labels. */
const LABEL_KEYS: Readonly<Record<CifarKind["format"], string>> = { "CIFAR-10": "labels", "CIFAR-100": "fine_labels" };

/** One file. */
interface Batch {
  readonly path: string;
  readonly kind: CifarKind;
  /** One row of planes per image. */
  readonly data: Uint8Array;
  readonly marks: readonly number[];
}

/**
 * Opens files, read as one.
 *
 * @throws {RanetError} If they are not such files, or not all of one data set.
 */
export async function cifarPickles(paths: readonly string[]): Promise<CifarRecords> {
  const batches: Batch[] = [];
  for (const path of paths) batches.push(await readBatch(path));
  const { kind } = batches[0]!;
  const other = batches.find((batch) => batch.kind !== kind);
  if (other) {
    throw datasetError(other.path, `it belongs to ${other.kind.format}, and ${basename(paths[0]!)} to ${kind.format}`);
  }
  const joined = joinParts(batches.map(({ marks }) => marks.length));
  const marks = Uint8Array.from(batches.flatMap(({ marks }) => marks));
  return {
    kind,
    size: joined.size,
    locate(index: number): { readonly path: string; readonly record: number } {
      const { part, at } = joined.locate(index);
      return { path: batches[part]!.path, record: at };
    },
    marks: () => Promise.resolve(marks),
    image(index: number) {
      const { part, at } = joined.locate(index);
      return Promise.resolve(cifarImage(batches[part]!.data.subarray(3 * PLANE * at, 3 * PLANE * (at + 1))));
    },
  };
}

async function readBatch(path: string): Promise<Batch> {
  const bytes = await readBoundedFile(path, MAX_BYTES);
  let root: unknown;
  try {
    root = unpickle(bytes, {
      globals: NUMPY_GLOBALS,
      longStrings: "bytes",
      persistentLoad: () => {
        throw new RanetError("its pickle refers to other files");
      },
    }).value;
  } catch (error) {
    throw error instanceof RanetError ? datasetError(path, error.message) : error;
  }
  const fields = new Map(root instanceof Map ? Array.from(root, ([key, value]) => [textOf(key), value]) : []);
  const kind = KINDS.find(({ format }) => fields.has(LABEL_KEYS[format]));
  const images: unknown = fields.get("data");
  if (!kind || !(images instanceof PickledArray)) {
    const found = [...fields.keys()].map(String).slice(0, 8).join(", ") || "none";
    throw datasetError(path, `expected a dict with data, and labels or fine_labels, found the keys ${found}`);
  }
  const marks: unknown = fields.get(LABEL_KEYS[kind.format]);
  const { type, shape, data, isFortran } = images;
  const [count, length] = shape;
  if (type !== "u1" || shape.length !== 2 || length !== 3 * PLANE || isFortran || data.length !== count! * length) {
    const order = isFortran ? " in Fortran order" : "";
    throw datasetError(
      path,
      `expected N × ${3 * PLANE} unsigned bytes (u1), found ${shape.join(" × ")} of ${type}${order}`,
    );
  }
  if (!Array.isArray(marks) || marks.length !== count || !marks.every(isMark)) {
    throw datasetError(path, `expected a list of ${count} labels, one for each image`);
  }
  return { path, kind, data, marks };
}

function isMark(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 255;
}

/** A key. Files that Python 3 has read as bytes and written again have keys of bytes. */
function textOf(key: unknown): unknown {
  return key instanceof Uint8Array ? new TextDecoder().decode(key.subarray(0, 100)) : key;
}
