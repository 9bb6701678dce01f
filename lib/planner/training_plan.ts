/**
 * What a device is given to train: a step's forward and backward passes as kernel runs over whole batches. Batch norm
 * needs all samples of a layer before the next one, so nothing here is per sample: a tensor is `[sample][y][x][channel]`,
 * channels padded to a quad. Pure data, the same for every batch size and device; where tensors lie is the device's affair.
 *
 * @module
 */

import type { Classifier, Convolution, Network } from "../network/network.ts";

/** Numbers of a batch that a step leaves for others. */
export interface BatchTensor {
  /** What it holds, for people. */
  readonly name: string;
  /** Height and width, in pixels. */
  readonly size: number;
  /** Channels, before padding. */
  readonly channels: number;
}

/** Channels of a batch tensor. */
export interface ChannelRange {
  /** Index into {@linkcode TrainingPlan.tensors}. */
  readonly tensor: number;
  /** First channel; other ranges' channels may lie in the same quad. */
  readonly channel: number;
  /** Number of channels. */
  readonly channels: number;
}

/** Where a gradient goes. */
export interface GradientRange extends ChannelRange {
  /** Whether it is added to what is there, or takes its place. */
  readonly accumulate: boolean;
}

/** A convolution with its bias, if it has one. */
export interface ConvolutionForward {
  /** Discriminates {@linkcode TrainingStep}. */
  readonly kind: "convolution";
  /** The layer. */
  readonly layer: Convolution;
  /** Channels read. */
  readonly input: ChannelRange;
  /** Channels written: a tensor of their own, unless no batch norm follows. */
  readonly output: ChannelRange;
  /** Whether ReLU is applied here: where the layer has one and no batch norm. */
  readonly relu: boolean;
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
  readonly input: ChannelRange;
}

/** Batch norm, and ReLU where the layer has one. */
export interface NormForward {
  /** Discriminates {@linkcode TrainingStep}. */
  readonly kind: "norm";
  /** The convolution before. */
  readonly layer: NormedConvolution;
  /** What it wrote. */
  readonly input: ChannelRange;
  /** Channels of a feature. */
  readonly output: ChannelRange;
  /** Whose mean and variance: of the batch ({@linkcode NormStatistics}), or the running ones. */
  readonly statistics: "batch" | "running";
}

/** Max-pooling, 3×3, stride 2, padding 1. */
export interface MaxPoolForward {
  /** Discriminates {@linkcode TrainingStep}. */
  readonly kind: "max-pool";
  /** Channels read. */
  readonly input: ChannelRange;
  /** Channels written. */
  readonly output: ChannelRange;
}

/** Bilinear resize, corners aligned. */
export interface ResizeForward {
  /** Discriminates {@linkcode TrainingStep}. */
  readonly kind: "resize";
  /** Channels read. */
  readonly input: ChannelRange;
  /** Channels written. */
  readonly output: ChannelRange;
}

/** Pooling and linear layer of an exit: input to logits, which are no batch tensor. */
export interface ClassifierForward {
  /** Discriminates {@linkcode TrainingStep}. */
  readonly kind: "classifier";
  /** The layer. */
  readonly layer: Classifier;
  /** Which exit's logits, counted from 0. */
  readonly exit: number;
  /** Channels read. */
  readonly input: ChannelRange;
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
  /** Which exit's logits, counted from 0. */
  readonly exit: number;
  /** What the layer read. */
  readonly input: ChannelRange;
  /** Its gradient; none where nothing below learns. */
  readonly result?: GradientRange;
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
  readonly input: ChannelRange;
  /** Gradient of what left the ReLU. */
  readonly gradient: ChannelRange;
}

/** The gradient of what the convolution wrote, in its place: weight · (g − mean of g − x̂ · mean of g · x̂) / deviation. */
export interface NormGradient {
  /** Discriminates {@linkcode TrainingStep}. */
  readonly kind: "norm-gradient";
  /** The convolution before. */
  readonly layer: NormedConvolution;
  /** What it wrote; becomes its gradient. */
  readonly input: ChannelRange;
  /** Gradient of what left the ReLU. */
  readonly gradient: ChannelRange;
}

/** Without batch norm: zero in the gradient, in place, where the ReLU gave zero. */
export interface ReluGradient {
  /** Discriminates {@linkcode TrainingStep}. */
  readonly kind: "relu-gradient";
  /** What the ReLU gave. */
  readonly output: ChannelRange;
  /** Its gradient. */
  readonly gradient: ChannelRange;
}

/** Gradient of a convolution's weights, and of its bias if it has one. */
export interface WeightGradient {
  /** Discriminates {@linkcode TrainingStep}. */
  readonly kind: "weight-gradient";
  /** The layer. */
  readonly layer: Convolution;
  /** What the layer read. */
  readonly input: ChannelRange;
  /** Gradient of what it wrote. */
  readonly gradient: ChannelRange;
}

/** Gradient of a convolution's input. */
export interface InputGradient {
  /** Discriminates {@linkcode TrainingStep}. */
  readonly kind: "input-gradient";
  /** The layer. */
  readonly layer: Convolution;
  /** Gradient of what the layer wrote. */
  readonly gradient: ChannelRange;
  /** Gradient of what it read. */
  readonly result: GradientRange;
}

/** Each output's gradient to the first of the largest inputs of its window, as PyTorch does. */
export interface MaxPoolGradient {
  /** Discriminates {@linkcode TrainingStep}. */
  readonly kind: "max-pool-gradient";
  /** What the layer read. */
  readonly input: ChannelRange;
  /** Gradient of what it wrote. */
  readonly gradient: ChannelRange;
  /** Gradient of what it read. */
  readonly result: GradientRange;
}

/** Each output's gradient to the inputs that it was interpolated from. */
export interface ResizeGradient {
  /** Discriminates {@linkcode TrainingStep}. */
  readonly kind: "resize-gradient";
  /** Gradient of what the layer wrote. */
  readonly gradient: ChannelRange;
  /** Gradient of what it read. */
  readonly result: GradientRange;
}

/** Zeros, where no gradient has come to channels that one is added to or read from. */
export interface Zero {
  /** Discriminates {@linkcode TrainingStep}. */
  readonly kind: "zero";
  /** Channels written. */
  readonly output: ChannelRange;
}

/** A convolution that batch norm follows. */
export type NormedConvolution = Convolution & { readonly norm: string };

/** One kernel run over a batch. */
export type TrainingStep =
  | ConvolutionForward
  | NormStatistics
  | NormForward
  | MaxPoolForward
  | ResizeForward
  | ClassifierForward
  | Loss
  | ClassifierGradient
  | NormSums
  | NormGradient
  | ReluGradient
  | WeightGradient
  | InputGradient
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

/** A network's training step, before the optimiser. */
export interface TrainingPlan {
  /** What is trained. */
  readonly network: Network;
  /** What steps leave for each other; the first is the image. */
  readonly tensors: readonly BatchTensor[];
  /** Image to losses. */
  readonly forward: readonly TrainingStep[];
  /** Losses to gradients of all that learns. */
  readonly backward: readonly TrainingStep[];
  /** All that learns: other parameters stay as they are. */
  readonly parameters: readonly LearnedParameter[];
}

/** The ranges that a step reads or writes. */
export function rangesOf(step: TrainingStep): ChannelRange[] {
  const { input, output, gradient, result } = step as Partial<
    Record<"input" | "output" | "gradient" | "result", ChannelRange>
  >;
  return [input, output, gradient, result].filter((range) => range !== undefined);
}
