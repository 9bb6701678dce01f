/**
 * What a validated MSDNet is.
 *
 * @module
 */

import type { CommonSpec } from "../common.ts";

/** One scale: a resolution at which an MSDNet keeps features. */
export interface ScaleSpec {
  /** Base channels and growth are this many times the network's. */
  readonly growthFactor: number;
  /** Inner channels of bottlenecks that read this scale are at most this factor times their output channels. */
  readonly bottleneck: number;
}

/** A complete, consistent MSDNet. */
export interface MsdnetSpec extends CommonSpec {
  /** Discriminates {@linkcode ArchitectureSpec}. */
  readonly family: "msdnet";
  /** Scales, coarsest first; each has half the resolution of the next. */
  readonly scales: readonly ScaleSpec[];
  /** Channels of a base feature, for a growth factor of 1. */
  readonly channels: number;
  /** Channels that each layer adds, for a growth factor of 1. */
  readonly growth: number;
  /** Layers in block 1, 2, …; an exit follows each block. */
  readonly layers: readonly number[];
  /** Scales, the coarsest ones, that layers 1, 2, … of the whole network put out; never more than the layer before. */
  readonly remaining: readonly number[];
  /** Layers, counted from 1 through the whole network, that end in a transition, ascending. */
  readonly transitions: readonly number[];
  /** Channels that a transition keeps, as a share in [0, 1]; 0 only where there is none. */
  readonly reduction: number;
}
