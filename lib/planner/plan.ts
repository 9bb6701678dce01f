/**
 * What a device is given to run: for every exit a stage of kernel runs over one arena of activations per sample.
 * Offsets and pitches count vec4s (quads), the unit in which kernels read: pixels lie one after another, each with its
 * channels together, padded to a quad.
 *
 * @module
 */

import type { Layer, Network, View } from "../network/network.ts";
import type { Size } from "../network/size.ts";

/** Channels of a feature as they lie in a sample's arena. */
export interface Region {
  /** Quads from the start of the sample to the feature. */
  readonly offset: number;
  /** Quads from pixel to pixel. */
  readonly pitch: number;
  /** Height and width, in pixels. */
  readonly size: Size;
  /** First channel of the feature; 0 wherever a kernel reads. */
  readonly channel: number;
  /** Number of channels. */
  readonly channels: number;
}

/** A layer with what it reads and writes where that lies. */
export interface PlacedLayer<L extends Layer> {
  /** Discriminates {@linkcode Step}. */
  readonly kind: L["kind"];
  /** The layer that it computes. */
  readonly layer: L;
  /** Channels read. */
  readonly reads: Regions<L["reads"]>;
  /** Channels written. */
  readonly writes: Regions<L["writes"]>;
}

/** One layer over all remaining samples; its kernels are those of kernels/KIND. */
export type Step = { [Kind in Layer["kind"]]: StepOf<Kind> }[Layer["kind"]];

/** A step of one kind. */
export type StepOf<Kind extends Layer["kind"]> = PlacedLayer<Extract<Layer, { kind: Kind }>>;

/** A region for each view. */
type Regions<Views extends readonly View[]> = { readonly [I in keyof Views]: Region };

/** Where channels of a feature lie, whose own regions are given. */
export function regionOf(features: readonly Region[], { feature, offset, channels }: View): Region {
  const all = features[feature];
  return { ...all, channel: all.channel + offset, channels };
}

/** A layer as a step over features that lie in these regions. */
export function placeLayer(layer: Layer, features: readonly Region[]): Step {
  const place = (view: View) => regionOf(features, view);
  return { kind: layer.kind, layer, reads: layer.reads.map(place), writes: layer.writes.map(place) } as unknown as Step;
}

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
