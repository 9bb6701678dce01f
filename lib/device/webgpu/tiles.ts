/**
 * Tiles: how much of a convolution one invocation computes, in pixels × channels. A larger tile loads less per product,
 * but results in fewer invocations to keep an adapter busy, and takes longer to compile.
 *
 * @module
 */

import { areaOf } from "../../network/size.ts";
import { quadsOf, regionQuads, type StepOf } from "../../planner/plan.ts";

type ConvolutionStep = StepOf<"convolution">;

/**
 * The kernels that compute convolutions: with independent invocations, or with workgroups that share what they load.
 */
export const CONVOLUTION_KERNELS = ["convolution", "convolution-shared"] as const;

/** Most workgroups per dimension that every WebGPU device supports. */
export const MAX_WORKGROUPS = 65_535;

/** Most pixels of a tile. */
export const MAX_PIXELS = 32;

/** The outputs of an invocation, and how neighbouring invocations share the work. */
export interface Tile {
  /** The kernel that computes it. */
  readonly kernel: typeof CONVOLUTION_KERNELS[number];
  /** Output pixels. */
  readonly pixels: number;
  /** Output channels, in quads. */
  readonly quads: number;
  /** Number of neighbouring invocations that compute neighbouring channels; the next ones compute the next pixels. */
  readonly across: number;
}

/** A size of tile and its cost. */
export interface TileCost extends Pick<Tile, "kernel" | "pixels" | "quads"> {
  /** Upper limit of {@linkcode Tile.across}; given only for `convolution-shared`, whose cost depends on it. */
  readonly across?: number;
  /** Smallest batch for which the tile is used. Default: 1. */
  readonly minBatch?: number;
  /** Time of a workgroup per quad of channels read, in any unit that is the same for all tiles. */
  readonly cost: number;
}

/** How an adapter runs workgroups. */
export interface AdapterTraits {
  /** Invocations in a workgroup: the lanes that run in lockstep. */
  readonly lanes: number;
  /** Workgroups that run at the same time. */
  readonly parallelism: number;
  /** The tiles to choose from. */
  readonly tiles: readonly TileCost[];
  /** Whether invocations read ahead into the caches, which pays on a CPU. Default: no. */
  readonly readsAhead?: boolean;
  /** Tiles for gradients of a convolution's input. Default: those of `tiles` whose invocations are independent. */
  readonly gradientTiles?: readonly TileCost[];
  /**
   * Tiles for gradients of a convolution's weights. Default: all that need at most the registers of the largest of
   * `tiles`.
   */
  readonly weightTiles?: readonly WeightTile[];
}

/** The part of the gradient of a convolution's weights that an invocation computes. */
export interface WeightTile {
  /** Quads of input channels. */
  readonly ins: number;
  /** Quads of output channels. */
  readonly outs: number;
}

/** All sizes of tiles for gradients of weights. */
export const WEIGHT_TILES: readonly WeightTile[] = [1, 2, 4].flatMap((ins) =>
  [1, 2, 3, 4].map((outs) => ({ ins, outs }))
);

const TILES = [[8, 4], [8, 2], [4, 2], [4, 1]].map(register);

/**
 * Tiles for a CPU driver, whose registers are mostly memory. llvmpipe compiles for about 25 ms per unit of
 * `pixels · quads`: the largest tiles are for batches that save this time.
 */
export const CPU_TILES: readonly TileCost[] = [
  ...TILES,
  ...[[16, 4], [16, 3], [16, 2]].map((size) => ({ ...register(size), minBatch: 8 })),
];

/**
 * Tiles for a GPU, which needs many invocations and has memory that a workgroup shares. The last tiles use this memory;
 * with up to 128 lanes they fit into the 16 KiB that every WebGPU device has.
 */
export const GPU_TILES: readonly TileCost[] = [
  ...TILES,
  ...[[4, 4], [2, 2], [2, 1], [1, 1]].map(register),
  ...[[4, 4, 4], [4, 2, 8], [4, 1, 8], [4, 1, 4]].map(shared),
];

/** Cost as the number of loads plus a tenth of the products of four numbers: fitted to llvmpipe (LLVM 15). */
function register([pixels, quads]: readonly number[]): TileCost {
  return { kernel: "convolution", pixels, quads, cost: pixels + 4 * quads + 4 * pixels * quads / 10 };
}

