/**
 * The interface of all devices for training: taking steps on batches, and reading the state. The training loop uses
 * nothing else of a device.
 *
 * @module
 */

import type { TrainedPart } from "../planner/training_plan.ts";
import type { Tensor } from "../weights/tensor.ts";
import type { DeviceInfo } from "./runner.ts";

/** Stochastic gradient descent as in PyTorch: `v = momentum · v + g + decay · p`, then `p -= rate · v`. */
export interface SgdOptions {
  /** The kind of optimiser. */
  readonly kind: "sgd";
  /** Share of the previous update that is added to the next; 0: none. */
  readonly momentum: number;
  /** Whether to use Nesterov momentum: `p -= rate · (g + decay · p + momentum · v)`. */
  readonly nesterov: boolean;
  /** Weight decay: its product with the parameter is added to the gradient. */
  readonly weightDecay: number;
  /** Which parameters decay: all, or all except batch norm and biases. */
  readonly decay: "all" | "weights";
}

/**
 * AdamW as in PyTorch (Loshchilov and Hutter, "Decoupled Weight Decay Regularization", ICLR 2019): `m = β₁ · m + (1 −
 * β₁) · g`, `s = β₂ · s + (1 − β₂) · g²`, then `p -= rate · decay · p` and `p -= rate · m̂ / (√ŝ + epsilon)`, where at
 * step t `m̂ = m / (1 − β₁ᵗ)` and `ŝ = s / (1 − β₂ᵗ)`.
 */
export interface AdamwOptions {
  /** The kind of optimiser. */
  readonly kind: "adamw";
  /** β₁ and β₂: decay per step of the moving averages of gradients and of their squares. */
  readonly betas: readonly [first: number, second: number];
  /** Added to the denominator to keep the quotient finite. */
  readonly epsilon: number;
  /** Weight decay: its product with rate and parameter is subtracted from the parameter. */
  readonly weightDecay: number;
  /** Which parameters decay: all, or all except batch norm and biases. */
  readonly decay: "all" | "weights";
}

/** Options of the optimiser. */
export type OptimizerOptions = SgdOptions | AdamwOptions;

/** The loss: the weighted sum of the exits' mean losses, which are cross-entropies unless distillation is used. */
export interface LossOptions {
  /** One weight per exit. */
  readonly exits: readonly number[];
  /**
   * Label smoothing: share s of the target that is distributed over all classes: 1 − s + s / C for the label, s / C for
   * the others. If an image has a second label, both divide the share 1 − s.
   */
  readonly labelSmoothing: number;
  /** Distillation from the last exit to earlier ones. Default: none. */
  readonly distillation?: Distillation;
}

/**
 * Distillation: earlier exits also learn from the last one, which learns only from labels. With weight w, temperature
 * T, and logits z of the exit and t of the last one, the loss is (1 − w) · cross-entropy + w · T² · KL(softmax(t / T) ‖
 * softmax(z / T)). t is treated as constant (Li et al., "Improved Techniques for Training Adaptive Deep Networks", ICCV
 * 2019).
 */
export interface Distillation {
  /** The teacher. */
  readonly teacher: "last-exit";
  /** Weight w, from 0 to 1. */
  readonly weight: number;
  /** Temperature T, above 0. */
  readonly temperature: number;
}

/** The distillation of an exit. With weight 0 it learns only from labels. */
export function distillationAt({ exits, distillation }: LossOptions, exit: number): Omit<Distillation, "teacher"> {
  const isTaught = distillation !== undefined && exit < exits.length - 1;
  return isTaught ? distillation : { weight: 0, temperature: 1 };
}

/** Options of a trainer. */
export interface TrainerOptions {
  /** Most samples in a step. */
  readonly batchSize: number;
  /** Options of the optimiser. */
  readonly optimizer: OptimizerOptions;
  /** The loss. */
  readonly loss: LossOptions;
  /** Decay of the exponential moving average of all tensors, including running statistics; 0: no average. */
  readonly emaDecay: number;
  /**
   * `equilibrium`: an exit's gradient for a layer is divided by the number of exits that share the layer
   * (Li et al., "Improved Techniques for Training Adaptive Deep Networks", ICCV 2019).
   */
  readonly gradients: "plain" | "equilibrium";
  /** What is trained. */
  readonly train: TrainedPart;
}

/** The state needed to resume a run. Names and layouts are PyTorch's. */
export interface TrainingState {
  /** Parameters and running statistics. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  /**
   * The optimiser's velocity of every trained parameter, or AdamW's mean of its gradients; missing ones start at zero
   * when a trainer is opened.
   */
  readonly momentum: ReadonlyMap<string, Tensor>;
  /**
   * AdamW's mean of every trained parameter's squared gradients; missing ones start at zero when a trainer is opened.
   */
  readonly squares?: ReadonlyMap<string, Tensor>;
  /** Moving average of `tensors`, if enabled; if it is missing when a trainer is opened, it starts from `tensors`. */
  readonly ema?: ReadonlyMap<string, Tensor>;
}

/** Losses of a step, computed before it changed the parameters. */
export interface StepLosses {
  /** Mean loss over the batch, one per exit, unweighted. */
  readonly losses: Float64Array;
  /** Number of correct predictions, one per exit. */
  readonly correct: Uint32Array;
}

/** Second labels of mixed images. */
export interface SecondLabels {
  /** N class indices. */
  readonly labels: Uint32Array;
  /** N shares of the target, from 0 to 1, for the second label; the first label has the rest. */
  readonly shares: Float32Array;
}

/** Options of a step. */
export interface StepOptions {
  /** The learning rate. */
  readonly learningRate: number;
  /** Seed of dropout, below 2³². Default: 0. */
  readonly seed?: number;
  /** Number of earlier steps, for AdamW's bias correction. Default: 0. */
  readonly step?: number;
  /** Second labels of the images. Default: none. */
  readonly second?: SecondLabels;
}

/**
 * AdamW's bias corrections after `step` steps: factors of the average of gradients and of the square root of the
 * average of squares.
 */
export function adamwCorrections(
  { betas: [first, second] }: Pick<AdamwOptions, "betas">,
  step: number,
): { readonly first: number; readonly second: number } {
  return { first: 1 / (1 - first ** (step + 1)), second: 1 / Math.sqrt(1 - second ** (step + 1)) };
}

/** A network in training on a device. */
export interface Trainer extends Disposable {
  /** The device that it runs on. */
  readonly device: DeviceInfo;
  /** Bytes of memory for weights, gradients, activations and the optimiser's state. */
  readonly bytes: number;
  /**
   * Takes a step. It may be called before earlier steps have resolved; steps run in the order of the calls. The caller
   * may reuse `images` and the labels as soon as the call returns.
   *
   * If a loss is not finite, neither this step nor later ones change anything: the state stays the last good one.
   *
   * @param images Normalised images, `N × channels × height × width`, N at most `batchSize`.
   * @param labels N class indices.
   * @param options The learning rate, the seed, and second labels.
   * @returns The losses. On a GPU they arrive some steps later: keep a few steps in flight.
   * @throws {RangeError} If there are more samples than `batchSize`, a label is invalid, or a share is not from 0 to 1.
   */
  step(images: Float32Array, labels: Uint32Array, options: StepOptions): Promise<StepLosses>;
  /** The state after all steps called so far. */
  read(): Promise<TrainingState>;
}
