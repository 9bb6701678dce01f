/**
 * What a network is once its shapes are known, of whatever family: features, the layers that fill them in order of
 * execution, the exits in between, and the blocks that a person would draw. Pure data; nothing here knows how or where a
 * layer is computed.
 *
 * Dense concatenation is a layout: a feature is one stack of channels, each layer writes its own channel range, and an
 * earlier member of a dense list is a prefix of a later one.
 *
 * @module
 */

import type { Activation, Gate } from "./activation.ts";
import type { CommonSpec } from "./common.ts";
import type { Size } from "./size.ts";

/** A stack of channels that layers write ranges of and read ranges from. */
export interface Feature {
  /** Where it comes from, for people: `sub-network 2, block 3`. */
  readonly name: string;
  /** Height and width, in pixels. */
  readonly size: Size;
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
  readonly reads: readonly [View];
  /** Channels written. */
  readonly writes: readonly [View];
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
  /** What comes last. */
  readonly activation: Activation;
}

/** A convolution of each channel by a kernel of its own, then batch norm and what comes last. Padding is `kernel >> 1`. */
export interface DepthwiseConvolution {
  /** Discriminates {@linkcode Layer}. */
  readonly kind: "depthwise";
  /** Channels read: all of a feature's, or its first ones. */
  readonly reads: readonly [View];
  /** As many channels written, from a feature's first one on. */
  readonly writes: readonly [View];
  /** Kernel height and width. */
  readonly kernel: number;
  /** Step between outputs, in input pixels. */
  readonly stride: number;
  /** The convolution's prefix, among the parameters. */
  readonly name: string;
  /** The prefix of the batch norm that follows; none only where a trainer computes that apart. */
  readonly norm?: string;
  /** What comes last. */
  readonly activation: Activation;
}

/** The first half of squeeze-and-excitation: the mean of each channel over all pixels. */
export interface Squeeze {
  /** Discriminates {@linkcode Layer}. */
  readonly kind: "squeeze";
  /** Channels read: all of a feature's, or its first ones. */
  readonly reads: readonly [View];
  /** As many channels of a single pixel, from a feature's first one on. */
  readonly writes: readonly [View];
  /** What it is called where it has parameters: in eight bits. */
  readonly name: string;
}

/** The last step of squeeze-and-excitation: each channel times a gate of its own. */
export interface Excitation {
  /** Discriminates {@linkcode Layer}. */
  readonly kind: "excitation";
  /** Channels read, all of a feature's or its first ones; and as many of a single pixel, from which the gates are made. */
  readonly reads: readonly [View, View];
  /** As many channels written, from a feature's first one on. */
  readonly writes: readonly [View];
  /** What makes a gate of a number. */
  readonly gate: Gate;
  /** What it is called where it has parameters: in eight bits. */
  readonly name: string;
}

/** Max-pooling, 3×3, stride 2, padding 1. */
export interface MaxPool {
  /** Discriminates {@linkcode Layer}. */
  readonly kind: "max-pool";
  /** Channels read. */
  readonly reads: readonly [View];
  /** Channels written. */
  readonly writes: readonly [View];
}

/** Bilinear resize to the output's size, corners aligned; a plain copy where sizes are equal. */
export interface Resize {
  /** Discriminates {@linkcode Layer}. */
  readonly kind: "resize";
  /** Channels read. */
  readonly reads: readonly [View];
  /** Channels written. */
  readonly writes: readonly [View];
}

/** The end of a head: average pooling of the top left pixels to one, then a linear layer with bias. */
export interface Classifier {
  /** Discriminates {@linkcode Layer}. */
  readonly kind: "classifier";
  /** Channels read. */
  readonly reads: readonly [View];
  /** No channels: logits are no feature. */
  readonly writes: readonly [];
  /** Which exit's logits it makes, counted from 0. */
  readonly exit: number;
  /** Height and width of the pooled window. */
  readonly pool: Size;
  /** Number of logits. */
  readonly classes: number;
  /** Boosted exits: so many times the logits of the exit before are added. Default: they are not. */
  readonly reweight?: number;
  /** Prefix of the linear layer's parameters. */
  readonly name: string;
}

