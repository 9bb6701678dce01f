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
  const words = Math.ceil(stages.length / 32);
  const masks = new Map<Layer, Mask>();
  /** Of the layers seen so far, last ones first: what they read, by feature and channels. */
  const reads = new Map<number, Map<number, Read>>();
  for (let k = stages.length - 1; k >= 0; k--) {
    for (const layer of stages[k].toReversed()) {
      const mask = new Uint32Array(words);
      // What writes no channels makes the exit's logits.
      if (layer.writes.length === 0) mask[k >> 5] |= 1 << (k & 31);
      for (const written of layer.writes) {
        for (const read of reads.get(written.feature)?.values() ?? []) {
          if (overlap(read.view, written)) merge(mask, read.mask);
        }
      }
      masks.set(layer, mask);
      if (mask.every((word) => word === 0)) continue;
      for (const view of layer.reads) {
        const known = reads.get(view.feature) ?? new Map<number, Read>();
        reads.set(view.feature, known);
        const key = view.offset * CHANNELS + view.channels;
        const same = known.get(key);
        if (same) merge(same.mask, mask);
        else known.set(key, { view, mask: mask.slice() });
      }
    }
  }
  return new Map(stages.flat().map((layer) => [layer, exitsOf(masks.get(layer)!)]));
}

/** Bit k % 32 of word k / 32 stands for exit k. */
type Mask = Uint32Array;

/** What is read of a feature, and the exits that need it. */
interface Read {
  readonly view: View;
  readonly mask: Mask;
}

/** More than a feature has. */
const CHANNELS = 2 ** 24;

function merge(mask: Mask, other: Mask): void {
  for (let i = 0; i < mask.length; i++) mask[i] |= other[i];
}

function exitsOf(mask: Mask): number[] {
  const exits: number[] = [];
  mask.forEach((word, i) => {
    for (let rest = word; rest !== 0; rest &= rest - 1) exits.push(32 * i + 31 - Math.clz32(rest & -rest));
  });
  return exits;
}

function overlap(a: View, b: View): boolean {
  return a.offset < b.offset + b.channels && b.offset < a.offset + a.channels;
}
