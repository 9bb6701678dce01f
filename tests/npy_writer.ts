/**
 * Writes `.npy` files like NumPy.
 *
 * @module
 */

import { concat } from "../lib/io/bytes.ts";

/** NumPy's type names, by typed array. */
const TYPES = {
  Float32Array: "<f4",
  Float64Array: "<f8",
  Uint8Array: "|u1",
  Uint16Array: "<u2",
  Int16Array: "<i2",
  BigInt64Array: "<i8",
};

/** An array in C order. */
export function npy(
  shape: readonly number[],
  data: Float32Array | Float64Array | Uint8Array | Uint16Array | Int16Array | BigInt64Array,
): Uint8Array<ArrayBuffer> {
  const descr = TYPES[data.constructor.name as keyof typeof TYPES];
  const sides = `${shape.join(", ")}${shape.length === 1 ? "," : ""}`;
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${sides}), }`;
  const header = text.padEnd(Math.ceil((10 + text.length + 1) / 64) * 64 - 11) + "\n";
  const start = [0x93, ...new TextEncoder().encode("NUMPY"), 1, 0, header.length & 255, header.length >> 8];
  return concat(
    [
      Uint8Array.from(start),
      new TextEncoder().encode(header),
      new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    ],
    Uint8Array,
  ) as Uint8Array<ArrayBuffer>;
}