/**
 * One step of the network. Every kind names what it reads and writes as views, so that what only has to know which layer
 * depends on which asks for nothing more. How a kind is added: docs/contributing.md.
 */
export type Layer = Convolution | DepthwiseConvolution | Squeeze | Excitation | MaxPool | Resize | Classifier;

/** One exit, with everything that is computed between the exit before it and its own logits. */
export interface Exit {
  /** Where it is, for people: `sub-network 2, block 3`. */
  readonly label: string;
  /** Index into {@linkcode Network.blocks} of the block that the exit follows. */
  readonly block: number;
  /** Height and width of the features that the head reads. */
  readonly size: Size;
  /** Channels of the features that the head reads. */
  readonly channels: number;
  /** Layers from the exit before it (or the image) to its logits, in the order in which the authors run them. */
  readonly layers: readonly Layer[];
  /** Multiply-adds from the image to these logits, one image, earlier heads included, as the authors count. */
  readonly cumulativeFlops: number;
  /** The same, without layers that no exit needs so far: what is run, for the planner leaves those out. */
  readonly cumulativeRunFlops: number;
  /** Learned parameters used up to these logits (batch norm's running statistics are not learned). */
  readonly cumulativeParams: number;
}

/** What a block takes from another row: nothing, features that it fuses and keeps or halves its size, or finer ones. */
export type BlockKind = "conv" | "up-conv" | "down-conv" | "strided";

/** A part of a network that one draws as a box. */
export interface Block {
  /** Index into {@linkcode Network.rows}. */
  readonly row: number;
  /** Index into {@linkcode Network.columns}. */
  readonly column: number;
  /** What it takes from another row. */
  readonly kind: BlockKind;
  /** The block that it takes that from; column -1 is a row's base feature. None for `conv`. */
  readonly source?: { readonly row: number; readonly column: number };
  /** Number of dense layers. */
  readonly depth: number;
  /** Whether it ends in a 1×1 convolution to fewer channels. */
  readonly transition: boolean;
  /** Height and width of what it passes on. */
  readonly size: Size;
  /** Channels of what it passes on. */
  readonly channels: number;
  /** Most channels inside it, before a transition. */
  readonly width: number;
  /** Index of the first exit that needs it; the last exit for what none needs. */
  readonly exit: number;
}

/** Blocks that follow one another, from a base feature on. */
export interface Row {
  /** Path of the part of the YAML that says what it is: `subnetworks[1]`. */
  readonly key: string;
  /** What its base feature is called. */
  readonly base: string;
  /** What there is to say behind its last block. Default: nothing. */
  readonly note?: string;
  /** Height and width of the base feature. */
  readonly size: Size;
  /** Channels of the base feature. */
  readonly channels: number;
}

/** Blocks that stand below one another. */
export interface Column {
  /** What they are called: `block 2`. */
  readonly name: string;
  /** How many layers they have, or which. */
  readonly layers: string;
}

/** A network with all shapes, in order of execution. */
export interface Network {
  /** What it was built from, as far as all families have it. */
  readonly spec: CommonSpec;
  /** What networks of its family are called: `RANet`. */
  readonly family: string;
  /** All features; the first one is the image. */
  readonly features: readonly Feature[];
  /** Exits in the order they are reached. */
  readonly exits: readonly Exit[];
  /** Blocks in order of execution. */
  readonly blocks: readonly Block[];
  /** What rows are called: `sub-network`. */
  readonly rowName: string;
  /** Rows from top to bottom. */
  readonly rows: readonly Row[];
  /** Whether base features are made from the image upwards or downwards. */
  readonly direction: "up" | "down";
  /** Columns from left to right. */
  readonly columns: readonly Column[];
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