/**
 * A guess until `tune` measures: with shared memory, including the time to fill it, the cost is nine tenths.
 */
function shared([pixels, quads, across]: readonly number[]): TileCost {
  const { cost } = register([pixels, quads]);
  return { kernel: "convolution-shared", pixels, quads, across, cost: 0.9 * cost };
}

/**
 * The fastest tile for a wave of convolutions and a batch of `count` samples. Among equally fast ones, the one with the
 * most neighbours: they read the same pixels, so that fewer cache lines are in use.
 */
export function chooseTile(wave: readonly ConvolutionStep[], count: number, adapter: AdapterTraits): Tile {
  const widest = Math.max(...wave.map(({ writes: [output] }) => regionQuads(output)));
  let best: Tile = { ...adapter.tiles[0], across: 1 };
  let least = Infinity;
  for (const { cost, minBatch = 1, ...size } of adapter.tiles) {
    if (count < minBatch) continue;
    for (const across of waysAcross(size, widest, adapter.lanes)) {
      const tile = { ...size, across };
      const time = cost * waveWork(wave, tile, count, adapter);
      if (time <= least) [best, least] = [tile, time];
    }
  }
  return best;
}

function waysAcross({ across, quads }: Pick<TileCost, "across" | "quads">, widest: number, lanes: number): number[] {
  if (across) return [Math.min(across, lanes)];
  return [1, 2, 4, 8, 16, 32, 64, 128].filter((ways) => ways <= lanes && ways < 2 * Math.ceil(widest / quads));
}

/** Workgroups in x and y that a step needs. */
export function workgroupsOf(
  { writes: [output] }: ConvolutionStep,
  tile: Tile,
  count: number,
  lanes: number,
): [number, number] {
  const pixels = areaOf(output.size);
  const pixelTiles = tile.kernel === "convolution"
    ? Math.ceil(pixels / tile.pixels) * count
    : Math.ceil(pixels * count / tile.pixels);
  const channelTiles = Math.ceil(regionQuads(output) / tile.quads);
  return [Math.ceil(pixelTiles * tile.across / lanes), Math.ceil(channelTiles / tile.across)];
}

/** Arranges workgroups in x and y, if a dispatch has more than fit into one dimension. */
export function inRows(workgroups: number): [number, number] {
  const rows = Math.ceil(workgroups / MAX_WORKGROUPS);
  return [Math.ceil(workgroups / rows), rows];
}

/** Tiles for gradients of a convolution's input. */
export function gradientTilesOf({ tiles, gradientTiles }: AdapterTraits): readonly TileCost[] {
  return gradientTiles ?? tiles.filter(({ kernel }) => kernel === "convolution");
}

/** Tiles for gradients of a convolution's weights. */
export function weightTilesOf({ tiles, weightTiles }: AdapterTraits): readonly WeightTile[] {
  const largest = Math.max(4, ...tiles.map(({ pixels, quads }) => pixels * quads)) / 4;
  return weightTiles ?? WEIGHT_TILES.filter(({ ins, outs }) => ins * outs <= largest);
}

/** The most samples, of `pixels` pixels each, that one of the tiles computes in a single dispatch. */
export function largestDispatch(pixels: number, { lanes, tiles }: Pick<AdapterTraits, "lanes" | "tiles">): number {
  const samples = tiles.filter(({ minBatch = 1 }) => minBatch === 1).map((tile) =>
    tile.kernel === "convolution"
      ? MAX_WORKGROUPS * lanes / Math.ceil(pixels / tile.pixels)
      : Math.floor(MAX_WORKGROUPS * lanes / Math.min(tile.across ?? 1, lanes)) * tile.pixels / pixels
  );
  return Math.floor(Math.max(...samples));
}

/**
 * Quads read by workgroups that run one after another; infinite if there are more workgroups than a dispatch allows.
 */
function waveWork(wave: readonly ConvolutionStep[], tile: Tile, count: number, adapter: AdapterTraits): number {
  let workgroups = 0;
  let work = 0;
  for (const step of wave) {
    const [x, y] = workgroupsOf(step, tile, count, adapter.lanes);
    if (x > MAX_WORKGROUPS) return Infinity;
    workgroups += x * y;
    work += x * y * step.layer.kernel ** 2 * quadsOf(step.reads[0].channels);
  }
  return Math.ceil(workgroups / adapter.parallelism) * work / workgroups;
}
