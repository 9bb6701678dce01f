/**
 * What a device is given to train: a step's forward and backward passes as kernel runs over whole batches. Batch norm
 * needs all samples of a layer before the next one, so nothing here is per sample: a feature is `[sample][y][x][channel]`,
 * channels padded to a quad. Pure data, the same for every batch size and device; where features lie is the device's affair.
 *
 * @module
 */

import type {
  Classifier,
  Convolution,
  DepthwiseConvolution,
  Excitation,
  Feature,
  Layer,
  Network,
  View,
} from "../network/network.ts";

/** Where a gradient goes. */
export interface GradientView extends View {
  /** Whether it is added to what is there, or takes its place. */
  readonly accumulate: boolean;
}

/**
 * Mean and (biased) variance of each channel over all samples and pixels. The running ones move a tenth of the way there;
 * the running variance towards the unbiased one.
 */
export interface NormStatistics {
  /** Discriminates {@linkcode TrainingStep}. */
  readonly kind: "norm-statistics";
  /** The convolution before. */
  readonly layer: NormedConvolution;
  /** What it wrote. */
  readonly input: View;
}

/** Batch norm, and ReLU where the layer has one. */
export interface NormForward {
  /** Discriminates {@linkcode TrainingStep}. */
  readonly kind: "norm";
  /** The convolution before. */
  readonly layer: NormedConvolution;
  /** What it wrote. */
  readonly input: View;
  /** Channels of a feature. */
  readonly output: View;
  /** Whose mean and variance: of the batch ({@linkcode NormStatistics}), or the running ones. */
  readonly statistics: "batch" | "running";
}

/**
 * Dropout: zero in channels of a sample, the others larger by what that takes, in place. Of what a classifier pools, whose
 * means are then zero or larger as well, or of its gradient: the same channels, by the step's seed.
 */
export interface Dropout {
  /** Discriminates {@linkcode TrainingStep}. */
  readonly kind: "dropout";
  /** Channels read and written. */
  readonly output: View;
  /** Which exit's, counted from 0. */
  readonly exit: number;
  /** Probability with which a channel of a sample is zero. */
  readonly share: number;
}

/** An exit's logits to its loss, its right answers, and the gradient of the weighted mean loss, in the logits' place. */
export interface Loss {
  /** Discriminates {@linkcode TrainingStep}. */
  readonly kind: "loss";
  /** Which exit's, counted from 0. */
  readonly exit: number;
}

/** Gradients of a linear layer's weights and bias, and of what was pooled. */
export interface ClassifierGradient {
  /** Discriminates {@linkcode TrainingStep}. */
  readonly kind: "classifier-gradient";
  /** The layer. */
  readonly layer: Classifier;
  /** What the layer read. */
  readonly input: View;
  /** Its gradient; none where nothing below learns. */
  readonly result?: GradientView;
}

/**
 * With g the gradient where the ReLU lets it through and x̂ the normalised input: the sums over samples and pixels of g,
 * which is the gradient of batch norm's bias, and of g · x̂, which is that of its weight.
 */
export interface NormSums {
  /** Discriminates {@linkcode TrainingStep}. */
  readonly kind: "norm-sums";
  /** The convolution before. */
  readonly layer: NormedConvolution;
  /** What it wrote. */
  readonly input: View;
  /** Gradient of what left the ReLU. */
  readonly gradient: View;
}

/** The gradient of what the convolution wrote, in its place: weight · (g − mean of g − x̂ · mean of g · x̂) / deviation. */
export interface NormGradient {
  /** Discriminates {@linkcode TrainingStep}. */
  readonly kind: "norm-gradient";
  /** The convolution before. */
  readonly layer: NormedConvolution;
  /** What it wrote; becomes its gradient. */
  readonly input: View;
  /** Gradient of what left the ReLU. */
  readonly gradient: View;
}

/** Without batch norm: zero in the gradient, in place, where the ReLU gave zero. */
export interface ReluGradient {
  /** Discriminates {@linkcode TrainingStep}. */
  readonly kind: "relu-gradient";
  /** What the ReLU gave. */
  readonly output: View;
  /** Its gradient. */
  readonly gradient: View;
}

/** Gradient of a convolution's weights, and of its bias if it has one. */
export interface WeightGradient {
  /** Discriminates {@linkcode TrainingStep}. */
  readonly kind: "weight-gradient";
  /** The layer. */
  readonly layer: Convolution;
  /** What the layer read. */
  readonly input: View;
  /** Gradient of what it wrote. */
  readonly gradient: View;
}

/** Gradient of a convolution's input. */
export interface InputGradient {
  /** Discriminates {@linkcode TrainingStep}. */
  readonly kind: "input-gradient";
  /** The layer. */
  readonly layer: Convolution;
  /** Gradient of what the layer wrote. */
  readonly gradient: View;
  /** Gradient of what it read. */
  readonly result: GradientView;
}

