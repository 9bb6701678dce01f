/**
 * The type of a validated RANet.
 *
 * @module
 */

import type { CommonSpec } from "../common.ts";

/**
 * Kind of a fusion block: `up-conv` keeps its resolution, `down-conv` halves it at the end. `none` keeps it and does
 * not use the coarser sub-network.
 */
export type Fusion = "up-conv" | "down-conv" | "none";

/** One base feature, computed by the initial network. */
export interface BaseFeatureSpec {
  /** 1 for the finest resolution, 2 for half of it, 4, 8, … */
  readonly divisor: number;
  /** Number of channels. */
  readonly channels: number;
}

/** One sub-network. It starts from the base feature with the same index. */
export interface SubnetworkSpec {
  /** Number of blocks. The first ones are fusion blocks, as many as the previous sub-network has blocks. */
  readonly blocks: number;
  /** Number of channels that each dense layer adds (growth rate): one for all blocks, or one per block. */
  readonly growth: number | readonly number[];
  /** Upper limit of a bottleneck's inner channels, as a multiple of its output channels. */
  readonly bottleneck: number;
  /** The kind of each fusion block, in order; empty for the first sub-network. */
  readonly fusion: readonly Fusion[];
  /** Blocks (counted from 1) that end in a transition, ascending. */
  readonly transitions: readonly number[];
  /** Number of dense layers of its blocks. Default: the network's. */
  readonly layers?: readonly number[];
  /** Share of new channels from the coarser sub-network, for all fusion blocks or for each. Default: the network's. */
  readonly compress?: number | readonly number[];
  /** Share of channels that a transition keeps, in all blocks or in each. Default: the network's. */
  readonly reduction?: number | readonly number[];
  /** Whether the k×k convolutions of its dense layers are depthwise. Default: the network's. */
  readonly depthwise?: boolean;
  /** Kernel size of its k×k convolutions. Default: the network's. */
  readonly kernel?: number;
  /** Hidden channels of squeeze-and-excitation as a share; 0 for none. Default: the network's. */
  readonly seRatio?: number;
}

/** A complete, consistent RANet. */
export interface RanetSpec extends CommonSpec {
  /** Discriminates {@linkcode ArchitectureSpec}. */
  readonly family: "ranet";
  /** Base features, coarsest first. */
  readonly baseFeatures: readonly BaseFeatureSpec[];
  /** Sub-networks, one per base feature, coarsest first. */
  readonly subnetworks: readonly SubnetworkSpec[];
  /** Number of dense layers in block 1, 2, …, the same in every sub-network; one entry per block of the last one. */
  readonly layers: readonly number[];
  /** Share of a fusion block's new channels that comes from the coarser sub-network, in [0, 1]. */
  readonly compress: number;
  /** Share of channels that a transition keeps, in (0, 1]. */
  readonly reduction: number;
}

/** Settings of one block. */
export interface BlockSettings {
  /** Number of dense layers. */
  readonly layers: number;
  /** Number of channels that each layer adds. */
  readonly growth: number;
  /** Share of a fusion block's new channels that comes from the coarser sub-network. */
  readonly compress: number;
  /** Share of channels that a transition keeps. */
  readonly reduction: number;
}

/** The settings of block `j` of sub-network `s`, both counted from 0: its own, its sub-network's, or the network's. */
export function blockSettings(spec: RanetSpec, s: number, j: number): BlockSettings {
  const { layers = spec.layers, growth, compress = spec.compress, reduction = spec.reduction } = spec.subnetworks[s];
  const at = (value: number | readonly number[]) => typeof value === "number" ? value : value[j];
  return { layers: layers[j], growth: at(growth), compress: at(compress), reduction: at(reduction) };
}
