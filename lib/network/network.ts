/**
 * What a RANet is once its shapes are known: features, the layers that fill them in order of execution, and the exits
 * in between. Pure data; nothing here knows how or where a layer is computed.
 *
 * Dense concatenation is a layout: a feature is one stack of channels, each layer writes its own channel range, and an
 * earlier member of a dense list is a prefix of a later one.
 *
 * @module
 */

import type { ArchitectureSpec } from "../spec/architecture.ts";

/** A square stack of channels that layers write ranges of and read ranges from. */
export interface Feature {
  /** Where it comes from, for people: `sub-network 2, block 3`. */
  readonly name: string;
  /** Height and width, in pixels. */
  readonly size: number;
  /** Channels of all ranges together. */
  readonly channels: number;
}

/** A range of a feature's channels. */
export interface View {
  /** Index into {@linkcode Network.features}. */
  readonly feature: number;
  /** First channel. */
  readonly offset: number;
  /** Number of channels. */
  readonly channels: number;
}

/** A convolution, and what follows it: batch norm, ReLU. Padding is `kernel >> 1`, height and width alike. */
export interface Convolution {
  /** Discriminates {@linkcode Layer}. */
  readonly kind: "convolution";
  /** Channels read. */
  readonly input: View;
  /** Channels written. */
  readonly output: View;
  /** Kernel height and width. */
  readonly kernel: number;
  /** Step between outputs, in input pixels. */
  readonly stride: number;
  /** Parameter names of the authors' PyTorch code: the convolution's prefix. */
  readonly name: string;
  /** Whether the convolution itself has a bias (only the ImageNet stem's does). */
  readonly bias: boolean;
  /** The prefix of the batch norm that follows; none without it. */
  readonly norm?: string;
  /** Whether a ReLU comes last. */
  readonly relu: boolean;
}

/** Max-pooling, 3×3, stride 2, padding 1. */
export interface MaxPool {
  /** Discriminates {@linkcode Layer}. */
  readonly kind: "max-pool";
  /** Channels read. */
  readonly input: View;
  /** Channels written. */
  readonly output: View;
}

/** Bilinear resize to the output's size, corners aligned; a plain copy where sizes are equal. */
export interface Resize {
  /** Discriminates {@linkcode Layer}. */
  readonly kind: "resize";
  /** Channels read. */
  readonly input: View;
  /** Channels written. */
  readonly output: View;
}

/** The end of a head: average pooling of the top left `pool × pool` pixels to one, then a linear layer with bias. */
export interface Classifier {
  /** Discriminates {@linkcode Layer}. */
  readonly kind: "classifier";
  /** Channels read. */
  readonly input: View;
  /** Height and width of the pooled window. */
  readonly pool: number;
  /** Number of logits. */
  readonly classes: number;
  /** Prefix of the linear layer's parameters. */
  readonly name: string;
}

/** One step of the network. */
export type Layer = Convolution | MaxPool | Resize | Classifier;

/** One exit, with everything that is computed between the exit before it and its own logits. */
export interface Exit {
  /** Sub-network that the exit belongs to, counted from 1 (the coarsest). */
  readonly subnetwork: number;
  /** Block that the exit follows, counted from 1. */
  readonly block: number;
  /** Height and width of the features that the head reads. */
  readonly size: number;
  /** Channels of the features that the head reads. */
  readonly channels: number;
  /** Layers from the exit before it (or the image) to its logits, in order of execution. */
  readonly layers: readonly Layer[];
  /** Multiply-adds from the image to these logits, one image, earlier heads included. */
  readonly cumulativeFlops: number;
  /** Learned parameters used up to these logits (batch norm's running statistics are not learned). */
  readonly cumulativeParams: number;
}

/** A RANet with all shapes, in order of execution. */
export interface Network {
  /** What it was built from. */
  readonly spec: ArchitectureSpec;
  /** All features; the first one is the image. */
  readonly features: readonly Feature[];
  /** Exits in the order they are reached. */
  readonly exits: readonly Exit[];
}

/** A tensor that a network is trained to have, under its name in the authors' PyTorch code. */
export interface Parameter {
  /** Full name, such as `classifier.0.linear.weight`. */
  readonly name: string;
  /** Its shape. */
  readonly shape: readonly number[];
  /** False for batch norm's running statistics. */
  readonly learned: boolean;
}
