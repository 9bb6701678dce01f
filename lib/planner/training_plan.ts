/**
 * The plan of a training step: its forward and backward passes as kernel runs over whole batches. Batch norm needs all
 * samples of a layer before the next layer, so nothing here is per sample: a feature is `[sample][y][x][channel]`, with
 * channels padded to a quad. It is only data, the same for every batch size and device. The device decides where
 * features are stored.
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

/** The channels that receive a gradient. */
export interface GradientView extends View {
  /** Whether it is added to the existing values or replaces them. */
  readonly accumulate: boolean;
}

/**
 * Mean and (biased) variance of each channel over all samples and pixels. The running mean moves a tenth of the way to
 * the mean, the running variance a tenth of the way to the unbiased variance.
 */
export interface NormStatistics {
  /** Discriminates {@linkcode TrainingStep}. */
  readonly kind: "norm-statistics";
  /** The convolution before. */
  readonly layer: NormedConvolution;
  /** The convolution's output. */
  readonly input: View;
}

/** Batch norm, and ReLU if the layer has one. */
export interface NormForward {
  /** Discriminates {@linkcode TrainingStep}. */
  readonly kind: "norm";
  /** The convolution before. */
  readonly layer: NormedConvolution;
  /** The convolution's output. */
  readonly input: View;
  /** Channels of a feature. */
  readonly output: View;
  /** Which mean and variance to use: those of the batch ({@linkcode NormStatistics}), or the running ones. */
  readonly statistics: "batch" | "running";
}

/**
 * Dropout, in place: sets channels of a sample to zero and scales up the others. It is applied to a classifier's input
 * before pooling, and to the gradient of that input with the same channels, which follow from the step's seed.
 */
export interface Dropout {
  /** Discriminates {@linkcode TrainingStep}. */
  readonly kind: "dropout";
  /** Channels read and written. */
  readonly output: View;
  /** Index of the exit, from 0. */
  readonly exit: number;
  /** Probability with which a channel of a sample is zero. */
  readonly share: number;
}

/**
 * Computes an exit's loss and correct predictions from its logits, and replaces the logits by the weighted mean loss'
 * gradient.
 */
export interface Loss {
  /** Discriminates {@linkcode TrainingStep}. */
  readonly kind: "loss";
  /** Index of the exit, from 0. */
  readonly exit: number;
}

/** Gradients of a linear layer's weights and bias, and of the input of its pooling. */
export interface ClassifierGradient {
  /** Discriminates {@linkcode TrainingStep}. */
  readonly kind: "classifier-gradient";
  /** The layer. */
  readonly layer: Classifier;
  /** The layer's input. */
  readonly input: View;
  /** Gradient of the input; missing if no layer below is trained. */
  readonly result?: GradientView;
}

/**
 * With g as the gradient of the ReLU's output and x̂ as the normalised input: the sums over samples and pixels of g,
 * which is the gradient of batch norm's bias, and of g · x̂, which is that of its weight.
 */
export interface NormSums {
  /** Discriminates {@linkcode TrainingStep}. */
  readonly kind: "norm-sums";
  /** The convolution before. */
  readonly layer: NormedConvolution;
  /** The convolution's output. */
  readonly input: View;
  /** Gradient of the ReLU's output. */
  readonly gradient: View;
}

/** Replaces the convolution's output by its gradient: weight · (g − mean of g − x̂ · mean of g · x̂) / deviation. */
export interface NormGradient {
  /** Discriminates {@linkcode TrainingStep}. */
  readonly kind: "norm-gradient";
  /** The convolution before. */
  readonly layer: NormedConvolution;
  /** The convolution's output, which is replaced by its gradient. */
  readonly input: View;
  /** Gradient of the ReLU's output. */
  readonly gradient: View;
}

/** Gradient of a ReLU without batch norm, in place: sets the gradient to zero where the output is zero. */
export interface ReluGradient {
  /** Discriminates {@linkcode TrainingStep}. */
  readonly kind: "relu-gradient";
  /** The ReLU's output. */
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
  /** The layer's input. */
  readonly input: View;
  /** Gradient of the layer's output. */
  readonly gradient: View;
}

/** Gradient of a convolution's input. */
export interface InputGradient {
  /** Discriminates {@linkcode TrainingStep}. */
  readonly kind: "input-gradient";
  /** The layer. */
  readonly layer: Convolution;
  /** Gradient of the layer's output. */
  readonly gradient: View;
  /** Gradient of the layer's input. */
  readonly result: GradientView;
}

/** Gradient of a depthwise convolution's weights. */
export interface DepthwiseWeightGradient {
  /** Discriminates {@linkcode TrainingStep}. */
  readonly kind: "depthwise-weight-gradient";
  /** The layer. */
  readonly layer: DepthwiseConvolution;
  /** The layer's input. */
  readonly input: View;
  /** Gradient of the layer's output. */
  readonly gradient: View;
}

