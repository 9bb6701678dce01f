/**
 * The authors' rules for down-conv blocks and transitions of a sub-network. A scale index is the authors' l_s: 1 for
 * the coarsest resolution, one more for each higher one.
 *
 * @module
 */

import type { Fusion } from "../../network/ranet/architecture.ts";

/**
 * Numbers resolutions: 1 for the first, one more whenever a resolution differs from the previous one.
 *
 * @param resolutions One value per base feature, coarsest first. Only equality of neighbours matters.
 * @returns One scale index per base feature.
 */
export function scaleIndices(resolutions: readonly number[]): number[] {
  let index = 1;
  return resolutions.map((value, i) => i > 0 && value !== resolutions[i - 1] ? ++index : index);
}

/**
 * The kind of each fusion block: the last blocks of the (l_s − 1) previous sub-networks are down-conv.
 *
 * @param scaleIndex Scale index of the sub-network.
 * @param blocksBefore Number of blocks of each coarser sub-network, coarsest first.
 * @returns One kind per fusion block, that is, per block of the previous sub-network.
 */
export function ruledFusion(scaleIndex: number, blocksBefore: readonly number[]): Fusion[] {
  const down = scaleIndex > 1 ? blocksBefore.slice(1 - scaleIndex) : [];
  return Array.from(
    { length: blocksBefore.at(-1) ?? 0 },
    (_, j) => down.includes(j + 1) ? "down-conv" : "up-conv",
  );
}

/**
 * The blocks that end in a transition. They divide the sub-network into as many parts as its scale index.
 *
 * @param scaleIndex Scale index of the sub-network.
 * @param blocks Number of its blocks.
 * @returns Block numbers from 1, ascending.
 */
export function ruledTransitions(scaleIndex: number, blocks: number): number[] {
  const ends = Array.from({ length: scaleIndex - 1 }, (_, k) => Math.floor((k + 1) * blocks / scaleIndex));
  return [...new Set(ends)].filter((block) => block > 0);
}
