/**
 * Groups layers into waves. The layers of a wave do not depend on each other, so one dispatch runs them all. A dispatch
 * costs as much as a small layer, and RANets have many small layers that are independent: all layers of a fusion block
 * can read the coarser sub-network at once.
 *
 * @module
 */

import type { Feature, Layer, View } from "../network/network.ts";
import { sizeText } from "../network/size.ts";
import { type QuadRange, quadRange } from "./plan.ts";

/** Most layers in a wave: the length of the kernels' arrays of arguments. */
export const MAX_WAVE = 16;

/**
 * Places each layer directly after the last one that it depends on, and groups layers of equal shape.
 *
 * @param layers Layers in a valid order of execution.
 * @param features The features of their views.
 */
export function scheduleWaves(layers: readonly Layer[], features: readonly Feature[]): Layer[][] {
  const uses = new Map<number, (Use & { readonly level: number })[]>();
  const waves = new Map<string, { readonly layers: Layer[]; readonly uses: Use[] }>();
  for (const layer of layers) {
    const own = usesOf(layer);
    let level = 0;
    for (const use of own) {
      for (const earlier of uses.get(use.view.feature) ?? []) {
        if (earlier.level >= level && mustFollow(use, earlier)) level = earlier.level + 1;
      }
    }
    for (const use of own) {
      const { feature } = use.view;
      if (!uses.has(feature)) uses.set(feature, []);
      uses.get(feature)!.push({ ...use, level });
    }
    const shape = `${level} ${shapeOf(layer, features)}`;
    for (let part = 0;; part++) {
      const key = `${shape} ${part}`;
      const wave = waves.get(key);
      if (!wave) waves.set(key, { layers: [layer], uses: own });
      else if (wave.layers.length === MAX_WAVE || sharesQuads(own, wave.uses)) continue;
      else {
        wave.layers.push(layer);
        wave.uses.push(...own);
      }
      break;
    }
  }
  return Array.from(waves, ([key, { layers }]) => ({ level: parseInt(key), layers }))
    .sort((a, b) => a.level - b.level).map(({ layers }) => layers);
}

/** A key of a layer's shape. Layers of equal shape use the same tile and fill workgroups equally. */
function shapeOf(layer: Layer, features: readonly Feature[]): string {
  const shapes = layer.writes.map((view) => {
    const { first, end } = quadRange(view);
    return `${sizeText(features[view.feature].size)} ${end - first}`;
  });
  return [layer.kind, ...shapes].join(" ");
}

/** A layer's read or write of channels of a feature. */
interface Use {
  readonly view: View;
  readonly quads: QuadRange;
  readonly writes: boolean;
}

function usesOf(layer: Layer): Use[] {
  return [
    ...layer.reads.map((view) => ({ view, quads: quadRange(view), writes: false })),
    ...layer.writes.map((view) => ({ view, quads: quadRange(view), writes: true })),
  ];
}

/** Whether a use must come after an earlier use of the same feature. */
function mustFollow({ view, writes }: Use, earlier: Use): boolean {
  return (writes || earlier.writes) &&
    view.offset < earlier.view.offset + earlier.view.channels &&
    earlier.view.offset < view.offset + view.channels;
}

/** Whether two layers use a quad that one of them writes, even in different lanes, which a dispatch must not do. */
function sharesQuads(a: readonly Use[], b: readonly Use[]): boolean {
  return a.some((use) => b.some((other) => clash(use, other)));
}

/** Whether a layer reads quads that it writes. */
export function readsOwnOutput(layer: Layer): boolean {
  const [written, read] = [true, false].map((which) => usesOf(layer).filter(({ writes }) => writes === which));
  return written.some((use) => read.some((other) => clash(use, other)));
}

function clash(a: Use, b: Use): boolean {
  if (a.view.feature !== b.view.feature || !(a.writes || b.writes)) return false;
  return a.quads.first < b.quads.end && b.quads.first < a.quads.end;
}
