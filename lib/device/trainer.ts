/**
 * What every device offers for training: take steps on batches, and hand the state out. The loop that feeds it knows
 * nothing more of devices.
 *
 * @module
 */

import type { Tensor } from "../weights/tensor.ts";
import type { DeviceInfo } from "./runner.ts";

/** Stochastic gradient descent as PyTorch's: `v = momentum · v + g + decay · p`, then `p -= rate · v`. */
export interface SgdOptions {
  /** Which optimiser. */
  readonly kind: "sgd";
  /** Share of the last step's change that goes on; 0: none. */
  readonly momentum: number;
  /** Nesterov's: `p -= rate · (g + decay · p + momentum · v)`. */
  readonly nesterov: boolean;
  /** Times the parameter, added to its gradient. */
  readonly weightDecay: number;
  /** What decays: all parameters, or neither batch norm nor biases. */
  readonly decay: "all" | "weights";
}

/**
 * AdamW as PyTorch's (Loshchilov and Hutter, "Decoupled Weight Decay Regularization", ICLR 2019): `m = β₁ · m + (1 − β₁) · g`,
 * `s = β₂ · s + (1 − β₂) · g²`, then `p -= rate · decay · p` and `p -= rate · m̂ / (√ŝ + epsilon)`, where at step t
 * `m̂ = m / (1 − β₁ᵗ)` and `ŝ = s / (1 − β₂ᵗ)`.
 */
export interface AdamwOptions {
  /** Which optimiser. */
  readonly kind: "adamw";
  /** β₁ and β₂: shares of the gradients' means, and of the means of their squares, that stay. */
  readonly betas: readonly [first: number, second: number];
  /** Keeps the quotient finite. */
  readonly epsilon: number;
  /** Times rate and parameter, subtracted from the parameter. */
  readonly weightDecay: number;
  /** What decays: all parameters, or neither batch norm nor biases. */
  readonly decay: "all" | "weights";
}

/** How gradients change parameters. */
export type OptimizerOptions = SgdOptions | AdamwOptions;

/** What is minimised: the sum over exits of weight times mean cross-entropy. */
export interface LossOptions {
  /** One weight per exit. */
  readonly exits: readonly number[];
  /**
   * Share s of the target that is spread over all classes: 1 − s + s / C for the label, s / C for the others. Where an image
   * has a second label, both share what is not spread.
   */
  readonly labelSmoothing: number;
}

/** How a network is trained. */
export interface TrainerOptions {
  /** Most samples in a step. */
  readonly batch: number;
  /** How gradients change parameters. */
  readonly optimizer: OptimizerOptions;
  /** What is minimised. */
  readonly loss: LossOptions;
  /** Decay of the exponential moving average of all tensors, running statistics included; 0: none is kept. */
  readonly average: number;
  /**
   * `equilibrium`: each exit's gradient into what several exits share is divided by the number of exits that share it
   * (Li et al., "Improved Techniques for Training Adaptive Deep Networks", ICCV 2019).
   */
  readonly gradients: "plain" | "equilibrium";
  /** `classifiers`: only the exits' linear layers learn; all else, statistics too, is as in inference. */
  readonly train: "all" | "classifiers";
}

/** All that a resumed run needs. Names and layouts are PyTorch's. */
export interface TrainingState {
  /** Parameters and running statistics. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  /**
   * The optimiser's velocity of every learned parameter, or AdamW's mean of its gradients; what is missing when a trainer is
   * opened starts at zero.
   */
  readonly momentum: ReadonlyMap<string, Tensor>;
  /** AdamW's mean of every learned parameter's squared gradients; what is missing when a trainer is opened starts at zero. */
  readonly squares?: ReadonlyMap<string, Tensor>;
  /** Moving average of `tensors`, where one is kept; if missing when a trainer is opened it starts from `tensors`. */
  readonly average?: ReadonlyMap<string, Tensor>;
}

/** What a step found before it changed the parameters. */
export interface StepLosses {
  /** Mean cross-entropy over the batch, one per exit, unweighted. */
  readonly losses: Float64Array;
  /** Right answers, one count per exit. */
  readonly right: Uint32Array;
}

/** What images show beside their labels, where each is made of two. */
export interface SecondLabels {
  /** N class indices. */
  readonly labels: Uint32Array;
  /** N shares of the target, from 0 to 1, that the second label has; the first has the rest. */
  readonly shares: Float32Array;
}

/** How a step is taken. */
export interface StepOptions {
  /** The learning rate. */
  readonly rate: number;
  /** What dropout follows from, below 2³². Default: 0. */
  readonly seed?: number;
  /** Steps taken before this one, which AdamW's correction follows from. Default: 0. */
  readonly step?: number;
  /** What images show beside their labels. Default: nothing. */
  readonly second?: SecondLabels;
}

/** What AdamW multiplies the mean of gradients by, and the root of the mean of squares, in a step after so many others. */
export function adamwCorrections(
  { betas: [first, second] }: Pick<AdamwOptions, "betas">,
  step: number,
): { readonly first: number; readonly second: number } {
  return { first: 1 / (1 - first ** (step + 1)), second: 1 / Math.sqrt(1 - second ** (step + 1)) };
}

/** A network in training on a device. */
export interface Trainer extends Disposable {
  /** What it runs on. */
  readonly device: DeviceInfo;
  /** Bytes that weights, gradients, activations and the optimiser's state take there. */
  readonly bytes: number;
  /**
   * Takes a step. May be called before earlier steps have resolved: they run in the order of the calls. `images` and
   * `labels` are free again when the call returns, second labels too.
   *
   * A step with a loss that is not finite changes nothing, and no step after it does: the state stays the last good one.
   *
   * @param images Normalised images, `N × channels × height × width`, N at most `batch`.
   * @param labels N class indices.
   * @param options The learning rate, and what is random.
   * @returns Losses, once they are known, which on a GPU is some steps later: keep a few steps in flight.
   * @throws {RangeError} If there are more samples than `batch`, a label is no class, or a share is not from 0 to 1.
   */
  step(images: Float32Array, labels: Uint32Array, options: StepOptions): Promise<StepLosses>;
  /** The state after all steps called so far. */
  read(): Promise<TrainingState>;
}
