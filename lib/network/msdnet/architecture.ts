/**
 * The type of a validated MSDNet.
 *
 * @module
 */

import type { CommonSpec } from "../common.ts";

/** One scale: a resolution at which an MSDNet keeps features. */
export interface ScaleSpec {
  /** Factor for the network's base channels and growth. */
  readonly growthFactor: number;
  /** Upper limit of the inner channels of bottlenecks that read this scale, as a multiple of their output channels. */
  readonly bottleneck: number;
}

/** A complete, consistent MSDNet. */
export interface MsdnetSpec extends CommonSpec {
  /** Discriminates {@linkcode ArchitectureSpec}. */
  readonly family: "msdnet";
  /** Scales, coarsest first; each has half the resolution of the next. */
  readonly scales: readonly ScaleSpec[];
  /** Number of channels of a base feature for a growth factor of 1. */
  readonly channels: number;
  /** Number of channels that each layer adds for a growth factor of 1. */
  readonly growth: number;
  /** Number of layers in block 1, 2, …. An exit follows each block. */
  readonly layers: readonly number[];
  /**
   * Number of coarsest scales that layers 1, 2, … of the whole network compute; never more than in the previous layer.
   */
  readonly remaining: readonly number[];
  /** Layers, counted from 1 through the whole network, that end in a transition, ascending. */
  readonly transitions: readonly number[];
  /** Share of channels that a transition keeps, in [0, 1]; 0 only if there is no transition. */
  readonly reduction: number;
}
