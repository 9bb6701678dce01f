/**
 * Finds which exits depend on which layers.
 *
 * @module
 */

import type { Layer, View } from "./network.ts";

/**
 * Finds, for each layer, the exits whose logits depend on it.
 *
 * @param stages The layers of each exit, in order of execution.
 * @returns Indices of exits, ascending; empty for a layer that no exit needs.
 */
export function findDependents(stages: readonly (readonly Layer[])[]): Map<Layer, number[]> {
  const words = Math.ceil(stages.length / 32);
  const masks = new Map<Layer, Mask>();
  /** Inputs of the layers visited so far (in reverse order), by feature. */
  const readers = new Map<number, Readers>();
  for (let k = stages.length - 1; k >= 0; k--) {
    for (const layer of stages[k].toReversed()) {
      const mask = new Uint32Array(words);
      // A layer that writes no channels computes the exit's logits.
      if (layer.writes.length === 0) mask[k >> 5] |= 1 << (k & 31);
      for (const written of layer.writes) readers.get(written.feature)?.collect(written, mask);
      masks.set(layer, mask);
      if (mask.every((word) => word === 0)) continue;
      for (const view of layer.reads) {
        const known = readers.get(view.feature) ?? new Readers();
        readers.set(view.feature, known);
        known.add(view, mask);
      }
    }
  }
  return new Map(stages.flat().map((layer) => [layer, exitsOf(masks.get(layer)!)]));
}

/** Bit k % 32 of word k / 32 represents exit k. */
type Mask = Uint32Array;

/** The views of a feature that are read, and the exits that need them. */
class Readers {
  /**
   * Views that start at the first channel, as all in a dense list do, longest first. Each also has the exits of the
   * views before it, so that one entry has all exits that read beyond a channel.
   */
  readonly #prefixes: { readonly channels: number; readonly mask: Mask }[] = [];
  readonly #others: { readonly view: View; readonly mask: Mask }[] = [];

  add(view: View, mask: Mask): void {
    if (view.offset > 0) {
      this.#others.push({ view, mask });
      return;
    }
    let at = this.#prefixes.length;
    while (at > 0 && this.#prefixes[at - 1].channels <= view.channels) at--;
    if (this.#prefixes[at]?.channels !== view.channels) {
      const before = this.#prefixes[at - 1]?.mask ?? new Uint32Array(mask.length);
      this.#prefixes.splice(at, 0, { channels: view.channels, mask: before.slice() });
    }
    for (; at < this.#prefixes.length; at++) merge(this.#prefixes[at].mask, mask);
  }

  /** Adds the exits that need a view to a mask. */
  collect(view: View, into: Mask): void {
    let [low, high] = [0, this.#prefixes.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#prefixes[middle].channels > view.offset) low = middle + 1;
      else high = middle;
    }
    if (low > 0) merge(into, this.#prefixes[low - 1].mask);
    for (const { view: other, mask } of this.#others) if (overlap(other, view)) merge(into, mask);
  }
}

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
