/**
 * The input of the kernels of kernels/cpu.as: a list of operations, each with its arguments. These tables define both
 * the classes that the kernels read (kernels/abi.as, which `./ranet wasm` writes) and the functions that write their
 * bytes.
 *
 * @module
 */

import { concat } from "../../io/bytes.ts";
import { EPSILON } from "../../weights/fold.ts";
import { NO_EXIT } from "../runner.ts";
import { GAP, GRADIENT_PANELS, PATCHES, WEIGHT_BLOCK, WEIGHT_PATCHES } from "./winograd.ts";

/** A field of a struct; all take 4 bytes. */
interface Field {
  readonly type: "u32" | "f32";
  /** Meaning, with its unit. */
  readonly meaning: string;
}

const u32 = (meaning: string): Field => ({ type: "u32", meaning });
const f32 = (meaning: string): Field => ({ type: "f32", meaning });

/** The channels that are read. */
const INPUT = {
  input: u32("address of the first sample's first channel"),
  inBytes: u32("bytes from sample to sample"),
  inPitch: u32("bytes from pixel to pixel"),
  inHeight: u32("height in pixels"),
  inWidth: u32("width in pixels"),
};

/** The channels that are written, or in a backward pass the gradient of what was. */
const WRITTEN = {
  output: u32("address of the first sample's first channel, or that of its gradient"),
  outBytes: u32("bytes from sample to sample"),
  outPitch: u32("bytes from pixel to pixel"),
};

/** The image, where it is put. */
const IMAGE = {
  ...WRITTEN,
  height: u32("in pixels"),
  width: u32("in pixels"),
  channels: u32("their number"),
};

/** The gradient of what was written. */
const GRADIENT = {
  gradient: u32("address of the output's gradient"),
  gradientBytes: u32("bytes from sample to sample"),
  gradientPitch: u32("bytes from pixel to pixel"),
};

/** A classifier's features, and how many logits are made of them. */
const POOLED = {
  ...INPUT,
  poolHeight: u32("height of the pooled window"),
  poolWidth: u32("width of the pooled window"),
  quads: u32("quads of channels"),
  channels: u32("channels, before padding"),
  classes: u32("number of logits"),
};

/** The channels that are written, or their gradient, and their number. */
const OUTPUT = {
  ...WRITTEN,
  outHeight: u32("height in pixels"),
  outWidth: u32("width in pixels"),
  channels: u32("their number"),
};

/** The channels of a gradient that are written. */
const RESULT = {
  result: u32("address of the first sample's first channel in the gradient of the input"),
  resultBytes: u32("bytes from sample to sample"),
  resultPitch: u32("bytes from pixel to pixel"),
};

/** The activation that is applied last. */
const ACTIVATION = u32("0: nothing, 1: ReLU, 2: hard-swish, 3: SiLU");

