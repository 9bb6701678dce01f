/**
 * What a validated RANet is.
 *
 * @module
 */

import type { CommonSpec } from "../common.ts";

/**
 * How a fusion block treats its resolution: `up-conv` keeps it, `down-conv` halves it at the block's end. `none` keeps it,
 * and takes nothing of the coarser sub-network.
 */
export type Fusion = "up-conv" | "down-conv" | "none";

/** One base feature, made by the initial network. */
export interface BaseFeatureSpec {
  /** 1 for the finest resolution, 2 for half of it, 4, 8, … */
  readonly divisor: number;
  /** Number of channels. */
  readonly channels: number;
}

/** One sub-network, working on the base feature of the same index. */
export interface SubnetworkSpec {
  /** Number of blocks; the first ones, as many as the previous sub-network has, are fusion blocks. */
  readonly blocks: number;
  /** Channels that each dense layer adds (growth rate): in all blocks, or in each. */
  readonly growth: number | readonly number[];
  /** A bottleneck's inner channels are at most this factor times its output channels. */
  readonly bottleneck: number;
  /** The kind of each fusion block, in order; empty for the first sub-network. */
  readonly fusion: readonly Fusion[];
  /** Blocks (counted from 1) that end in a transition, ascending. */
  readonly transitions: readonly number[];
  /** Dense layers of its blocks. Default: the network's. */
  readonly layers?: readonly number[];
  /** Share of new channels from the coarser sub-network, of all fusion blocks or of each. Default: the network's. */
  readonly compress?: number | readonly number[];
  /** Channels that a transition keeps, in all blocks or in each. Default: the network's. */
  readonly reduction?: number | readonly number[];
  /** Whether its dense layers' k×k convolutions are depthwise. Default: as in the network. */
  readonly depthwise?: boolean;
  /** Height and width of their kernels. Default: the network's. */
  readonly kernel?: number;
  /** Inner channels of their squeeze-and-excitation, as a share; 0 for none. Default: the network's. */
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
  /** Dense layers in block 1, 2, …: the same in every sub-network; as many entries as the last one has blocks. */
  readonly layers: readonly number[];
  /** Share of a fusion block's new channels that comes from the coarser sub-network, in [0, 1]. */
  readonly compress: number;
  /** Channels that a transition keeps, as a share in (0, 1]. */
  readonly reduction: number;
}

/** What one block is made with. */
export interface BlockSettings {
  /** Number of dense layers. */
  readonly layers: number;
  /** Channels that each adds. */
  readonly growth: number;
  /** Share of a fusion block's new channels that comes from the coarser sub-network. */
  readonly compress: number;
  /** Channels that a transition keeps. */
  readonly reduction: number;
}

/** What block `j` of sub-network `s`, both counted from 0, is made with: its own, its sub-network's, or the network's. */
export function blockSettings(spec: RanetSpec, s: number, j: number): BlockSettings {
  const { layers = spec.layers, growth, compress = spec.compress, reduction = spec.reduction } = spec.subnetworks[s];
  const at = (value: number | readonly number[]) => typeof value === "number" ? value : value[j];
  return { layers: layers[j], growth: at(growth), compress: at(compress), reduction: at(reduction) };
}
