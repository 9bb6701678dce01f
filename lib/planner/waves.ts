/**
 * Orders layers into waves: those of a wave do not wait for each other, so that one dispatch runs them all. A launch costs
 * as much as a small layer, and RANets have many: all layers of a fusion block read the coarser sub-network at once.
 *
 * @module
 */

import type { Feature, Layer, View } from "../network/network.ts";
import { quadsOf } from "./plan.ts";

/** Most layers in a wave, as in the kernels' lists of arguments. */
export const MAX_WAVE = 16;

/**
 * Puts each layer right behind the last that it depends on, and those of like shape together.
 *
 * @param layers In an order that works.
 * @param features What their views are of.
 */
export function scheduleWaves(layers: readonly Layer[], features: readonly Feature[]): Layer[][] {
  const levels: number[] = [];
  const waves = new Map<string, Layer[]>();
  layers.forEach((layer, i) => {
    let level = 0;
    for (let j = 0; j < i; j++) {
      if (levels[j] >= level && mustFollow(layer, layers[j])) level = levels[j] + 1;
    }
    levels.push(level);
    for (let part = 0;; part++) {
      const key = `${level} ${shapeOf(layer, features)} ${part}`;
      const wave = waves.get(key) ?? [];
      if (wave.length === MAX_WAVE) continue;
      waves.set(key, [...wave, layer]);
      break;
    }
  });
  return [...waves].toSorted(([a], [b]) => parseInt(a) - parseInt(b)).map(([, wave]) => wave);
}

/** Layers of one shape are worth one size of tile, and fill workgroups alike. */
function shapeOf(layer: Layer, features: readonly Feature[]): string {
  if (layer.kind === "classifier") return layer.kind;
  const { feature, channels } = layer.output;
  return `${layer.kind} ${features[feature].size} ${quadsOf(channels)}`;
}

function mustFollow(layer: Layer, earlier: Layer): boolean {
  const written = earlier.kind === "classifier" ? [] : [earlier.output];
  const overwritten = layer.kind === "classifier" ? [] : [layer.output];
  return written.some((view) => overlap(view, layer.input)) ||
    overwritten.some((view) => overlap(view, earlier.input) || written.some((other) => overlap(view, other)));
}

function overlap(a: View, b: View): boolean {
  return a.feature === b.feature && a.offset < b.offset + b.channels && b.offset < a.offset + a.channels;
}