/** Gradient of a depthwise convolution's weights. */
export interface DepthwiseWeightGradient {
  /** Discriminates {@linkcode TrainingStep}. */
  readonly kind: "depthwise-weight-gradient";
  /** The layer. */
  readonly layer: DepthwiseConvolution;
  /** What the layer read. */
  readonly input: View;
  /** Gradient of what it wrote. */
  readonly gradient: View;
}

/** Gradient of a depthwise convolution's input. */
export interface DepthwiseInputGradient {
  /** Discriminates {@linkcode TrainingStep}. */
  readonly kind: "depthwise-input-gradient";
  /** The layer. */
  readonly layer: DepthwiseConvolution;
  /** Gradient of what the layer wrote. */
  readonly gradient: View;
  /** Gradient of what it read. */
  readonly result: GradientView;
}

/** A mean's gradient to all pixels that it was taken of. */
export interface SqueezeGradient {
  /** Discriminates {@linkcode TrainingStep}. */
  readonly kind: "squeeze-gradient";
  /** Gradient of what the layer wrote. */
  readonly gradient: View;
  /** Gradient of what it read. */
  readonly result: GradientView;
}

/** Gradients of channels that were multiplied by gates, and of what those were made from. */
export interface ExcitationGradient {
  /** Discriminates {@linkcode TrainingStep}. */
  readonly kind: "excitation-gradient";
  /** The layer. */
  readonly layer: Excitation;
  /** The channels that it read. */
  readonly input: View;
  /** What it made gates from. */
  readonly gates: View;
  /** Gradient of what the layer wrote. */
  readonly gradient: View;
  /** Gradient of the channels. */
  readonly result: GradientView;
  /** Gradient of what gates were made from. */
  readonly gatesResult: GradientView;
}

/** Each output's gradient to the first of the largest inputs of its window, as PyTorch does. */
export interface MaxPoolGradient {
  /** Discriminates {@linkcode TrainingStep}. */
  readonly kind: "max-pool-gradient";
  /** What the layer read. */
  readonly input: View;
  /** Gradient of what it wrote. */
  readonly gradient: View;
  /** Gradient of what it read. */
  readonly result: GradientView;
}

/** Each output's gradient to the inputs that it was interpolated from. */
export interface ResizeGradient {
  /** Discriminates {@linkcode TrainingStep}. */
  readonly kind: "resize-gradient";
  /** Gradient of what the layer wrote. */
  readonly gradient: View;
  /** Gradient of what it read. */
  readonly result: GradientView;
}

/** Zeros, where no gradient has come to channels that one is added to or read from. */
export interface Zero {
  /** Discriminates {@linkcode TrainingStep}. */
  readonly kind: "zero";
  /** Channels written. */
  readonly output: View;
}

/** A convolution that batch norm follows. */
export type NormedConvolution = (Convolution | DepthwiseConvolution) & { readonly norm: string };

/**
 * One kernel run over a batch: a layer of inference, or what only training has. A convolution that batch norm follows is one
 * without norm and ReLU here, which writes a tensor of its own.
 */
export type TrainingStep = ForwardStep | BackwardStep;

/** From images to losses. */
export type ForwardStep = Layer | NormStatistics | NormForward | Dropout | Loss;

/** From losses to gradients. */
export type BackwardStep =
  | ClassifierGradient
  | Dropout
  | NormSums
  | NormGradient
  | ReluGradient
  | WeightGradient
  | InputGradient
  | DepthwiseWeightGradient
  | DepthwiseInputGradient
  | SqueezeGradient
  | ExcitationGradient
  | MaxPoolGradient
  | ResizeGradient
  | Zero;

/** A parameter that learns. */
export interface LearnedParameter {
  /** Its name in the authors' PyTorch code. */
  readonly name: string;
  /** Its shape there. */
  readonly shape: readonly number[];
  /** Whether it is a convolution's or linear layer's weight, rather than a bias or batch norm's. */
  readonly isWeight: boolean;
  /** Number of exits whose logits depend on it, by which equilibrium gradients are divided. */
  readonly exits: number;
}

/** The number below which a hash of 32 bits means zero, and what the others are multiplied by. */
export function dropoutNumbers({ share }: Dropout): { limit: number; scale: number } {
  return { limit: Math.floor(share * 2 ** 32), scale: 1 / (1 - share) };
}

/** A network's training step, before the optimiser. */
export interface TrainingPlan {
  /** What is trained. */
  readonly network: Network;
  /** What steps leave for each other: the network's features, then what only training needs. The first is the image. */
  readonly features: readonly Feature[];
  /** Image to losses. */
  readonly forward: readonly TrainingStep[];
  /** Losses to gradients of all that learns. */
  readonly backward: readonly TrainingStep[];
  /** All that learns: other parameters stay as they are. */
  readonly parameters: readonly LearnedParameter[];
}

/** The channels that a step reads or writes. */
export function viewsOf(step: TrainingStep): View[] {
  return Object.values(step).flat().filter(isView);
}

function isView(value: unknown): value is View {
  return typeof value === "object" && value !== null && "feature" in value;
}
