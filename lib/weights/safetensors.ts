/**
 * The safetensors file format: 8 bytes with the header's length, a JSON header naming each tensor's type, shape and
 * byte range, then the bytes. A file is accepted only if its ranges cover the data exactly, without overlap or hole.
 *
 * @module
 */

import { RanetError } from "../errors.ts";
import { decodeFloats, FLOAT_BYTES, type FloatType } from "./floats.ts";
import { halfBits, roundToHalf } from "./half.ts";
import { quote, whileReading } from "./messages.ts";
import { isCounter, type WeightKind } from "./names.ts";
import { QUANTIZATION_NOTE } from "./quantized.ts";
import { countNumbers, isShape } from "./shape.ts";
import type { Tensor } from "./tensor.ts";
import { decodeWhole, encodeWhole, WHOLE, type WholeType } from "./whole.ts";
import { expectMap, expectObject } from "../text/expect.ts";

/** Contents of a safetensors file. */
export interface Safetensors {
  /** The file's metadata; empty if it has none. */
  readonly metadata: Readonly<Record<string, string>>;
  /** The tensors by name, in the order of the header. */
  readonly tensors: Map<string, Tensor>;
}

/** Options of {@linkcode readSafetensors}. */
export interface ReadSafetensorsOptions {
  /** The file's name in errors. */
  readonly source: string;
}

/** Options of {@linkcode writeSafetensors}. */
export interface WriteSafetensorsOptions {
  /** Metadata: any strings. */
  readonly metadata: Readonly<Record<string, string>>;
  /**
   * Returns the type in which a tensor is stored.
   * @default {() => "F32"}
   */
  readonly dtype?: (name: string, tensor: Tensor) => StoredType;
}

/** Types for writing. Integers are read only in 8-bit models. */
export type StoredType = "F32" | "F16" | "I32" | "I16" | "I8";

/** A tensor as the header describes it. */
export interface SafetensorsEntry {
  readonly name: string;
  /** Name of its type in the format. */
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly count: number;
  /** Byte range, from the end of the header. */
  readonly begin: number;
  readonly end: number;
}

const METADATA = "__metadata__";
const MAX_HEADER_BYTES = 16 * 2 ** 20;
/** Sizes of types that are not weights. */
const INTEGER_BYTES = { I64: 8, I32: 4, I16: 2, I8: 1, U64: 8, U32: 4, U16: 2, U8: 1, BOOL: 1 };
/** Sizes of unsupported types. */
const OTHER_BYTES = { F8_E4M3: 1, F8_E5M2: 1, C64: 8 };
const NUMBER_BYTES: ReadonlyMap<unknown, number> = new Map(
  Object.entries({ ...FLOAT_BYTES, ...INTEGER_BYTES, ...OTHER_BYTES }),
);

/**
 * Reads a safetensors file with F64, F32, F16 or BF16 tensors, which are converted to float32. Integers, except those
 * of an 8-bit model, and PyTorch's counters are omitted. Names are not changed (`createModel` removes prefixes of
 * wrappers).
 *
 * @param bytes The whole file.
 * @param options The file's name in errors.
 * @returns The tensors, and the file's metadata.
 * @throws {RanetError} If the file is invalid, or contains another type or a number that is not finite.
 *
 * @example
 * ```ts
 * import { readSafetensors, writeSafetensors } from "@ranet/ranet/weights";
 *
 * const weight = { shape: [2, 1], data: Float32Array.of(1, -2) };
 * const bytes = writeSafetensors([["weight", weight]], { metadata: { spec: "tiny" } });
 * const { tensors, metadata } = readSafetensors(bytes, { source: "tiny.safetensors" });
 * console.log(metadata.spec, tensors.get("weight")); // tiny { shape: [2, 1], data: [1, -2] }
 * ```
 */
export function readSafetensors(bytes: Uint8Array, options: ReadSafetensorsOptions): Safetensors {
  expectObject("readSafetensors", { bytes }, "byteLength");
  expectObject("readSafetensors", { options }, "source");
  return whileReading(options.source, () => {
    const file = openSafetensors(bytes);
    const tensors = weightEntries(file).map((entry) => [entry.name, file.read(entry)] as const);
    return { metadata: file.metadata, tensors: new Map(tensors) };
  });
}

/** An opened safetensors file. */
export interface SafetensorsFile {
  /** The file's metadata. */
  readonly metadata: Record<string, string>;
  /** Tensors of any type. */
  readonly entries: readonly SafetensorsEntry[];
  /** Reads the numbers of a tensor of floats or signed integers of up to 32 bits. */
  readonly read: (entry: SafetensorsEntry) => Tensor;
}

/**
 * Opens a safetensors file.
 *
 * @throws {RanetError} If it is invalid.
 */
