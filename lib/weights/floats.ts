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
  const { type, count, position = (i) => i, littleEndian = true, name } = options;
  const read = floatReader(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), type, littleEndian);
  const size = FLOAT_BYTES[type];
  const floats = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    const value = read(position(i) * size);
    floats[i] = value;
    if (!Number.isFinite(floats[i])) {
      throw new RanetError(
        `tensor ${quote(name)} contains ${value} at index ${i}, which is not a finite float32 number`,
      );
    }
  }
  return floats;
}

function floatReader(view: DataView, type: FloatType, littleEndian: boolean): (at: number) => number {
  switch (type) {
    case "F64":
      return (at) => view.getFloat64(at, littleEndian);
    case "F32":
      return (at) => view.getFloat32(at, littleEndian);
    case "F16":
      return (at) => halfValue(view.getUint16(at, littleEndian));
    case "BF16": { // the upper half of a float32
      const half = new DataView(new ArrayBuffer(4));
      return (at) => {
        half.setUint16(0, view.getUint16(at, littleEndian));
        return half.getFloat32(0);
      };
    }
  }
}
