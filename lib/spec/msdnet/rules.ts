/**
 * The authors' rules for the number of layers per block, dropping scales, and transitions.
 *
 * @module
 */

/** Rule for the number of layers per block. */
export interface LayersRule {
  /** `even`: the same number in each block; `linear`: more in each block. */
  readonly mode: "even" | "linear";
  /** Number of blocks. */
  readonly blocks: number;
  /** Number of layers of the first block. */
  readonly base: number;
  /** Number of layers of the other blocks, or the increase per block. */
  readonly step: number;
}

/** Number of layers of each block. */
export function ruledLayers({ mode, blocks, base, step }: LayersRule): number[] {
  return Array.from({ length: blocks }, (_, i) => i === 0 ? base : mode === "even" ? step : step * i + 1);
}

/**
 * Number of scales that each layer computes.
 *
 * @param prune `max` drops scales at equal distances, `min` only shortly before the last exit.
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
 * @param remaining Number of scales that each layer computes.
 * @param scales Number of scales before the first layer.
 * @param prune The rule. Except for `min`, a transition follows each layer that drops a scale.
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