/** Gradient of a depthwise convolution's input. */
export interface DepthwiseInputGradient {
  /** Discriminates {@linkcode TrainingStep}. */
  readonly kind: "depthwise-input-gradient";
  /** The layer. */
  readonly layer: DepthwiseConvolution;
  /** Gradient of the layer's output. */
  readonly gradient: View;
  /** Gradient of the layer's input. */
  readonly result: GradientView;
}

/** Distributes the gradient of a mean to all of its pixels. */
export interface SqueezeGradient {
  /** Discriminates {@linkcode TrainingStep}. */
  readonly kind: "squeeze-gradient";
  /** Gradient of the layer's output. */
  readonly gradient: View;
  /** Gradient of the layer's input. */
  readonly result: GradientView;
}

/** Gradients of gated channels and of the inputs of their gates. */
export interface ExcitationGradient {
  /** Discriminates {@linkcode TrainingStep}. */
  readonly kind: "excitation-gradient";
  /** The layer. */
  readonly layer: Excitation;
  /** The gated channels. */
  readonly input: View;
  /** The inputs of the gates. */
  readonly gates: View;
  /** Gradient of the layer's output. */
  readonly gradient: View;
  /** Gradient of the gated channels. */
  readonly result: GradientView;
  /** Gradient of the inputs of the gates. */
  readonly gatesResult: GradientView;
}

/** Adds each output's gradient to the first of the largest inputs of its window, as PyTorch does. */
export interface MaxPoolGradient {
  /** Discriminates {@linkcode TrainingStep}. */
  readonly kind: "max-pool-gradient";
  /** The layer's input. */
  readonly input: View;
  /** Gradient of the layer's output. */
  readonly gradient: View;
  /** Gradient of the layer's input. */
  readonly result: GradientView;
}

/** Distributes each output's gradient to the inputs from which it was interpolated. */
export interface ResizeGradient {
  /** Discriminates {@linkcode TrainingStep}. */
  readonly kind: "resize-gradient";
  /** Gradient of the layer's output. */
  readonly gradient: View;
  /** Gradient of the layer's input. */
  readonly result: GradientView;
}

/** Zeros for channels of a gradient that are read or added to, but have not been written. */
export interface Zero {
  /** Discriminates {@linkcode TrainingStep}. */
  readonly kind: "zero";
  /** Channels written. */
  readonly output: View;
}

/** A convolution that is followed by a batch norm. */
export type NormedConvolution = (Convolution | DepthwiseConvolution) & { readonly norm: string };

/**
 * One kernel run over a batch: a layer of inference, or a step that only training has. A convolution before a batch
 * norm has no norm and activation here, and writes a separate tensor.
 */
export type TrainingStep = ForwardStep | BackwardStep;

/** A step of the forward pass, from images to losses. */
export type ForwardStep = Layer | NormStatistics | NormForward | Dropout | Loss;

/** A step of the backward pass, from losses to gradients. */
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

/**
 * What is trained. `classifiers`: only the exits' linear layers; everything else is frozen, including running statistics.
 * `statistics`: only batch norm's running statistics change.
 */
export type TrainedPart = "all" | "classifiers" | "statistics";

/** A parameter that is trained. */
export interface LearnedParameter {
  /** Its name in the authors' PyTorch code. */
  readonly name: string;
  /** Its shape in that code. */
  readonly shape: readonly number[];
  /** Whether it is a convolution's or linear layer's weight, rather than a bias or batch norm's. */
  readonly isWeight: boolean;
  /** Number of exits whose logits depend on it, by which equilibrium gradients are divided. */
  readonly exits: number;
}

/**
 * Constants of dropout: a channel whose 32-bit hash is below `limit` is set to zero, others are multiplied by `scale`.
 */
export function dropoutNumbers({ share }: Dropout): { limit: number; scale: number } {
  return { limit: Math.floor(share * 2 ** 32), scale: 1 / (1 - share) };
}

/** A network's training step, before the optimiser. */
export interface TrainingPlan {
  /** The network. */
  readonly network: Network;
  /**
   * Tensors that steps pass to each other: the network's features, the first of which is the image, then those of
   * training.
   */
  readonly features: readonly Feature[];
  /** Steps from the image to the losses. */
  readonly forward: readonly TrainingStep[];
  /** Steps from the losses to the gradients of all trained parameters. */
  readonly backward: readonly TrainingStep[];
  /** The trained parameters; others do not change. */
  readonly parameters: readonly LearnedParameter[];
}

/** The channels that a step reads or writes. */
export function viewsOf(step: TrainingStep): View[] {
  return Object.values(step).flat().filter(isView);
}

function isView(value: unknown): value is View {
  return typeof value === "object" && value !== null && "feature" in value;
}