/** The structs of which arguments consist. */
const STRUCTS = {
  Program: {
    next: u32("index of the next sample that no thread has taken"),
    samples: u32("number of samples"),
    from: u32("the first stage"),
    to: u32("one more than the last stage"),
    adaptive: u32("1 if samples leave early, else 0"),
    resumable: u32("1 if a later run continues this one, or this one continues an earlier run, else 0"),
    stages: u32("address of a table: address of each stage's first operation, then of the end"),
    thresholds: u32("address of a table: confidence at which samples leave each stage, in float64"),
    exits: u32("address of a table: stage at which each sample left, or NO_EXIT"),
    logits: u32("address of [stage][sample][class]"),
    stageLogits: u32("stride of stages in logits"),
    sampleLogits: u32("stride of samples in logits"),
    classes: u32("number of classes"),
    images: u32("address"),
    imageLength: u32("numbers per image"),
    scratch: u32("address of the threads' scratch memory"),
    scratchLength: u32("scratch memory per thread"),
    progress: u32("address of the progress of samples that several threads share"),
  },
  Head: {
    operation: u32("which"),
    bytes: u32("length, including this head"),
    parts: u32("in inference, number of parts that different threads can compute"),
    last: u32("in inference, whether later operations wait for it and those before it"),
  },
  ImageArgs: IMAGE,
  Phase: {
    inPixels: u32("address of pixels from a group's start to each pixel's first input"),
    outPixels: u32("address of pixels from a group's start to each pixel that is made"),
    pixels: u32("pixels of a sample"),
    moves: u32("address of bytes from each run's end to the next one's start"),
    runs: u32("runs of contiguous inputs"),
    runLength: u32("numbers in a run"),
    weights: u32("address"),
    taps: u32("taps of all runs"),
    tapIndices: u32("address of the taps' indices"),
  },
  BarrierArgs: {},
  SamplesArgs: {
    samples: u32("samples that are processed together"),
    bytes: u32("length of the operations of the group, which follow"),
    taken: u32("address of the threads' counters of samples that are taken"),
  },
  ConvolutionArgs: {
    ...INPUT,
    inChannels: u32("channels read"),
    border: u32("zeros on each side, in pixels"),
    pitch: u32("bytes from pixel to pixel of what is read, with that border"),
    ...WRITTEN,
    outChannels: u32("channels written"),
    bias: u32("address, or that of zeros"),
    hasBias: u32("whether there is a bias"),
    accumulate: u32("whether results are added to what is there"),
    activation: ACTIVATION,
    group: u32("samples whose pixels are computed together"),
    phases: u32("their number"),
    phase: u32("address of the first"),
  },
  TransposeArgs: {
    weights: u32("address of the layer's weights"),
    inChannels: u32("channels that the layer reads"),
    outChannels: u32("channels that it writes"),
    taps: u32("of its kernel"),
    phases: u32("their number"),
    phase: u32("address of the first; their weights are written"),
  },
  FilterArgs: {
    weights: u32("address"),
    inChannels: u32("channels read"),
    outChannels: u32("channels written"),
    filter: u32("address of the transformed weights"),
    placeBytes: u32("bytes from one place of a patch to the next"),
  },
  WinogradArgs: {
    ...INPUT,
    inChannels: u32("channels read"),
    ...WRITTEN,
    outChannels: u32("channels written"),
    bias: u32("address, or 0"),
    activation: ACTIVATION,
    group: u32("samples whose patches are computed together"),
    filter: u32("address of the transformed weights"),
    placeBytes: u32("bytes from one place of a patch to the next there"),
    copyBytes: u32("bytes of scratch memory for a copy of the group's input"),
    inPatch: u32("bytes from patch to patch of what is read at a place"),
    outPatch: u32("bytes from patch to patch of what is made at a place"),
    patches: u32("address of the numbers of patches"),
    zeros: u32("address of a line of zeros"),
  },
  StridedWinogradArgs: {
    ...INPUT,
    inChannels: u32("channels read"),
    ...WRITTEN,
    outHeight: u32("height in pixels"),
    outWidth: u32("width in pixels"),
    outChannels: u32("channels written"),
    panelChannels: u32("channels of all panels, a multiple of 4"),
    accumulate: u32("1 if a gradient is added to what is there, else 0"),
    group: u32("samples whose patches are computed together"),
    filter: u32("address of the transformed weights"),
    placeBytes: u32("bytes from one place to the next there"),
    copyBytes: u32("bytes of scratch memory for a copy of the group's input"),
    inPatch: u32("bytes from patch to patch of what is read at a place"),
    outPatch: u32("bytes from patch to patch of sums of the forward pass"),
    patches: u32("address of the numbers of patches"),
    zeros: u32("address of a line of zeros"),
  },
  WinogradWeightGradientArgs: {
    ...INPUT,
    inChannels: u32("channels read"),
    ...GRADIENT,
    outChannels: u32("channels written"),
    group: u32("samples whose patches are computed together"),
    copyBytes: u32("bytes of scratch memory for a copy of a block of the group's input"),
    places: u32("address: for each patch, bytes to its transformed inputs, and to a panel of its gradients"),
    result: u32("address of the gradient of the weights"),
  },
  Tap: {
    places: u32("address of bytes to each pixel's input, and to its gradient, where that input is inside"),
    pixels: u32("their number"),
  },
  WeightGradientArgs: {
    input: u32("address of the first sample's first channel"),
    inBytes: u32("bytes from sample to sample"),
    inChannels: u32("channels read"),
    taps: u32("of the kernel"),
    tap: u32("address of the first"),
    ...GRADIENT,
    outPixels: u32("its pixels"),
    outChannels: u32("its channels"),
    group: u32("samples whose inputs stay in the cache while all tiles are computed"),
    result: u32("address of the weights' gradient, or of the first part's"),
    parts: u32("parts of the samples that have a result of their own, or 1"),
    partBytes: u32("bytes from one part's result to the next"),
    hasBias: u32("whether there is a bias"),
    biasResult: u32("address of its gradient"),
  },
  DepthwiseArgs: {
    ...INPUT,
    ...OUTPUT,
    outChannels: u32("channels written, with padding"),
    kernel: u32("its height and width"),
    stride: u32("pixels of the larger side from one of the smaller side's to the next"),
    flipped: u32("whether the kernel is rotated by 180 degrees"),
    accumulate: u32("whether results are added to what is there"),
    weights: u32("address"),
    bias: u32("address, or 0"),
    activation: ACTIVATION,
  },
  DepthwiseWeightGradientArgs: {
    ...INPUT,
    ...GRADIENT,
    outHeight: u32("its height in pixels"),
    outWidth: u32("its width in pixels"),
    channels: u32("their number"),
    kernel: u32("its height and width"),
    stride: u32("input pixels from output to output"),
    result: u32("address of the weights' gradient"),
  },
  ExcitationArgs: {
    ...INPUT,
    gates: u32("address of the inputs of the first sample's gates"),
    gatesBytes: u32("bytes from sample to sample"),
    gate: u32("0: sigmoid, 1: hard sigmoid"),
    ...OUTPUT,
    ...RESULT,
    accumulate: u32("whether that gradient is added to what is there"),
    gatesResult: u32("address of the gradient of the inputs of the first sample's gates"),
    gatesResultBytes: u32("bytes from sample to sample"),
    gatesAccumulate: u32("whether that gradient is added to what is there"),
  },
  JoinArgs: {
    partial: u32("address of the first part's numbers"),
    parts: u32("their number"),
    partBytes: u32("bytes from part to part"),
    result: u32("address of their sum"),
  },
  NormArgs: {
    input: u32("address of the convolution's output"),
    pixels: u32("pixels of a sample"),
    quads: u32("quads of channels"),
    channels: u32("channels, before padding"),
    output: u32("address of the output, or of its gradient"),
    outPitch: u32("bytes from pixel to pixel there"),
    activation: ACTIVATION,
    sums: u32("address of each sample's sums"),
    coefficients: u32("address of the first thread's"),
    coefficientBytes: u32("bytes from thread to thread"),
    isRunning: u32("whether running statistics are used"),
    runningMean: u32("address"),
    runningVariance: u32("address"),
    batchMean: u32("address"),
    batchVariance: u32("address; unbiased"),
    weight: u32("address"),
    bias: u32("address"),
    weightGradient: u32("address"),
    biasGradient: u32("address"),
  },
  WindowArgs: {
    ...INPUT,
    ...OUTPUT,
    ...RESULT,
  },
  ResizeArgs: {
    ...INPUT,
    ...OUTPUT,
    ...RESULT,
    rows: u32(
      "address of where each row of the output lies, in two words: the row of the input before it, the next one's share",
    ),
    columns: u32("the same of each column"),
  },
  DropoutArgs: {
    ...WRITTEN,
    pixels: u32("pixels of a sample"),
    channels: u32("their number"),
    exit: u32("which exit, counted from 0"),
    limit: u32("hash below which a channel is zero"),
    scale: f32("factor of the other channels"),
  },
  ZeroArgs: {
    output: u32("address of the first sample's first channel"),
    pixels: u32("pixels of a sample"),
    pitch: u32("bytes from pixel to pixel"),
    channels: u32("their number"),
  },
  ClassifierArgs: {
    ...POOLED,
    means: u32("address of each sample's pooled means"),
    logits: u32("address of the logits, later of their gradients"),
    reweight: f32("of a boosted exit: factor of the previous exit's logits"),
    before: u32("address of the previous exit's logits, in training"),
    weights: u32("address"),
    bias: u32("address"),
    losses: u32("address of the samples' losses, in float64"),
    correct: u32("address of a word per sample: whether the prediction is correct"),
    smoothing: f32("share of the target that is spread over all classes"),
    lossWeight: f32("weight of this exit's loss"),
    distilled: f32("share of the loss that is distillation; 0: none"),
    temperature: f32("temperature of distillation"),
    teacher: u32("address of the last exit's logits"),
    seconds: u32("address of each sample's second label"),
    shares: u32("address of each second label's share of the target"),
    weightGradient: u32("address"),
    biasGradient: u32("address"),
    ...RESULT,
    accumulate: u32("whether the gradient is added to what is there"),
  },
  Int8ImageArgs: {
    ...IMAGE, // in 16 bits
    perStep: f32("steps in 1"),
  },
  Int8ConvolutionArgs: {
    ...INPUT,
    pixelBytes: u32("bytes read of a pixel"),
    border: u32("zeros on each side, in pixels"),
    pitch: u32("bytes from pixel to pixel of what is read, with that border"),
    ...WRITTEN,
    outChannels: u32("channels written"),
    inPixels: u32("address of pixels from a sample's start to each pixel's first input"),
    pixels: u32("pixels of a sample"),
    moves: u32("address of bytes from each run's end to the next one's start"),
    runs: u32("runs of contiguous inputs"),
    steps: u32("of 8 bytes in a run"),
    weights: u32("address"),
    bias: u32("address"),
    multiplier: u32("address"),
    product: u32("how to multiply: see int8_product.ts"),
  },
  Int8DepthwiseArgs: {
    ...INPUT,
    ...OUTPUT,
    kernel: u32("its height and width"),
    stride: u32("input pixels from output to output"),
    weights: u32("address: [8 channels][tap], in 16 bits"),
    bias: u32("address, with zeros up to 8 channels"),
    multiplier: u32("address, likewise"),
  },
  Int8SqueezeArgs: {
    ...INPUT,
    ...OUTPUT,
    multiplier: u32("address, with zeros up to 4 channels"),
  },
  Int8ExcitationArgs: {
    ...INPUT,
    gates: u32("address of the first sample's numbers that gates are made from"),
    gatesBytes: u32("bytes from sample to sample"),
    ...OUTPUT,
    table: u32("address of the gate of each number"),
    multiplier: u32("address, with zeros up to 4 channels"),
  },
  Int8ResizeArgs: {
    ...INPUT,
    ...OUTPUT,
    corners: u32("address of four words for each pixel: where its corners lie, and their shares"),
  },
  Int8ClassifierArgs: {
    ...POOLED,
    weights: u32("address"),
    bias: u32("address"),
    steps: u32("address of the value of each channel's step, divided by the window's pixels"),
    reweight: f32("of a boosted exit: factor of the previous exit's logits"),
  },
  FiniteArgs: {
    losses: u32("address"),
    exits: u32("their number"),
    exitBytes: u32("bytes from exit to exit"),
    stopped: u32("address of a word: whether a loss was not finite"),
  },
  SgdArgs: {
    quads: u32("quads of numbers"),
    parameters: u32("address"),
    gradients: u32("address"),
    velocities: u32("address"),
    ema: u32("address of the moving average, or 0"),
    momentum: f32("share of the velocity that is kept"),
    decay: f32("weight decay: its product with the parameter is added to the gradient"),
    share: f32("factor of the gradient"),
    keep: f32("share of the average that is kept"),
    nesterov: u32("whether to use Nesterov momentum"),
  },
  AdamwArgs: {
    quads: u32("quads of numbers"),
    parameters: u32("address"),
    gradients: u32("address"),
    means: u32("address of the gradients' means"),
    squares: u32("address of the means of their squares"),
    ema: u32("address of the moving average, or 0"),
    keepMean: f32("share of the means that stays"),
    keepSquare: f32("share of the means of squares that stays"),
    epsilon: f32("added to their roots"),
    decay: f32("weight decay: its product with rate and parameter is subtracted from the parameter"),
    share: f32("factor of the gradient"),
    keep: f32("share of the average that is kept"),
  },
  RunningArgs: {
    quads: u32("quads of numbers"),
    running: u32("address"),
    batch: u32("address of the batch's"),
    ema: u32("address of the moving average, or 0"),
    keep: f32("share of the average that is kept"),
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, Field>>>>;

/** The structs of each operation's arguments. */
const OPERATIONS = {
  image: "ImageArgs",
  barrier: "BarrierArgs",
  samples: "SamplesArgs",
  convolve: "ConvolutionArgs",
  transpose: "TransposeArgs",
  filter: "FilterArgs",
  winograd: "WinogradArgs",
  "strided-filter": "FilterArgs",
  "strided-winograd": "StridedWinogradArgs",
  "strided-winograd-gradient": "StridedWinogradArgs",
  "weight-gradient": "WeightGradientArgs",
  "winograd-weight-gradient": "WinogradWeightGradientArgs",
  depthwise: "DepthwiseArgs",
  "depthwise-input-gradient": "DepthwiseArgs",
  "depthwise-weight-gradient": "DepthwiseWeightGradientArgs",
  squeeze: "WindowArgs",
  "squeeze-gradient": "WindowArgs",
  excitation: "ExcitationArgs",
  "excitation-gradient": "ExcitationArgs",
  join: "JoinArgs",
  statistics: "NormArgs",
  coefficients: "NormArgs",
  normalize: "NormArgs",
  "gradient-sums": "NormArgs",
  "gradient-coefficients": "NormArgs",
  "norm-gradient": "NormArgs",
  "max-pool": "WindowArgs",
  "max-pool-gradient": "WindowArgs",
  resize: "ResizeArgs",
  "resize-gradient": "ResizeArgs",
  "relu-gradient": "WindowArgs",
  dropout: "DropoutArgs",
  zero: "ZeroArgs",
  classify: "ClassifierArgs",
  loss: "ClassifierArgs",
  "linear-gradient": "ClassifierArgs",
  "pooled-gradient": "ClassifierArgs",
  finite: "FiniteArgs",
  descend: "SgdArgs",
  adamw: "AdamwArgs",
  running: "RunningArgs",
  "image-int8": "Int8ImageArgs",
  "convolve-int8": "Int8ConvolutionArgs",
  "max-pool-int8": "WindowArgs",
  "resize-int8": "Int8ResizeArgs",
  "classify-int8": "Int8ClassifierArgs",
  "depthwise-int8": "Int8DepthwiseArgs",
  "squeeze-int8": "Int8SqueezeArgs",
  "excitation-int8": "Int8ExcitationArgs",
} as const;

type Structs = typeof STRUCTS;
/** A struct's fields. */
export type Fields<Name extends keyof Structs> = Readonly<Record<keyof Structs[Name], number>>;

/** An operation's name. */
export type Operation = keyof typeof OPERATIONS;

/** An operation's arguments. */
export type Arguments<Name extends Operation> = Fields<(typeof OPERATIONS)[Name]>;

/**
 * Stride of the shared samples' progress in bytes: each has its own cache line, and its own pair of lines fetched
 * together.
 */
export const PROGRESS_BYTES = 128;

/** Bytes of a struct. */
export function structBytes(name: keyof Structs): number {
  return 4 * fieldsOf(name).length;
}

/** A struct's bytes. */
export function writeStruct<Name extends keyof Structs>(name: Name, values: Fields<Name>): Uint8Array {
  const fields = fieldsOf(name);
  const view = new DataView(new ArrayBuffer(4 * fields.length));
  fields.forEach(([field, { type }], i) => {
    const value = (values as Record<string, number>)[field];
    if (type === "f32") view.setFloat32(4 * i, value, true);
    else view.setUint32(4 * i, value, true);
  });
  return new Uint8Array(view.buffer);
}

/** An operation's bytes. `head`: its scheduling in inference. */
export function writeOperation<Name extends Operation>(
  name: Name,
  args: Arguments<Name>,
  { parts = 1, last = true }: { readonly parts?: number; readonly last?: boolean } = {},
): Uint8Array {
  const body = writeStruct(OPERATIONS[name], args as never);
  const operation = Object.keys(OPERATIONS).indexOf(name);
  const bytes = structBytes("Head") + body.length;
  return concat([writeStruct("Head", { operation, bytes, parts, last: Number(last) }), body], Uint8Array);
}

/** The tables as AssemblyScript source, which kernels import as `abi`. */
export function abiSource(): string {
  const constants = { GAP, GRADIENT_PANELS, NO_EXIT, PATCHES, PROGRESS_BYTES, WEIGHT_BLOCK, WEIGHT_PATCHES };
  const names = Object.keys(STRUCTS) as (keyof Structs)[];
  return [
    "// Written by `./ranet wasm` from lib/device/cpu/abi.ts, which says what each field is.",
    "",
    `export const EPSILON: f64 = ${EPSILON};`,
    ...Object.entries(constants).map(([name, value]) => `export const ${name}: u32 = ${value};`),
    ...Object.keys(OPERATIONS).map((name, i) =>
      `export const OP_${name.replaceAll("-", "_").toUpperCase()}: u32 = ${i};`
    ),
    ...names.map((name) => {
      const fields = fieldsOf(name).map(([field, { type }]) => `  ${field}: ${type};`);
      return ["", "@unmanaged", `export class ${name} {`, ...fields, "}"].join("\n");
    }),
    "",
  ].join("\n");
}

function fieldsOf(name: keyof Structs): [field: string, Field][] {
  return Object.entries(STRUCTS[name]);
}
