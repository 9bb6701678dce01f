/**
 * A part of a data set.
 *
 * @module
 */

import type { Dataset } from "./dataset.ts";

/**
 * Makes a data set from some samples of another.
 *
 * @param dataset The data set.
 * @param indexes Indexes of the samples, in the new order.
 */
export function subset(dataset: Dataset, indexes: ArrayLike<number>): Dataset {
  return {
    name: dataset.name,
    format: dataset.format,
    size: indexes.length,
    bad: [],
    classes: dataset.classes,
    async labels(): Promise<Uint32Array> {
      const all = await dataset.labels();
      return Uint32Array.from(indexes, (index) => all[index]!);
    },
    origin: (index) => dataset.origin(indexes[index]!),
    async digest(options): Promise<string> {
      const about = JSON.stringify([await dataset.digest(options), Array.from(indexes)]);
      return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(about))).toHex();
    },
    read: (index) => dataset.read(indexes[index]!),
    file: async (index) => await dataset.file?.(indexes[index]!),
  };
}
