/**
 * Stored integers of 8-bit models, and their conversion to float32 and back.
 *
 * @module
 */

import { RanetError } from "../errors.ts";
import { quote } from "./messages.ts";

/** A stored format, by its safetensors name. */
export type WholeType = "I8" | "I16" | "I32";

/** Array type of each format. */
const ARRAYS = { I8: Int8Array, I16: Int16Array, I32: Int32Array } as const;

/** Bytes of one number of each format. */
export const WHOLE: Readonly<Record<WholeType, number>> = { I8: 1, I16: 2, I32: 4 };

/**
 * Reads stored integers.
 *
 * @throws {RanetError} If float32 cannot represent one exactly.
 */
export function decodeWhole(bytes: Uint8Array, { type, name }: { type: WholeType; name: string }): Float32Array {
  // A copy is aligned.
  const numbers = new ARRAYS[type](bytes.slice().buffer);
  const floats = Float32Array.from(numbers);
  const bad = floats.findIndex((value, i) => value !== numbers[i]);
  if (bad < 0) return floats;
  throw new RanetError(
    `tensor ${quote(name)} contains ${numbers[bad]} at index ${bad}, expected at most 2²⁴ in magnitude`,
  );
}

/**
 * Stores integers.
 *
 * @throws {RanetError} If a number is not an integer, or does not fit the type.
 */
export function encodeWhole(values: Float32Array, { type, name }: { type: WholeType; name: string }): Uint8Array {
  const numbers = ARRAYS[type].from(values);
  const bad = values.findIndex((value, i) => value !== numbers[i]);
  if (bad < 0) return new Uint8Array(numbers.buffer);
  throw new RanetError(
    `Cannot write tensor ${quote(name)}: its value ${values[bad]} at index ${bad} is not an integer of type ${type}`,
  );
}
