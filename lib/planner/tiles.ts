/**
 * How much of a convolution one invocation computes: a register tile of pixels × channels. A larger one loads less for
 * each product, but leaves fewer invocations to keep an adapter busy, and takes longer to compile.
 *
 * @module
 */

import { type ConvolutionStep, quadsOf } from "./plan.ts";

/** What an invocation computes, and how neighbours share the work. */
export interface Tile {
  /** Output pixels. */
  readonly pixels: number;
  /** Output channels, in quads. */
  readonly quads: number;
  /** Neighbouring invocations that take neighbouring channels; those behind them take the next pixels. */
  readonly across: number;
}

/** A size of tile and its cost. */
export interface TileCost extends Pick<Tile, "pixels" | "quads"> {
  /** Time that a workgroup takes for each quad of channels read; in any unit, the same for all tiles. */
  readonly cost: number;
}

/** How an adapter runs workgroups. */
export interface AdapterTraits {
  /** Invocations in a workgroup: the lanes that run in step. */
  readonly lanes: number;
  /** Workgroups that run at the same time. */
  readonly parallelism: number;
  /** The tiles to choose from. */
  readonly tiles: readonly TileCost[];
}

/**
 * Tiles for a CPU driver, whose many registers are memory. Compiling takes llvmpipe about 25 ms for each of
 * `pixels · quads`, so there are few, and none larger.
 */
export const CPU_TILES: readonly TileCost[] = [[8, 4], [8, 3], [8, 2], [4, 4], [4, 2], [4, 1]].map(estimate);

/** Tiles for a GPU, which wants invocations in plenty. */
export const GPU_TILES: readonly TileCost[] = [...CPU_TILES, ...[[2, 2], [2, 1], [1, 1]].map(estimate)];

/** So many loads, and products of four numbers, ten of which cost a load: fitted to llvmpipe (LLVM 15). */
function estimate([pixels, quads]: readonly number[]): TileCost {
  return { pixels, quads, cost: pixels + 4 * quads + 4 * pixels * quads / 10 };
}

/** The tile that computes a wave of convolutions soonest, for a batch of `count` samples. */
export function chooseTile(wave: readonly ConvolutionStep[], count: number, adapter: AdapterTraits): Tile {
  const widest = Math.max(...wave.map(({ output }) => quadsOf(output.channels)));
  let best: Tile | undefined;
  let least = Infinity;
  for (const { pixels, quads, cost } of adapter.tiles) {
    for (let across = 1; across <= adapter.lanes && across < 2 * Math.ceil(widest / quads); across *= 2) {
      const tile = { pixels, quads, across };
      const time = cost * waveWork(wave, tile, count, adapter);
      if (time < least) [best, least] = [tile, time];
    }
  }
  return best!;
}

/** Workgroups in x and y that a step needs. */
export function workgroupsOf({ output }: ConvolutionStep, tile: Tile, count: number, lanes: number): [number, number] {
  const pixelTiles = Math.ceil(output.size ** 2 / tile.pixels) * count;
  const channelTiles = Math.ceil(quadsOf(output.channels) / tile.quads);
  return [Math.ceil(pixelTiles * tile.across / lanes), Math.ceil(channelTiles / tile.across)];
}

/** Quads read by the workgroups that run one after another. */
function waveWork(wave: readonly ConvolutionStep[], tile: Tile, count: number, adapter: AdapterTraits): number {
  let workgroups = 0;
  let work = 0;
  for (const step of wave) {
    const [x, y] = workgroupsOf(step, tile, count, adapter.lanes);
    workgroups += x * y;
    work += x * y * step.layer.kernel ** 2 * quadsOf(step.input.channels);
  }
  return Math.ceil(workgroups / adapter.parallelism) * work / workgroups;
}
