/**
 * A network of any family with known shapes: features, the layers that fill them in order of execution, the exits
 * between them, and the blocks of its drawing. This is only data, independent of how or where a layer is computed.
 *
 * Dense concatenation needs no copies: a feature is one stack of channels, each layer writes its own channel range, and
 * an earlier entry of a dense list is a prefix of a later one.
 *
 * @module
 */

import type { Activation, Gate } from "./activation.ts";
import type { CommonSpec } from "./common.ts";
import type { Size } from "./size.ts";

/** A stack of channels that layers write ranges of and read ranges from. */
export interface Feature {
  /** Origin, as text for the user: `sub-network 2, block 3`. */
  readonly name: string;
  /** Height and width, in pixels. */
  readonly size: Size;
  /** Total number of channels of all ranges. */
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

/** A convolution, followed by batch norm and an activation. Padding is `kernel >> 1` in both directions. */
export interface Convolution {
  /** Discriminates {@linkcode Layer}. */
  readonly kind: "convolution";
  /** Channels read. */
  readonly reads: readonly [View];
  /** Channels written. */
  readonly writes: readonly [View];
  /** Kernel height and width. */
  readonly kernel: number;
  /** Stride in input pixels. */
  readonly stride: number;
  /** Prefix of the convolution's parameters in the authors' PyTorch code. */
  readonly name: string;
  /** Whether the convolution itself has a bias (only the ImageNet stem's does). */
  readonly bias: boolean;
  /** Prefix of the parameters of the batch norm that follows, if there is one. */
  readonly norm?: string;
  /** Activation. */
  readonly activation: Activation;
}

/**
 * A convolution of each channel with its own kernel, followed by batch norm and an activation. Padding is `kernel >>
 * 1`.
 */
export interface DepthwiseConvolution {
  /** Discriminates {@linkcode Layer}. */
  readonly kind: "depthwise";
  /** Channels read: all channels of a feature, or its first ones. */
  readonly reads: readonly [View];
  /** Channels written: the same number, starting at a feature's first one. */
  readonly writes: readonly [View];
  /** Kernel height and width. */
  readonly kernel: number;
  /** Stride in input pixels. */
  readonly stride: number;
  /** Prefix of the convolution's parameters. */
  readonly name: string;
  /** Prefix of the parameters of the batch norm that follows. Missing only if a trainer computes it separately. */
  readonly norm?: string;
  /** Activation. */
  readonly activation: Activation;
}

/** The first half of squeeze-and-excitation: the mean of each channel over all pixels. */
export interface Squeeze {
  /** Discriminates {@linkcode Layer}. */
  readonly kind: "squeeze";
  /** Channels read: all channels of a feature, or its first ones. */
  readonly reads: readonly [View];
  /** Channels written: the same number, of a single pixel, starting at a feature's first one. */
  readonly writes: readonly [View];
  /** Name of its parameters, which it has only in 8 bits. */
  readonly name: string;
}

/** The last step of squeeze-and-excitation: the product of each channel and its gate. */
export interface Excitation {
  /** Discriminates {@linkcode Layer}. */
  readonly kind: "excitation";
  /**
   * Channels read: all channels of a feature or its first ones; and the same number of a single pixel, from which the
   * gates are computed.
   */
  readonly reads: readonly [View, View];
  /** Channels written: the same number, starting at a feature's first one. */
  readonly writes: readonly [View];
  /** Function that computes a gate. */
  readonly gate: Gate;
  /** Name of its parameters, which it has only in 8 bits. */
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

/** Bilinear resize to the output's size with aligned corners. A copy if sizes are equal. */
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
  /** Empty: logits are not a feature. */
  readonly writes: readonly [];
  /** Index of the exit whose logits it computes, from 0. */
  readonly exit: number;
  /** Height and width of the pooled window. */
  readonly pool: Size;
  /** Number of logits. */
  readonly classes: number;
  /** For boosted exits: the factor with which the logits of the previous exit are added. Default: not boosted. */
  readonly reweight?: number;
  /** Prefix of the linear layer's parameters. */
  readonly name: string;
}

/**
 * One layer of the network. Every kind lists the views that it reads and writes, so that code about dependencies is
 * independent of kinds. See docs/contributing.md for adding a kind.
 */
export type Layer = Convolution | DepthwiseConvolution | Squeeze | Excitation | MaxPool | Resize | Classifier;

/** One exit, with all layers between the previous exit and its own logits. */
export interface Exit {
  /** Location, as text for the user: `sub-network 2, block 3`. */
  readonly label: string;
  /** Index into {@linkcode Network.blocks} of the block that the exit follows. */
  readonly block: number;
  /** Height and width of the features that the head reads. */
  readonly size: Size;
  /** Channels of the features that the head reads. */
  readonly channels: number;
  /** Layers from the previous exit (or the image) to its logits, in the authors' order of execution. */
  readonly layers: readonly Layer[];
  /** Multiply-adds per image up to these logits, including earlier heads, counted as in the authors' code. */
  readonly cumulativeFlops: number;
  /**
   * The same without layers that no exit so far needs, which the planner omits: the multiply-adds that are executed.
   */
  readonly cumulativeRunFlops: number;
  /** Learned parameters used up to these logits (batch norm's running statistics are not learned). */
  readonly cumulativeParams: number;
}

/**
 * How a block uses another row: not at all (`conv`), by fusing its features while it keeps or halves its own size
 * (`up-conv`, `down-conv`), or by reading finer features with stride 2 (`strided`).
 */
export type BlockKind = "conv" | "up-conv" | "down-conv" | "strided";

/** A part of a network that is drawn as a box. */
export interface Block {
  /** Index into {@linkcode Network.rows}. */
  readonly row: number;
  /** Index into {@linkcode Network.columns}. */
  readonly column: number;
  /** How it uses another row. */
  readonly kind: BlockKind;
  /** The block of the other row; column -1 is its base feature. Missing for `conv`. */
  readonly source?: { readonly row: number; readonly column: number };
  /** Number of dense layers. */
  readonly depth: number;
  /** Whether it ends in a 1×1 convolution to fewer channels. */
  readonly transition: boolean;
  /** Height and width of its output. */
  readonly size: Size;
  /** Number of channels of its output. */
  readonly channels: number;
  /** Largest number of channels inside it, before a transition. */
  readonly width: number;
  /** Index of the first exit that needs it; the last exit if none does. */
  readonly exit: number;
}

/** A sequence of blocks that starts at a base feature. */
export interface Row {
  /** Path of the key in the YAML that defines it: `subnetworks[1]`. */
  readonly key: string;
  /** Name of its base feature. */
  readonly base: string;
  /** Text after its last block. Default: none. */
  readonly note?: string;
  /** Height and width of the base feature. */
  readonly size: Size;
  /** Channels of the base feature. */
  readonly channels: number;
}

/** Blocks that are drawn below one another. */
export interface Column {
  /** Title: `block 2`. */
  readonly name: string;
  /** Number or range of their layers, as text. */
  readonly layers: string;
}

/** A network with all shapes, in order of execution. */
export interface Network {
  /** The architecture from which it was built: the properties of all families. */
  readonly spec: CommonSpec;
  /** Display name of its family: `RANet`. */
  readonly family: string;
  /** All features; the first one is the image. */
  readonly features: readonly Feature[];
  /** Exits in the order they are reached. */
  readonly exits: readonly Exit[];
  /** Blocks in order of execution. */
  readonly blocks: readonly Block[];
  /** Name of a row: `sub-network`. */
  readonly rowName: string;
  /** Rows from top to bottom. */
  readonly rows: readonly Row[];
  /** Direction in which base features are computed from the image: upwards or downwards. */
  readonly direction: "up" | "down";
  /** Columns from left to right. */
  readonly columns: readonly Column[];
}

/** A parameter tensor, named as in the authors' PyTorch code. */
export interface Parameter {
  /** Full name, such as `classifier.0.linear.weight`. */
  readonly name: string;
  /** Shape of the tensor. */
  readonly shape: readonly number[];
  /** False for batch norm's running statistics. */
  readonly learned: boolean;
}
