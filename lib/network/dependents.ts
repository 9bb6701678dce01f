/**
 * Which exits depend on which layers.
 *
 * @module
 */

import type { Layer, View } from "./network.ts";

/**
 * Finds, for each layer, the exits whose logits depend on it.
 *
 * @param stages For each exit its layers, all in order of execution.
 * @returns Exits' indices, ascending; none for a layer that nothing needs.
 */
export function findDependents(stages: readonly (readonly Layer[])[]): Map<Layer, number[]> {
  /** Bit k of a mask stands for exit k. */
  const masks = new Map<Layer, bigint>();
  /** Of the layers seen so far, last ones first: what they read, by feature. */
  const reads = new Map<number, (readonly [read: View, mask: bigint])[]>();
  const exits = stages.map((_, k) => k).toReversed();
  for (const k of exits) {
    for (const layer of stages[k].toReversed()) {
      let mask = layer.kind === "classifier" ? 1n << BigInt(k) : 0n;
      if (layer.kind !== "classifier") {
        for (const [read, needed] of reads.get(layer.output.feature) ?? []) {
          if (overlap(read, layer.output)) mask |= needed;
        }
      }
      masks.set(layer, mask);
      const { feature } = layer.input;
      if (!reads.has(feature)) reads.set(feature, []);
      if (mask > 0n) reads.get(feature)!.push([layer.input, mask]);
    }
  }
  exits.reverse();
  return new Map(stages.flat().map((layer) => [layer, exits.filter((k) => masks.get(layer)! >> BigInt(k) & 1n)]));
}

function overlap(a: View, b: View): boolean {
  return a.offset < b.offset + b.channels && b.offset < a.offset + a.channels;
}
