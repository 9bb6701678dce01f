/**
 * What validated architectures of all families have: all that one may know who runs, draws or compares networks.
 *
 * @module
 */

/** The first layer: a 3×3 convolution (CIFAR), or a 7×7 one of stride 2 with bias and a max-pool (ImageNet). */
export type Stem = "conv3x3" | "conv7x7-pool";

/** How images become input tensors. */
export interface InputSpec {
  /** Height and width, in pixels. */
  readonly size: number;
  /** The shorter side is resized to this many pixels before the centre crop to `size`. */
  readonly resize: number;
  /** Mean of red, green and blue over [0, 1], subtracted. */
  readonly mean: readonly [number, number, number];
  /** Standard deviation of red, green and blue, divided by. */
  readonly std: readonly [number, number, number];
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
  /** Inner channels of the exits' heads; `"input"`: as many as the features that the head reads. */
  readonly headChannels: number | "input";
}
