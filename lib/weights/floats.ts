/**
 * Floating-point formats of stored weights, and their conversion to float32.
 *
 * @module
 */

import { RanetError } from "../errors.ts";
import { halfValue } from "./half.ts";
import { quote } from "./messages.ts";

/** A stored format, by its safetensors name. */
export type FloatType = "F64" | "F32" | "F16" | "BF16";

/** Bytes of one number of each format. */
export const FLOAT_BYTES: Readonly<Record<FloatType, number>> = { F64: 8, F32: 4, F16: 2, BF16: 2 };

/** Options of {@linkcode decodeFloats}. */
export interface DecodeFloatsOptions {
  /** The format of the numbers. */
  readonly type: FloatType;
  /** How many numbers to read. */
  readonly count: number;
  /**
   * Position of the i-th number, counted in numbers from the start of the bytes.
   * @default {(i) => i}
   */
  readonly position?: (i: number) => number;
  /** @default {true} */
  readonly littleEndian?: boolean;
  /** The tensor's name, for the error. */
  readonly name: string;
}

/**
 * Reads stored numbers as float32.
 *
 * @throws {RanetError} If one is NaN, infinite, or too large for float32.
 */
export function decodeFloats(bytes: Uint8Array, options: DecodeFloatsOptions): Float32Array {
  const { type, position, littleEndian = true, name } = options;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const floats = readFloats(view, options);
  for (let i = 0; i < floats.length; i++) {
    if (Number.isFinite(floats[i])) continue;
    const value = type === "F64" ? view.getFloat64(8 * (position?.(i) ?? i), littleEndian) : floats[i];
    throw new RanetError(`tensor ${quote(name)} contains ${value} at index ${i}, which is not a finite float32 number`);
  }
  return floats;
}

/** There is a loop per format, because a call for each of millions of numbers would slow down the start. */
function readFloats(
  view: DataView,
  { type, count, position, littleEndian = true }: DecodeFloatsOptions,
): Float32Array {
  const floats = new Float32Array(count);
  switch (type) {
    case "F64":
      for (let i = 0; i < count; i++) floats[i] = view.getFloat64(8 * (position ? position(i) : i), littleEndian);
      break;
    case "F32":
      for (let i = 0; i < count; i++) floats[i] = view.getFloat32(4 * (position ? position(i) : i), littleEndian);
      break;
    case "F16":
      for (let i = 0; i < count; i++) {
        floats[i] = halfValue(view.getUint16(2 * (position ? position(i) : i), littleEndian));
      }
      break;
    case "BF16": { // the upper half of a float32
      const bits = new Uint32Array(floats.buffer);
      for (let i = 0; i < count; i++) bits[i] = view.getUint16(2 * (position ? position(i) : i), littleEndian) << 16;
      break;
    }
  }
  return floats;
}
