/**
 * Properties of validated architectures of all families. Code that runs, draws or compares networks uses only these.
 *
 * @module
 */

import type { Activation } from "./activation.ts";
import { areaOf, type Sides, type Size, sizeOf } from "./size.ts";

/**
 * The first layer: a 3×3 convolution (CIFAR), a 7×7 one with stride 2, bias and a max-pool (ImageNet), or a custom one.
 */
export type Stem = "conv3x3" | "conv7x7-pool" | StemSpec;

/** A custom first layer. */
export interface StemSpec {
  /** Height and width of the convolution's kernel; odd. */
  readonly kernel: number;
  /** Stride of the convolution. */
  readonly stride: number;
  /**
   * Number of channels, followed by another 3×3 convolution to the finest base feature. Default: the base feature's
   * number, without that convolution.
   */
  readonly channels?: number;
  /** Whether a max-pool, which halves the size, follows the convolution. */
  readonly pool: boolean;
}

/** An exit's head: two convolutions with stride 2, average pooling, and a linear layer. */
export interface HeadSpec {
  /** Number of channels of its convolutions. `"input"`: the same as the features that it reads. */
  readonly channels: number | "input";
  /** Which of the remaining pixels are averaged: all, or the 2×2 at the top left. */
  readonly pool: "all" | 2;
  /** Whether its convolutions are depthwise, each followed by a 1×1 one. Default: false. */
  readonly depthwise?: boolean;
}

/**
 * Which blocks end in an exit: all, or those with these numbers, counted from 1 through the whole network, ascending.
 */
export type ExitsSpec = "all" | readonly number[];

/** How images become input tensors. */
export interface InputSpec {
  /** Size in pixels: the side of a square, or height and width. */
  readonly size: Sides;
  /**
   * Size that the resized image covers before the centre crop to `size`. The aspect ratio is kept. For a square, it is
   * the length of the image's shorter side in pixels.
   */
  readonly resize: Sides;
  /**
   * Mean of each channel on a scale of [0, 1], which is subtracted: of red, green and blue, of grey, or of any other
   * channels.
   */
  readonly mean: readonly number[];
  /** Standard deviation of each channel, by which values are divided. */
  readonly std: readonly number[];
}

/** Height and width of the input. */
export function inputSize({ size }: Pick<InputSpec, "size">): Size {
  return sizeOf(size);
}

/** Shape of the input. */
export function inputShape(input: Pick<InputSpec, "size" | "mean">): [
  channels: number,
  height: number,
  width: number,
] {
  const { height, width } = inputSize(input);
  return [input.mean.length, height, width];
}

/** Number of values of the input. */
export function inputLength(input: Pick<InputSpec, "size" | "mean">): number {
  return input.mean.length * areaOf(inputSize(input));
}

/** Properties of every architecture. */
export interface CommonSpec {
  /** Name, usable as a file name: lower-case letters, digits, hyphens. */
  readonly name: string;
  /** How images become input tensors. */
  readonly input: InputSpec;
  /** One label per class, in the order of the logits. */
  readonly classes: readonly string[];
  /** The first layer. */
  readonly stem: Stem;
  /** The exits' heads: one for all, or one per exit. */
  readonly head: HeadSpec | readonly HeadSpec[];
  /** Which blocks end in an exit. Default: those of the paper. */
  readonly exits?: ExitsSpec;
  /**
   * For boosted exits: the factor by which the logits of the previous exit are multiplied before they are added to an
   * exit's own. Training treats them as constant (Yu et al., "Boosted Dynamic Neural Networks", AAAI 2023). Default:
   * exits are not boosted.
   */
  readonly reweight?: number;
  /** Dropout probability of a channel before an exit's linear layer, in training. Default: 0. */
  readonly dropout?: number;
  /** Activation of every convolution. Default: ReLU. */
  readonly activation?: Exclude<Activation, "none">;
  /** Whether the k×k convolutions of dense layers are depthwise, followed by a 1×1 one. Default: false. */
  readonly depthwise?: boolean;
  /** Kernel size of the k×k convolutions; odd. Default: 3. */
  readonly kernel?: number;
  /**
   * Hidden channels of squeeze-and-excitation in dense layers, as a share of the gated channels. Default: 0, without
   * squeeze-and-excitation.
   */
  readonly seRatio?: number;
}

/** Settings of the dense layers in a part of a network. */
export interface DenseSettings {
  /** Whether the k×k convolution is depthwise, followed by a 1×1 one. */
  readonly depthwise: boolean;
  /** Height and width of its kernel. */
  readonly kernel: number;
  /** Hidden channels of squeeze-and-excitation, as a share of the gated channels; 0 without it. */
  readonly seRatio: number;
}

/** The settings of a network, or of a part that overrides some of them. */
export function denseSettings(spec: CommonSpec, own: Partial<DenseSettings> = {}): DenseSettings {
  const { depthwise = false, kernel = 3, seRatio = 0 } = spec;
  return { depthwise: own.depthwise ?? depthwise, kernel: own.kernel ?? kernel, seRatio: own.seRatio ?? seRatio };
}
