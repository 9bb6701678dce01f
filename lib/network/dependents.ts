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
      // What writes no channels makes the exit's logits.
      let mask = layer.writes.length === 0 ? 1n << BigInt(k) : 0n;
      for (const written of layer.writes) {
        for (const [read, needed] of reads.get(written.feature) ?? []) {
          if (overlap(read, written)) mask |= needed;
        }
      }
      masks.set(layer, mask);
      for (const view of layer.reads) {
        if (!reads.has(view.feature)) reads.set(view.feature, []);
        if (mask > 0n) reads.get(view.feature)!.push([view, mask]);
      }
    }
  }
  exits.reverse();
  return new Map(stages.flat().map((layer) => [layer, exits.filter((k) => masks.get(layer)! >> BigInt(k) & 1n)]));
}

function overlap(a: View, b: View): boolean {
  return a.offset < b.offset + b.channels && b.offset < a.offset + a.channels;
}