export function openSafetensors(bytes: Uint8Array): SafetensorsFile {
  const { header, data } = split(bytes);
  const { metadata, entries } = parseHeader(header);
  checkCoverage(entries, data.length);
  const read = ({ name, dtype, shape, count, begin, end }: SafetensorsEntry): Tensor => {
    const stored = data.subarray(begin, end);
    if (dtype in WHOLE) return { shape, data: decodeWhole(stored, { type: dtype as WholeType, name }) };
    return { shape, data: decodeFloats(stored, { type: dtype as FloatType, count, name }) };
  };
  return { metadata, entries, read };
}

/** The entries of a file that are weights, including integers of an 8-bit model. */
export function weightEntries({ metadata, entries }: SafetensorsFile): readonly SafetensorsEntry[] {
  const found = metadata[QUANTIZATION_NOTE.key];
  if (found === undefined) return entries.filter((entry) => !isCounter(entry.name) && isFloats(entry));
  if (found !== QUANTIZATION_NOTE.value) {
    throw new RanetError(
      `it is quantized as ${quote(found)}, but only ${QUANTIZATION_NOTE.value} is supported: quantize the model again`,
      { code: "unsupported" },
    );
  }
  return entries.filter((entry) => entry.dtype in WHOLE || isFloats(entry));
}

/** The kind of an entry's numbers. */
export function kindOfEntry({ dtype }: SafetensorsEntry): WeightKind {
  if (dtype in FLOAT_BYTES) return "floats";
  const advice = "Convert it: F32, F16, BF16 and F64 are supported";
  return { found: `of type ${dtype}`, ...dtype in OTHER_BYTES && { advice } };
}

/** @throws {RanetError} If its type is unsupported. */
function isFloats(entry: SafetensorsEntry): boolean {
  const kind = kindOfEntry(entry);
  if (kind === "floats" || kind.advice === undefined) return kind === "floats";
  throw new RanetError(`tensor ${quote(entry.name)} is ${kind.found}, where floats are expected. ${kind.advice}`);
}

function split(bytes: Uint8Array): { header: string; data: Uint8Array } {
  if (bytes.length < 8) {
    throw new RanetError(
      `a safetensors file starts with 8 bytes of header length, but this has ${bytes.length} in all`,
    );
  }
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true));
  if (length > MAX_HEADER_BYTES) {
    throw new RanetError(
      `its header would be ${length} bytes long, more than the ${MAX_HEADER_BYTES} allowed; it may not be a ` +
        "safetensors file",
    );
  }
  if (8 + length > bytes.length) {
    throw new RanetError(
      `its header is ${length} bytes long, but only ${bytes.length - 8} follow; it may be truncated`,
    );
  }
  try {
    const header = new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(8, 8 + length));
    return { header, data: bytes.subarray(8 + length) };
  } catch {
    throw new RanetError("its header is not UTF-8 text; it may not be a safetensors file");
  }
}

