/**
 * The arguments of each kernel of training, as in {@linkcode ARGUMENTS}.
 *
 * @module
 */

import {
  ACTIVATION,
  type ArgumentTable,
  f32,
  GATES,
  INPUT,
  INPUT_PIXELS,
  INPUT_ROWS,
  OUTPUT,
  OUTPUT_PIXEL,
  SAMPLES,
  u32,
} from "./arguments.ts";

/** The output of a convolution, with the same lanes as the output that is written. */
const BEFORE = { inPitch: INPUT.inPitch, inOffset: INPUT.inOffset };

/** How the pixels of a sample are divided among invocations. */
const CHUNKS = {
  chunks: u32("number of parts of a sample's pixels; part i has every chunks-th pixel, starting with the i-th"),
};

/** Sums over a part of the batch. */
const PARTIALS = { partials: u32("quads before this micro-batch's partial sums") };

/** Batch norm. */
const NORM = {
  parameters: u32("quads before its weight, bias, running mean and running variance"),
  statistics: u32("quads of the gradients before the batch's mean and biased variance"),
  activation: ACTIVATION,
};

/** The gradient of the layer's output. */
const GRADIENT = {
  gradOffset: u32("quads from the start of a sample to the gradient of the layer's output"),
  gradPitch: u32("its quads from pixel to pixel"),
};

const ACCUMULATE = { accumulate: u32("1 to add to the existing values, 0 to replace them") };

const LINEAR = {
  classes: u32("number of logits"),
  poolHeight: u32("of the pooled window"),
  poolWidth: u32("of the pooled window"),
};

