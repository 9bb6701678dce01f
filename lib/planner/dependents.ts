/**
 * Which exits depend on which layers.
 *
 * @module
 */

import type { Layer, Network, View } from "../network/network.ts";

/** For each layer, the number of exits whose logits depend on it. */
export function countDependents(network: Network): Map<Layer, number> {
  const layers = network.exits.flatMap((exit) => exit.layers);
  const counts = new Map<Layer, number>(layers.map((layer) => [layer, 0]));
  for (const classifier of layers.filter(({ kind }) => kind === "classifier")) {
    /** Of the layers seen so far, last ones first. */
    const read: View[] = [];
    for (const layer of layers.slice(0, layers.indexOf(classifier) + 1).toReversed()) {
      if (layer !== classifier && !writesAny(layer, read)) continue;
      read.push(layer.input);
      counts.set(layer, counts.get(layer)! + 1);
    }
  }
  return counts;
}

function writesAny(layer: Layer, views: readonly View[]): boolean {
  return layer.kind !== "classifier" && views.some((view) => overlap(view, layer.output));
}

function overlap(a: View, b: View): boolean {
  return a.feature === b.feature && a.offset < b.offset + b.channels && b.offset < a.offset + a.channels;
}
