/**
 * Numbers in files of arrays: their types, and how they become numbers for a network.
 *
 * @module
 */

import { halfValue } from "../weights/half.ts";

/** Types of numbers. */
export type NumberFormat =
  | ("uint8" | "int8" | "uint16" | "int16" | "uint32" | "int32" | "uint64" | "int64")
  | ("float16" | "float32" | "float64");

/** A type of numbers. */
export interface NumberType {
  /** Size of a number in bytes. */
  readonly bytes: number;
  /** Reads a number at a position, as it is stored. */
  readonly read: (view: DataView, at: number, little: boolean) => number;
  /** The range of integers; missing for other numbers. */
  readonly range?: { readonly least: number; readonly most: number };
}

/** All types. */
export const NUMBERS: Readonly<Record<NumberFormat, NumberType>> = {
  uint8: { bytes: 1, read: (view, at) => view.getUint8(at), range: { least: 0, most: 255 } },
  int8: { bytes: 1, read: (view, at) => view.getInt8(at), range: { least: -128, most: 127 } },
  uint16: { bytes: 2, read: (view, at, little) => view.getUint16(at, little), range: { least: 0, most: 65_535 } },
  int16: { bytes: 2, read: (view, at, little) => view.getInt16(at, little), range: { least: -32_768, most: 32_767 } },
  uint32: { bytes: 4, read: (view, at, little) => view.getUint32(at, little), range: { least: 0, most: 2 ** 32 - 1 } },
  int32: {
    bytes: 4,
    read: (view, at, little) => view.getInt32(at, little),
    range: { least: -(2 ** 31), most: 2 ** 31 - 1 },
  },
  // Numbers beyond 2^53 are rounded.
  uint64: {
    bytes: 8,
    read: (view, at, little) => Number(view.getBigUint64(at, little)),
    range: { least: 0, most: 2 ** 64 },
  },
  int64: {
    bytes: 8,
    read: (view, at, little) => Number(view.getBigInt64(at, little)),
    range: { least: -(2 ** 63), most: 2 ** 63 },
  },
  float16: { bytes: 2, read: (view, at, little) => halfValue(view.getUint16(at, little)) },
  float32: { bytes: 4, read: (view, at, little) => view.getFloat32(at, little) },
  float64: { bytes: 8, read: (view, at, little) => view.getFloat64(at, little) },
};

/** What stored numbers are divided by: the largest of their type for integers, so that pictures have at most 1; or 1. */
export function divisorOf({ range }: NumberType): number {
  return range?.most ?? 1;
}
