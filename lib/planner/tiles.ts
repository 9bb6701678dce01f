/**
 * How much of a convolution one invocation computes. The figures were measured on llvmpipe (LLVM 15, 2 cores); a larger
 * tile costs fewer loads a product, but fewer invocations and a longer first compilation.
 *
 * @module
 */

import type { ConvolutionStep } from "./plan.ts";

/** What limits an adapter. */
export interface AdapterTraits {
  /** Invocations in a workgroup: the lanes that run in step. */
  readonly lanes: number;
  /** Workgroups that run at the same time. */
  readonly parallelism: number;
}

const PIXEL_TILES = [8, 4, 2, 1];
const QUAD_TILES = [4, 3, 2, 1];

/** Output quads an invocation computes: loading an input costs about as much as one more quad of products. */
export function channelTile(outQuads: number): number {
  return cheapest(QUAD_TILES, (quads) => Math.ceil(outQuads / quads) * (quads + 1));
}

/** Output pixels an invocation computes for a batch of `count` samples. */
export function pixelTile(step: ConvolutionStep, count: number, adapter: AdapterTraits): number {
  const channelTiles = step.outQuads / step.tileQuads;
  return cheapest(PIXEL_TILES, (pixels) => {
    const tiles = Math.ceil(step.output.size ** 2 / pixels) * count;
    const rounds = Math.ceil(Math.ceil(tiles / adapter.lanes) * channelTiles / adapter.parallelism);
    return rounds * (pixels + 5);
  });
}

function cheapest(candidates: readonly number[], cost: (candidate: number) => number): number {
  return candidates.reduce((best, candidate) => cost(candidate) < cost(best) ? candidate : best);
}