/** The arguments of each kernel. */
export const TRAINING_ARGUMENTS = {
  "norm-statistics": { ...INPUT, ...SAMPLES, ...CHUNKS, ...PARTIALS },
  "norm-merge": {
    ...CHUNKS,
    quads: u32("quads of channels"),
    area: u32("pixels of a sample"),
    samples: u32("samples of the whole batch"),
    statistics: u32("quads of the gradients before mean and biased variance"),
    running: u32("quads of the gradients before the targets of the running mean and variance"),
  },
  "norm": {
    ...BEFORE,
    ...OUTPUT,
    ...SAMPLES,
    ...CHUNKS,
    ...NORM,
    runningOnly: u32("1 to use the running mean and variance, 0 those of the batch"),
  },
  "norm-sums": { ...INPUT, ...SAMPLES, ...CHUNKS, ...NORM, ...GRADIENT, ...PARTIALS },
  "norm-gradient": {
    ...INPUT,
    ...SAMPLES,
    ...CHUNKS,
    ...NORM,
    ...GRADIENT,
    count: f32("samples of the whole batch times pixels"),
  },
  "relu-gradient": { ...BEFORE, ...OUTPUT, ...SAMPLES },
  "zero": { ...OUTPUT, ...SAMPLES },
  "weight-gradient": {
    ...INPUT,
    ...SAMPLES,
    ...PARTIALS,
    ...GRADIENT,
    gradQuads: u32("quads of its channels"),
    gradHeight: u32("its height in pixels"),
    gradWidth: u32("its width in pixels"),
    kernel: u32("its height and width"),
    stride: u32("input pixels from output to output"),
    bias: u32("1 if there is one, else 0"),
    splits: u32("parts that the micro-batch's rows of pixels are in"),
    rows: u32("rows of a part"),
    ones: u32("position of a quad of ones"),
  },
  "sum": {
    quads: u32("quads of a partial sum"),
    splits: u32("number of partial sums"),
    result: u32("quads of the gradients before the sum"),
    rowQuads: u32("quads of a row"),
    shift: u32("lanes of a row's first quad that are padding"),
    channels: u32("numbers of a row, from there on"),
    period: u32("rows after which padding rows repeat"),
    rows: u32("rows of a period that are not padding"),
  },
  "input-gradient": {
    ...INPUT,
    ...OUTPUT,
    ...SAMPLES,
    ...ACCUMULATE,
    kernel: u32("its height and width"),
    stride: u32("pixels of the result from one of the gradient's to the next"),
    weights: u32("quads before the weights"),
    tiles: u32("pixel tiles of a sample"),
    across: u32("neighbouring invocations that share pixels"),
  },
  "depthwise-weight-gradient": {
    ...INPUT,
    ...SAMPLES,
    ...PARTIALS,
    ...GRADIENT,
    gradHeight: u32("its height in pixels"),
    gradWidth: u32("its width in pixels"),
    kernel: u32("its height and width"),
    stride: u32("input pixels from output to output"),
    splits: u32("parts that the micro-batch's rows of pixels are in"),
    rows: u32("rows of a part"),
  },
  "depthwise-input-gradient": {
    ...OUTPUT,
    ...SAMPLES,
    ...ACCUMULATE,
    ...GRADIENT,
    gradHeight: u32("its height in pixels"),
    gradWidth: u32("its width in pixels"),
    kernel: u32("its height and width"),
    stride: u32("pixels of the result from one of the gradient's to the next"),
    weights: u32("quads before the weights"),
  },
  "squeeze-gradient": { ...OUTPUT, ...SAMPLES, ...ACCUMULATE, gradOffset: GRADIENT.gradOffset },
  "excitation-gradient": { ...OUTPUT, ...SAMPLES, ...ACCUMULATE, ...GRADIENT, ...GATES },
  "excitation-gates-gradient": { ...INPUT_PIXELS, ...OUTPUT_PIXEL, ...SAMPLES, ...ACCUMULATE, ...GRADIENT, ...GATES },
  "max-pool-gradient": {
    ...BEFORE,
    inHeight: INPUT.inHeight,
    inWidth: INPUT.inWidth,
    ...OUTPUT,
    ...SAMPLES,
    ...ACCUMULATE,
    ...GRADIENT,
    gradHeight: u32("its height in pixels"),
    gradWidth: u32("its width in pixels"),
  },
  "resize-gradient": {
    ...INPUT,
    ...OUTPUT,
    ...SAMPLES,
    ...ACCUMULATE,
    inShift: u32("lanes of the first quad read that others own"),
  },
  "dropout": {
    ...OUTPUT,
    ...SAMPLES,
    exit: u32("which exit, counted from 0"),
    first: u32("samples of the batch before this micro-batch's"),
    limit: u32("hash below which a channel is zero"),
    scale: f32("factor of the other channels"),
  },
  "loss": {
    classes: u32("number of logits"),
    logits: u32("numbers before this exit's logits"),
    first: u32("samples of the batch before this micro-batch's"),
    losses: u32("numbers before this exit's losses"),
    correct: u32("numbers before this exit's correct answers"),
    seconds: u32("numbers of the labels before this micro-batch's second labels"),
    shares: u32("numbers of the labels before the second labels' shares of the target"),
    smoothing: f32("share of the target that is spread over all classes"),
    scale: f32("weight of a sample's loss"),
    distilled: f32("share of the loss that is distillation; 0: none"),
    temperature: f32("temperature of distillation"),
    teacher: u32("numbers before the last exit's logits"),
  },
  "classifier-weight-gradient": {
    ...INPUT_ROWS,
    ...SAMPLES,
    ...LINEAR,
    ...ACCUMULATE,
    logits: u32("numbers before this exit's logits"),
    result: u32("quads of the gradients before the weights'"),
    channels: u32("channels read"),
  },
  "classifier-input-gradient": {
    ...OUTPUT,
    ...SAMPLES,
    ...LINEAR,
    ...ACCUMULATE,
    logits: u32("numbers before this exit's logits"),
    weights: u32("quads before the weights"),
  },
} as const satisfies Readonly<Record<string, ArgumentTable>>;

/** The arguments of the optimiser, and of the check of losses before it. */
export const OPTIMIZER_ARGUMENTS = {
  quads: u32("quads of parameters and running statistics"),
  losses: u32("number of losses"),
  learningRate: f32("learning rate"),
  momentum: f32("momentum, or share of AdamW's average of gradients that is kept"),
  decay: f32(
    "weight decay: its product with the parameter is added to the gradient; with AdamW, its product with rate and " +
      "parameter is subtracted from the parameter",
  ),
  nesterov: u32("1 for Nesterov momentum, otherwise 0"),
  keepSquare: f32("share of AdamW's average of squares that is kept"),
  epsilon: f32("added to the square roots of averages of squares"),
  first: f32("AdamW's factor of averages of gradients"),
  second: f32("AdamW's factor of square roots of averages of squares"),
  emaDecay: f32("decay of the moving average"),
} as const satisfies ArgumentTable;

/** Names of the kernels. */
export type TrainingKernelName = keyof typeof TRAINING_ARGUMENTS;