function parseHeader(json: string): { metadata: Record<string, string>; entries: SafetensorsEntry[] } {
  let header: unknown;
  try {
    header = JSON.parse(json);
  } catch {
    throw new RanetError("its header is not JSON; it may not be a safetensors file");
  }
  if (!isObject(header)) throw new RanetError("its header is not a JSON object");
  refuseRepeatedKeys(json);
  const { [METADATA]: metadata = {}, ...fields } = header;
  if (!isObject(metadata) || Object.values(metadata).some((note) => typeof note !== "string")) {
    throw new RanetError(`its ${METADATA} is not an object of strings`);
  }
  return {
    metadata: metadata as Record<string, string>,
    entries: Object.entries(fields).map(([name, entry]) => parseEntry(name, entry)),
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Refuses valid JSON in which an object has a key twice: `JSON.parse` uses the last one, other readers the first. */
function refuseRepeatedKeys(json: string): void {
  const open: Set<string>[] = [];
  let entry = "";
  for (let i = 0; i < json.length; i++) {
    const char = json[i];
    if (char === "{" || char === "[") open.push(new Set());
    else if (char === "}" || char === "]") open.pop();
    else if (char === '"') {
      const start = i++;
      while (json[i] !== '"') i += json[i] === "\\" ? 2 : 1;
      if (!isBeforeColon(json, i + 1)) continue; // a value
      const key: string = JSON.parse(json.slice(start, i + 1));
      const keys = open[open.length - 1];
      if (keys.has(key)) {
        throw new RanetError(
          open.length === 1 ? `its header has ${quote(key)} twice` : `its ${quote(entry)} has ${quote(key)} twice`,
        );
      }
      keys.add(key);
      if (open.length === 1) entry = key;
    }
  }
}

function isBeforeColon(json: string, at: number): boolean {
  while (" \t\n\r".includes(json[at])) at++;
  return json[at] === ":";
}

function parseEntry(name: string, entry: unknown): SafetensorsEntry {
  const tensor = `tensor ${quote(name)}`;
  if (!isObject(entry)) throw new RanetError(`${tensor} is described by ${quote(entry)} instead of an object`);
  const { dtype, shape, data_offsets: range, ...extra } = entry;
  for (const key of Object.keys(extra)) throw new RanetError(`${tensor} has the unknown field ${quote(key)}`);

  const size = NUMBER_BYTES.get(dtype);
  if (size === undefined) throw new RanetError(`${tensor} has dtype ${quote(dtype)}, expected F32, F16, BF16 or F64`);
  if (!isShape(shape)) throw new RanetError(`${tensor} has a shape that is not a list of at most 8 whole numbers`);
  if (!isShape(range) || range.length !== 2 || range[0] > range[1]) {
    throw new RanetError(`${tensor} has data_offsets that are not [begin, end]`);
  }
  const [begin, end] = range;
  const count = countNumbers(shape);
  if (!Number.isSafeInteger(count * size)) {
    throw new RanetError(`${tensor} has the impossible shape [${shape.join(", ")}]`);
  }
  if (end - begin !== count * size) {
    throw new RanetError(
      `${tensor} has ${end - begin} bytes, but its shape [${shape.join(", ")}] of ${dtype} takes ${count * size}`,
    );
  }
  return { name, dtype: dtype as string, shape, count, begin, end };
}

function checkCoverage(entries: readonly SafetensorsEntry[], dataBytes: number): void {
  let covered = 0;
  for (const { name, begin, end } of entries.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    const tensor = `tensor ${quote(name)}`;
    if (end > dataBytes) {
      throw new RanetError(`${tensor} ends at byte ${end} of the data, which has ${dataBytes}; it may be truncated`);
    }
    if (begin < covered) throw new RanetError(`${tensor} overlaps the tensor before it`);
    if (begin > covered) throw new RanetError(`${begin - covered} bytes before ${tensor} belong to no tensor`);
    covered = end;
  }
  if (covered < dataBytes) {
    throw new RanetError(`${dataBytes - covered} bytes after the last tensor belong to no tensor`);
  }
}

/**
 * Writes tensors as a safetensors file. Tensors with wider numbers come first, so that every tensor is aligned.
 *
 * @param tensors Names and tensors.
 * @param options Metadata, and the type in which each tensor is stored.
 * @returns The whole file.
 * @throws {RanetError} If a name is duplicated or reserved, a tensor's shape and data do not match, or a number is not
 * finite or too large for its type.
 *
 * @example
 * ```ts
 * import { writeSafetensors } from "@ranet/ranet/weights";
 *
 * const tensors = [["bias", { shape: [2], data: Float32Array.of(1, -2) }]] as const;
 * const bytes = writeSafetensors(tensors, { metadata: {}, dtype: () => "F16" });
 * console.log(bytes.length); // 92: the header's length, the header, 2 numbers of 2 bytes
 * ```
 */
export function writeSafetensors(
  tensors: Iterable<readonly [string, Tensor]>,
  options: WriteSafetensorsOptions,
): Uint8Array {
  expectMap("writeSafetensors", { tensors });
  expectObject("writeSafetensors", { options }, "metadata");
  const { metadata, dtype = () => "F32" } = options;
  const stored = Array.from(tensors, ([name, tensor]) => {
    const type = dtype(name, tensor);
    return { name, type, shape: tensor.shape, data: encode(name, tensor, type) };
  }).sort((a, b) => NUMBER_BYTES.get(b.type)! - NUMBER_BYTES.get(a.type)!);

  const header = new Map<string, unknown>([[METADATA, metadata]]);
  let end = 0;
  for (const { name, type, shape, data } of stored) {
    if (header.has(name)) {
      throw new RanetError(`Cannot write tensor ${quote(name)}: the name is reserved or duplicated`);
    }
    header.set(name, { dtype: type, shape, data_offsets: [end, end += data.byteLength] });
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const start = 8 + Math.ceil(json.length / 8) * 8;

  const bytes = new Uint8Array(start + end).fill(0x20, 8, start);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(start - 8), true);
  bytes.set(json, 8);
  let at = start;
  for (const { data } of stored) {
    bytes.set(data, at);
    at += data.byteLength;
  }
  return bytes;
}

function encode(name: string, { shape, data }: Tensor, type: StoredType): Uint8Array {
  const count = countNumbers(shape);
  if (count !== data.length) {
    throw new RanetError(`Cannot write tensor ${quote(name)}: shape [${shape.join(", ")}] and ${data.length} values`);
  }
  if (type !== "F32" && type !== "F16") return encodeWhole(data, { type, name });
  const bytes = new Uint8Array(count * FLOAT_BYTES[type]);
  const view = new DataView(bytes.buffer);
  data.forEach((value, i) => {
    if (!Number.isFinite(type === "F16" ? roundToHalf(value) : value)) {
      throw new RanetError(
        `Cannot write tensor ${quote(name)}: its value ${value} at index ${i} is not a finite ${type}`,
      );
    }
    if (type === "F16") view.setUint16(i * 2, halfBits(value), true);
    else view.setFloat32(i * 4, value, true);
  });
  return bytes;
}
