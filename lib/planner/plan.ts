/**
 * What a device is given to run: for every exit a stage of kernel runs over one arena of activations per sample.
 * Offsets and pitches count vec4s (quads), the unit in which kernels read: pixels lie one after another, each with its
 * channels together, padded to a quad.
 *
 * @module
 */

import type { Classifier, Convolution, Network } from "../network/network.ts";

/** Channels of a feature as they lie in a sample's arena. */
export interface Region {
  /** Quads from the start of the sample to the feature. */
  readonly offset: number;
  /** Quads from pixel to pixel. */
  readonly pitch: number;
  /** Height and width, in pixels. */
  readonly size: number;
  /** First channel of the feature; 0 wherever a kernel reads. */
  readonly channel: number;
  /** Number of channels. */
  readonly channels: number;
}

/** Runs kernels/convolution/forward.wgsl, or on a GPU kernels/convolution/forward-shared.wgsl. */
export interface ConvolutionStep {
  /** Discriminates {@linkcode Step}. */
  readonly kind: "convolution";
  /** Channels read. */
  readonly input: Region;
  /** Channels written. */
  readonly output: Region;
  /** The layer that it computes. */
  readonly layer: Convolution;
}

/** Runs kernels/max-pool/forward.wgsl. */
export interface MaxPoolStep {
  /** Discriminates {@linkcode Step}. */
  readonly kind: "max-pool";
  /** Channels read. */
  readonly input: Region;
  /** Channels written. */
  readonly output: Region;
}

/** Runs kernels/resize/forward.wgsl. */
export interface ResizeStep {
  /** Discriminates {@linkcode Step}. */
  readonly kind: "resize";
  /** Channels read. */
  readonly input: Region;
  /** Channels written. */
  readonly output: Region;
}

/** Runs kernels/classifier/forward.wgsl: logits leave the arena. */
export interface ClassifierStep {
  /** Discriminates {@linkcode Step}. */
  readonly kind: "classifier";
  /** Channels read. */
  readonly input: Region;
  /** Which exit's logits, counted from 0. */
  readonly exit: number;
  /** The layer that it computes. */
  readonly layer: Classifier;
}

/** One layer over all remaining samples. */
export type Step = ConvolutionStep | MaxPoolStep | ResizeStep | ClassifierStep;

/** Steps of one kernel that do not wait for each other. */
export type Wave = readonly Step[];

/** A network lowered onto kernels. */
export interface Plan {
  /** What was lowered. */
  readonly network: Network;
  /** The image in a sample's arena. */
  readonly image: Region;
  /** For each exit its waves, in order. */
  readonly stages: readonly (readonly Wave[])[];
  /** Quads of zeros before the first sample, read in place of pixels outside a feature. */
  readonly zeroQuads: number;
  /** Quads of activations per sample. */
  readonly sampleQuads: number;
  /** Quads of the largest set of features that are live together: no arena can be smaller. */
  readonly liveQuads: number;
}

/** Bytes in a quad of float32. */
export const QUAD_BYTES = 16;

/** Quads that hold `channels` floats. */
export function quadsOf(channels: number): number {
  return Math.ceil(channels / 4);
}

/** A range of quads within a pixel. */
export interface QuadRange {
  /** The first quad. */
  readonly first: number;
  /** The quad behind the last. */
  readonly end: number;
}

/** Quads of a pixel that channels touch; of the first and the last, others may own lanes. */
export function quadRange({ offset, channels }: { readonly offset: number; readonly channels: number }): QuadRange {
  return { first: Math.floor(offset / 4), end: quadsOf(offset + channels) };
}

/** How many quads of a pixel a region touches. */
export function regionQuads({ channel, channels }: Region): number {
  const { first, end } = quadRange({ offset: channel, channels });
  return end - first;
}
