/**
 * The plan that a device runs: a stage of kernel runs for every exit, over one arena of activations per sample.
 *
 * Offsets and pitches count vec4s (quads), the unit in which kernels read. Pixels are stored one after another, each
 * with its channels together, padded to a quad.
 *
 * @module
 */

import type { Layer, Network, View } from "../network/network.ts";
import type { Size } from "../network/size.ts";

/** Channels of a feature in a sample's arena. */
export interface Region {
  /** Quads from the start of the sample to the feature. */
  readonly offset: number;
  /** Stride of pixels in quads. */
  readonly pitch: number;
  /** Height and width, in pixels. */
  readonly size: Size;
  /** First channel of the feature; 0 in regions that kernels read. */
  readonly channel: number;
  /** Number of channels. */
  readonly channels: number;
}

/** A layer with the regions that it reads and writes. */
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

/** The region of channels of a feature. `features`: the regions of whole features. */
export function regionOf(features: readonly Region[], { feature, offset, channels }: View): Region {
  const all = features[feature];
  return { ...all, channel: all.channel + offset, channels };
}

/** Turns a layer into a step over features in these regions. */
export function placeLayer(layer: Layer, features: readonly Region[]): Step {
  const place = (view: View) => regionOf(features, view);
  return { kind: layer.kind, layer, reads: layer.reads.map(place), writes: layer.writes.map(place) } as unknown as Step;
}

/** Steps of one kernel that do not depend on each other. */
export type Wave = readonly Step[];

/** A network lowered to kernels. */
export interface Plan {
  /** The network. */
  readonly network: Network;
  /** The image in a sample's arena. */
  readonly image: Region;
  /** For each exit its waves, in order. */
  readonly stages: readonly (readonly Wave[])[];
  /** Quads of zeros before the first sample, which are read instead of pixels outside a feature. */
  readonly zeroQuads: number;
  /** Quads of activations per sample. */
  readonly sampleQuads: number;
  /** Quads of the largest set of features that are live at the same time, a lower bound for the arena. */
  readonly liveQuads: number;
}

/** Bytes in a quad of float32. */
export const QUAD_BYTES = 16;

/** Number of quads for `channels` floats. */
export function quadsOf(channels: number): number {
  return Math.ceil(channels / 4);
}

/** A range of quads within a pixel. */
export interface QuadRange {
  /** The first quad. */
  readonly first: number;
  /** One more than the last quad. */
  readonly end: number;
}

/** Quads of a pixel that contain the channels; lanes of the first and the last quad may belong to other channels. */
export function quadRange({ offset, channels }: { readonly offset: number; readonly channels: number }): QuadRange {
  return { first: Math.floor(offset / 4), end: quadsOf(offset + channels) };
}

/** Number of quads of a pixel in a region. */
export function regionQuads({ channel, channels }: Region): number {
  const { first, end } = quadRange({ offset: channel, channels });
  return end - first;
}
