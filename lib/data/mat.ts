/**
 * Reads numeric arrays of MATLAB's MAT-files, version 5 (save -v6 and -v7).
 *
 * Source: MathWorks, "MAT-File Format", version 5.
 *
 * @module
 */

import { RanetError } from "../errors.ts";
import { readBoundedFile } from "../io/files.ts";
import { inflateSized } from "./inflate.ts";

/** A numeric array. */
export interface MatArray {
  /** Sizes of its dimensions. The first varies fastest. */
  readonly shape: readonly number[];
  /** Its numbers. Bytes are not copied. */
  readonly data: Uint8Array | Float64Array;
}

/** Size limit of a file, and of an unpacked array, in bytes. */
const MAX_BYTES = 2 ** 31 - 1;
/** Length of the file's header and of an element's tag in bytes. */
const [HEADER, TAG] = [128, 8];
const [MATRIX, COMPRESSED] = [14, 15];
/** The classes of numeric arrays, from double to uint64. Others are cells, structs, text and sparse arrays. */
const [FIRST_NUMERIC, LAST_NUMERIC] = [6, 15];

/** How numbers are stored, by the type of an element. MATLAB stores doubles that are small whole numbers as bytes. */
const NUMBERS: Readonly<
  Record<number, readonly [bytes: number, read: (view: DataView, at: number, isLittle: boolean) => number]>
> = {
  1: [1, (view, at) => view.getInt8(at)],
  2: [1, (view, at) => view.getUint8(at)],
  3: [2, (view, at, isLittle) => view.getInt16(at, isLittle)],
  4: [2, (view, at, isLittle) => view.getUint16(at, isLittle)],
  5: [4, (view, at, isLittle) => view.getInt32(at, isLittle)],
  6: [4, (view, at, isLittle) => view.getUint32(at, isLittle)],
  7: [4, (view, at, isLittle) => view.getFloat32(at, isLittle)],
  9: [8, (view, at, isLittle) => view.getFloat64(at, isLittle)],
  12: [8, (view, at, isLittle) => Number(view.getBigInt64(at, isLittle))],
  13: [8, (view, at, isLittle) => Number(view.getBigUint64(at, isLittle))],
};
const BYTES = 2;

/** An element: its type and its data. */
interface Element {
  readonly type: number;
  readonly data: Uint8Array;
  /** Offset of the next element. */
  readonly next: number;
}

/**
 * Reads arrays of a file. Other variables are passed over.
 *
 * @param path The file.
 * @param names The arrays' names.
 * @throws {RanetError} If it is of another kind or damaged, or lacks one of the arrays.
 */
export async function readMat<Name extends string>(
  path: string,
  names: readonly Name[],
): Promise<Readonly<Record<Name, MatArray>>> {
  const refuse = (reason: string): never => {
    throw new RanetError(`Cannot read ${JSON.stringify(path)}: ${reason}`);
  };
  const file = await readBoundedFile(path, MAX_BYTES);
  const text = new TextDecoder("latin1").decode(file.subarray(0, HEADER));
  if (text.startsWith("MATLAB 7.3")) {
    return refuse("MATLAB files of version 7.3 (HDF5) are not supported: save it with -v7");
  }
  const isLittle = text.endsWith("IM");
  if (file.length < HEADER || (!isLittle && !text.endsWith("MI"))) {
    return refuse("it is not a MATLAB file of version 5");
  }
  const found = new Map<string, MatArray>();
  try {
    for (let at = HEADER; at < file.length && found.size < names.length;) {
      const element = elementAt(file, at, isLittle);
      at = element.next;
      const matrix = element.type === COMPRESSED ? await unpack(element.data, isLittle) : element;
      if (matrix.type !== MATRIX) continue;
      const { name, array } = matrixIn(matrix.data, isLittle);
      if (array !== undefined && (names as readonly string[]).includes(name)) found.set(name, array());
    }
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof TypeError)) throw error;
    return refuse(error instanceof RangeError ? error.message : "its compressed data is truncated or damaged");
  }
  const missing = names.filter((name) => !found.has(name));
  if (missing.length > 0) return refuse(`it has no numeric array ${missing.join(" and ")}`);
  return Object.fromEntries(found) as Record<Name, MatArray>;
}

/**
 * The element at an offset. Up to four bytes of data are stored in the tag.
 *
 * @throws {RangeError} If it does not fit into the bytes.
 */
function elementAt(bytes: Uint8Array, at: number, isLittle: boolean): Element {
  if (at + TAG > bytes.length) throw new RangeError("it is truncated");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tag = view.getUint32(at, isLittle);
  const small = tag >>> 16;
  const [type, size, start] = small > 0
    ? [tag & 0xffff, small, at + 4]
    : [tag, view.getUint32(at + 4, isLittle), at + TAG];
  const end = start + size;
  if (end > bytes.length || (small > 4)) throw new RangeError("it is truncated");
  const isPadded = type !== COMPRESSED;
  const next = small > 0 ? at + TAG : isPadded ? at + TAG + Math.ceil(size / 8) * 8 : end;
  return { type, data: bytes.subarray(start, end), next };
}

/** Unpacks an element that contains another. */
async function unpack(packed: Uint8Array, isLittle: boolean): Promise<Element> {
  const size = (tag: Uint8Array) => TAG + new DataView(tag.buffer, tag.byteOffset, TAG).getUint32(4, isLittle);
  const bytes = await inflateSized(packed, { format: "deflate", start: TAG, size, max: MAX_BYTES });
  return elementAt(bytes, 0, isLittle);
}

/** The name of a matrix, and a function that reads it if it is numeric. */
function matrixIn(
  bytes: Uint8Array,
  isLittle: boolean,
): { readonly name: string; readonly array?: () => MatArray } {
  const flags = elementAt(bytes, 0, isLittle);
  const dimensions = elementAt(bytes, flags.next, isLittle);
  const title = elementAt(bytes, dimensions.next, isLittle);
  const name = new TextDecoder("latin1").decode(title.data);
  const kind = numbersIn(flags, isLittle)[0]! & 0xff;
  if (kind < FIRST_NUMERIC || kind > LAST_NUMERIC) return { name };
  const array = (): MatArray => {
    const stored = elementAt(bytes, title.next, isLittle);
    const shape = [...numbersIn(dimensions, isLittle)];
    const data = numbersIn(stored, isLittle);
    if (shape.reduce((product, size) => product * size, 1) !== data.length) {
      throw new RangeError(`its array ${name} of ${shape.join("×")} has ${data.length} numbers`);
    }
    return { shape, data };
  };
  return { name, array };
}

/** The numbers of an element. */
function numbersIn({ type, data }: Element, isLittle: boolean): Uint8Array | Float64Array {
  if (type === BYTES) return data;
  const [bytes, read] = NUMBERS[type] ?? [];
  if (bytes === undefined || read === undefined || data.length % bytes !== 0) {
    throw new RangeError(`its numbers have the unknown type ${type}`);
  }
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  return Float64Array.from({ length: data.length / bytes }, (_, i) => read(view, i * bytes, isLittle));
}
