/**
 * What a validated RANet is.
 *
 * @module
 */

import type { CommonSpec } from "../common.ts";

/** How a fusion block treats its resolution: `up-conv` keeps it, `down-conv` halves it at the block's end. */
export type Fusion = "up-conv" | "down-conv";

/** One base feature, made by the initial network. */
export interface BaseFeatureSpec {
  /** 1 for the finest resolution, 2 for half of it, 4, 8, … */
  readonly divisor: number;
  /** Number of channels. */
  readonly channels: number;
}

/** One sub-network, working on the base feature of the same index. */
export interface SubnetworkSpec {
  /** Number of blocks; the first ones, as many as the sub-network before has, are fusion blocks. */
  readonly blocks: number;
  /** Channels that each dense layer adds (growth rate). */
  readonly growth: number;
  /** A bottleneck's inner channels are at most this factor times its output channels. */
  readonly bottleneck: number;
  /** The kind of each fusion block, in order; empty for the first sub-network. */
  readonly fusion: readonly Fusion[];
  /** Blocks (counted from 1) that end in a transition, ascending. */
  readonly transitions: readonly number[];
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
  /** Share of a fusion block's new channels that comes from the coarser sub-network, in (0, 1). */
  readonly compress: number;
  /** Channels that a transition keeps, as a share in (0, 1]. */
  readonly reduction: number;
}
