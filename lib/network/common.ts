/**
 * What validated architectures of all families have: all that one may know who runs, draws or compares networks.
 *
 * @module
 */

import type { Activation } from "./activation.ts";
import { areaOf, type Sides, type Size, sizeOf } from "./size.ts";

/** The first layer: a 3×3 convolution (CIFAR), a 7×7 one of stride 2 with bias and a max-pool (ImageNet), or another. */
export type Stem = "conv3x3" | "conv7x7-pool" | StemSpec;

/** A first layer of one's own. */
export interface StemSpec {
  /** Height and width of the convolution's kernel; odd. */
  readonly kernel: number;
  /** Its stride. */
  readonly stride: number;
  /** Channels, from which another 3×3 convolution makes the finest base feature. Default: the base feature's, without it. */
  readonly channels?: number;
  /** Whether a max-pool, which halves the size, follows the convolution. */
  readonly pool: boolean;
}

/** An exit's head: two convolutions of stride 2, average pooling, a linear layer. */
export interface HeadSpec {
  /** Channels of its convolutions; `"input"`: as many as the features that it reads. */
  readonly channels: number | "input";
  /** What is averaged of the pixels that the convolutions leave: all, or the 2×2 at the top left. */
  readonly pool: "all" | 2;
  /** Whether its convolutions are depthwise, each with a 1×1 one behind it. Default: false. */
  readonly depthwise?: boolean;
}

/** Which blocks end in an exit: all, or those of these numbers, counted from 1 through the whole network, ascending. */
export type ExitsSpec = "all" | readonly number[];

/** How images become input tensors. */
export interface InputSpec {
  /** Height and width, in pixels: of a square its side, else both. */
  readonly size: Sides;
  /**
   * What an image, which keeps its aspect ratio, is resized to cover before the centre crop to `size`. Where that is a
   * square, the shorter side is resized to so many pixels.
   */
  readonly resize: Sides;
  /** Mean of each channel over [0, 1], subtracted: of red, green and blue, of grey alone, or of any other channels. */
  readonly mean: readonly number[];
  /** Standard deviation of each channel, divided by. */
  readonly std: readonly number[];
}

/** Height and width of an image as the network takes it. */
export function inputSize({ size }: Pick<InputSpec, "size">): Size {
  return sizeOf(size);
}

/** Shape of an image as the network takes it. */
export function inputShape(input: Pick<InputSpec, "size" | "mean">): [
  channels: number,
  height: number,
  width: number,
] {
  const { height, width } = inputSize(input);
  return [input.mean.length, height, width];
}

/** Numbers in such an image. */
export function inputLength(input: Pick<InputSpec, "size" | "mean">): number {
  return input.mean.length * areaOf(inputSize(input));
}

/** What every architecture has. */
export interface CommonSpec {
  /** Name, as in file names: lower-case letters, digits, hyphens. */
  readonly name: string;
  /** How images become input tensors. */
  readonly input: InputSpec;
  /** One label per class, in the order of the logits. */
  readonly classes: readonly string[];
  /** The first layer. */
  readonly stem: Stem;
  /** The exits' heads: one for all, or one per exit. */
  readonly head: HeadSpec | readonly HeadSpec[];
  /** Which blocks end in an exit. Default: those that the paper says. */
  readonly exits?: ExitsSpec;
  /**
   * Boosted exits: an exit's logits are its own plus so many times those of the exit before it, which training holds constant
   * (Yu et al., "Boosted Dynamic Neural Networks", AAAI 2023). Default: exits are not boosted.
   */
  readonly reweight?: number;
  /** Probability with which training leaves out a channel before an exit's linear layer. Default: 0. */
  readonly dropout?: number;
  /** What every convolution ends in. Default: ReLU. */
  readonly activation?: Exclude<Activation, "none">;
  /** Whether dense layers' k×k convolutions are depthwise, with a 1×1 one behind them. Default: false. */
  readonly depthwise?: boolean;
  /** Height and width of their kernels; odd. Default: 3. */
  readonly kernel?: number;
  /** Inner channels of their squeeze-and-excitation, as a share of those that it gates. Default: 0, without it. */
  readonly seRatio?: number;
}

/** What the dense layers of a part of a network are made of. */
export interface DenseSettings {
  /** Whether the k×k convolution is depthwise, with a 1×1 one behind it. */
  readonly depthwise: boolean;
  /** Height and width of its kernel. */
  readonly kernel: number;
  /** Inner channels of squeeze-and-excitation, as a share of those that it gates; 0 without it. */
  readonly seRatio: number;
}

/** Those of a network, or of a part that has some of its own. */
export function denseSettings(spec: CommonSpec, own: Partial<DenseSettings> = {}): DenseSettings {
  const { depthwise = false, kernel = 3, seRatio = 0 } = spec;
  return { depthwise: own.depthwise ?? depthwise, kernel: own.kernel ?? kernel, seRatio: own.seRatio ?? seRatio };
}
