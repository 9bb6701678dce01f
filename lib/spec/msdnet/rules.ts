/**
 * The authors' rules for how many layers blocks have, when scales are dropped, and where channels are shed.
 *
 * @module
 */

/** How many layers blocks have, as a rule. */
export interface LayersRule {
  /** Alike, or more in each. */
  readonly mode: "even" | "linear";
  /** Number of blocks. */
  readonly blocks: number;
  /** Layers of the first block. */
  readonly base: number;
  /** Layers of the others, or how many more in each. */
  readonly step: number;
}

/** Layers of each block. */
export function ruledLayers({ mode, blocks, base, step }: LayersRule): number[] {
  return Array.from({ length: blocks }, (_, i) => i === 0 ? base : mode === "even" ? step : step * i + 1);
}

/**
 * Scales that each layer puts out.
 *
 * @param prune `max` drops one at equal distances, `min` only as the exit nears.
 * @param layers Number of layers of the whole network.
 * @param scales Number of scales.
 */
export function ruledScales(prune: "max" | "min", layers: number, scales: number): number[] {
  const interval = Math.ceil(layers / scales);
  return Array.from(
    { length: layers },
    (_, n) => prune === "max" ? scales - Math.floor(n / interval) : Math.min(scales, layers - n),
  );
}

/**
 * Layers, counted from 1, that end in a transition.
 *
 * @param remaining Scales that each layer puts out.
 * @param scales Number of scales before the first layer.
 * @param prune By which rule: but for `min`, those that put out fewer than the layer before.
 */
export function ruledTransitions(
  remaining: readonly number[],
  scales: number,
  prune: "max" | "min" | "list",
): number[] {
  const total = remaining.length;
  const thirds = [Math.floor(total / 3), Math.floor(2 * total / 3)];
  return remaining.flatMap((count, i) => {
    const ends = prune === "min" ? thirds.includes(i + 1) : count < (remaining[i - 1] ?? scales);
    return ends ? [i + 1] : [];
  });
}
