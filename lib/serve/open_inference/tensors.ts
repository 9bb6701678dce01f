/**
 * Tensors of the Open Inference Protocol, as JSON or as binary data after it (version 2 of KServe's protocol and its
 * binary tensor data extension).
 *
 * @module
 */

import { Refusal } from "../refusal.ts";

/** Types of tensor elements. */
export type Datatype = "FP32" | "UINT8" | "INT32" | "INT64" | "BYTES";

/** Values of a tensor in row-major order. */
export type TensorValues = Float32Array | Uint8Array | Int32Array | BigInt64Array | readonly Uint8Array[];

/** A tensor. */
export interface ProtocolTensor {
  /** Name of the tensor. */
  readonly name: string;
  /** Size of each dimension. */
  readonly shape: readonly number[];
  /** Type of its values. */
  readonly datatype: Datatype;
  /** The values, as many as the shape requires. */
  readonly values: TensorValues;
}

/** Description of a tensor that is read. */
export interface TensorSource {
  /** Its name in errors. */
  readonly name: string;
  /** Type of its values. */
  readonly datatype: Datatype;
  /** Number of values. */
  readonly count: number;
}

const encoder = new TextEncoder();

/**
 * Reads values from bytes.
 *
 * @throws {Refusal} If the number of values is wrong.
 */
export function fromBytes(bytes: Uint8Array<ArrayBuffer>, { name, datatype, count }: TensorSource): TensorValues {
  if (datatype === "BYTES") return fromLengths(bytes, name, count);
  const wanted = count * BYTES[datatype];
  if (bytes.length !== wanted) {
    throw new Refusal(400, `Cannot read input ${name}: expected ${wanted} bytes of ${datatype}, found ${bytes.length}`);
  }
  // Binary data after the JSON may be unaligned.
  const { buffer } = bytes.slice();
  switch (datatype) {
    case "FP32":
      return new Float32Array(buffer);
    case "UINT8":
      return new Uint8Array(buffer);
    case "INT32":
      return new Int32Array(buffer);
    case "INT64":
      return new BigInt64Array(buffer);
  }
}

/** Reads elements, each preceded by its length in 4 bytes, little-endian. */
function fromLengths(bytes: Uint8Array<ArrayBuffer>, name: string, count: number): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const elements: Uint8Array[] = [];
  let at = 0;
  while (at + 4 <= bytes.length && elements.length < count) {
    const end = at + 4 + view.getUint32(at, true);
    if (end > bytes.length) break;
    elements.push(bytes.subarray(at + 4, end));
    at = end;
  }
  if (at === bytes.length && elements.length === count) return elements;
  throw new Refusal(400, `Cannot read input ${name}: expected ${count} elements of BYTES, each preceded by its length`);
}

/**
 * Reads values from JSON: a list or nested lists, row by row. Elements of BYTES are base64, because a JSON string
 * cannot represent every byte.
 *
 * @throws {Refusal} If the number of values is wrong, or one has the wrong type.
 */
export function fromJson(data: unknown, { name, datatype, count }: TensorSource): TensorValues {
  const flat = Array.isArray(data) ? data.flat(4) : [];
  if (flat.length !== count) {
    throw new Refusal(400, `Cannot read input ${name}: expected ${count} values, found ${flat.length}`);
  }
  if (datatype === "BYTES") return flat.map((element) => fromBase64(element, name));
  const bad = flat.findIndex((value) => !isValue(value, datatype));
  if (bad >= 0) {
    const [least, most] = RANGES[datatype];
    throw new Refusal(
      400,
      `Cannot read input ${name}: value ${bad} is ${JSON.stringify(flat[bad])}; ${datatype} is ` +
        (datatype === "FP32" ? "a number" : `a whole number from ${least} to ${most}`),
    );
  }
  switch (datatype) {
    case "FP32":
      return Float32Array.from(flat);
    case "UINT8":
      return Uint8Array.from(flat);
    case "INT32":
      return Int32Array.from(flat);
    case "INT64":
      return BigInt64Array.from(flat.map(BigInt));
  }
}

function isValue(value: unknown, datatype: keyof typeof RANGES): boolean {
  if (typeof value !== "number" || datatype !== "FP32" && !Number.isInteger(value)) return false;
  const [least, most] = RANGES[datatype];
  return value >= least && value <= most;
}

function fromBase64(element: unknown, name: string): Uint8Array {
  try {
    return Uint8Array.fromBase64(element as string);
  } catch {
    throw new Refusal(400, `Cannot read input ${name}: in JSON, elements of BYTES are strings of base64`);
  }
}

/** Converts values to bytes. */
export function toBytes({ datatype, values }: ProtocolTensor): Uint8Array<ArrayBuffer> {
  if (datatype !== "BYTES") {
    const numbers = values as Exclude<TensorValues, readonly Uint8Array[]>;
    return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength).slice();
  }
  const elements = values as readonly Uint8Array[];
  const bytes = new Uint8Array(elements.reduce((sum, { length }) => sum + 4 + length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const element of elements) {
    view.setUint32(at, element.length, true);
    bytes.set(element, at + 4);
    at += 4 + element.length;
  }
  return bytes;
}

/** Converts values to JSON. Elements of BYTES become strings. */
export function toJson({ datatype, values }: ProtocolTensor): (number | string)[] {
  if (datatype === "BYTES") return Array.from(values as readonly Uint8Array[], (one) => new TextDecoder().decode(one));
  return Array.from(values as Iterable<number | bigint>, Number);
}

/** Encodes strings as elements of BYTES. */
export function textElements(texts: readonly string[]): Uint8Array[] {
  return texts.map((text) => encoder.encode(text));
}

/** Smallest and largest value of each type. For INT64, the range in which JSON numbers are exact. */
const RANGES = {
  FP32: [-Infinity, Infinity],
  UINT8: [0, 255],
  INT32: [-(2 ** 31), 2 ** 31 - 1],
  INT64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
} as const;

const BYTES = { FP32: 4, UINT8: 1, INT32: 4, INT64: 8 };
