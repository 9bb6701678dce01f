/**
 * What tells tensors from others.
 *
 * @module
 */

import type { Tensor } from "./tensor.ts";

const known = new WeakMap<ReadonlyMap<string, Tensor>, Promise<string>>();

/**
 * SHA-256 over names, shapes and values, in hexadecimal; the tensors' order does not matter. Worked out once for each map,
 * whose values must not change.
 */
export function digestTensors(tensors: ReadonlyMap<string, Tensor>): Promise<string> {
  let found = known.get(tensors);
  if (!found) known.set(tensors, found = computeDigest(tensors));
  return found;
}

async function computeDigest(tensors: ReadonlyMap<string, Tensor>): Promise<string> {
  const sorted = [...tensors].toSorted(([a], [b]) => a < b ? -1 : 1);
  const digests = await Promise.all(sorted.map(async ([name, { shape, data }]) => {
    const values = await crypto.subtle.digest("SHA-256", new Float32Array(data));
    return [name, shape, new Uint8Array(values).toHex()];
  }));
  const all = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(JSON.stringify(digests)));
  return new Uint8Array(all).toHex();
}
