// Written by `./ranet wasm` from lib/device/cpu/abi.ts, which says what each field is.

export const EPSILON: f64 = 0.00001;
export const NO_EXIT: u32 = 4294967295;
export const PATCHES: u32 = 24;
export const PROGRESS_BYTES: u32 = 128;
export const WEIGHT_BLOCK: u32 = 48;
export const WEIGHT_PATCHES: u32 = 64;
export const OP_IMAGE: u32 = 0;
export const OP_BARRIER: u32 = 1;
export const OP_SAMPLES: u32 = 2;
export const OP_CONVOLVE: u32 = 3;
export const OP_TRANSPOSE: u32 = 4;
export const OP_FILTER: u32 = 5;
export const OP_WINOGRAD: u32 = 6;
export const OP_STRIDED_FILTER: u32 = 7;
export const OP_STRIDED_WINOGRAD: u32 = 8;
export const OP_STRIDED_WINOGRAD_GRADIENT: u32 = 9;
export const OP_WEIGHT_GRADIENT: u32 = 10;
export const OP_WINOGRAD_WEIGHT_GRADIENT: u32 = 11;
export const OP_DEPTHWISE: u32 = 12;
export const OP_DEPTHWISE_INPUT_GRADIENT: u32 = 13;
export const OP_DEPTHWISE_WEIGHT_GRADIENT: u32 = 14;
export const OP_SQUEEZE: u32 = 15;
export const OP_SQUEEZE_GRADIENT: u32 = 16;
export const OP_EXCITATION: u32 = 17;
export const OP_EXCITATION_GRADIENT: u32 = 18;
export const OP_JOIN: u32 = 19;
export const OP_STATISTICS: u32 = 20;
export const OP_COEFFICIENTS: u32 = 21;
export const OP_NORMALIZE: u32 = 22;
export const OP_GRADIENT_SUMS: u32 = 23;
export const OP_GRADIENT_COEFFICIENTS: u32 = 24;
export const OP_NORM_GRADIENT: u32 = 25;
export const OP_MAX_POOL: u32 = 26;
export const OP_MAX_POOL_GRADIENT: u32 = 27;
export const OP_RESIZE: u32 = 28;
export const OP_RESIZE_GRADIENT: u32 = 29;
export const OP_RELU_GRADIENT: u32 = 30;
export const OP_DROPOUT: u32 = 31;
export const OP_ZERO: u32 = 32;
export const OP_CLASSIFY: u32 = 33;
export const OP_LOSS: u32 = 34;
export const OP_LINEAR_GRADIENT: u32 = 35;
export const OP_POOLED_GRADIENT: u32 = 36;
export const OP_FINITE: u32 = 37;
export const OP_DESCEND: u32 = 38;
export const OP_ADAMW: u32 = 39;
export const OP_RUNNING: u32 = 40;
export const OP_IMAGE_INT8: u32 = 41;
export const OP_CONVOLVE_INT8: u32 = 42;
export const OP_MAX_POOL_INT8: u32 = 43;
export const OP_RESIZE_INT8: u32 = 44;
export const OP_CLASSIFY_INT8: u32 = 45;
export const OP_DEPTHWISE_INT8: u32 = 46;
export const OP_SQUEEZE_INT8: u32 = 47;
export const OP_EXCITATION_INT8: u32 = 48;

@unmanaged
export class Program {
  next: u32;
  samples: u32;
  from: u32;
  to: u32;
  adaptive: u32;
  resumable: u32;
  stages: u32;
  thresholds: u32;
  exits: u32;
  logits: u32;
  stageLogits: u32;
  sampleLogits: u32;
  classes: u32;
  images: u32;
  imageLength: u32;
  scratch: u32;
  scratchLength: u32;
  progress: u32;
}

@unmanaged
export class Head {
  operation: u32;
  bytes: u32;
  parts: u32;
  last: u32;
}

@unmanaged
export class ImageArgs {
  output: u32;
  outBytes: u32;
  outPitch: u32;
  height: u32;
  width: u32;
  channels: u32;
}

@unmanaged
export class Phase {
  inPixels: u32;
  outPixels: u32;
  pixels: u32;
  moves: u32;
  runs: u32;
  runLength: u32;
  weights: u32;
  taps: u32;
  tapIndices: u32;
}

@unmanaged
export class BarrierArgs {
}

@unmanaged
export class SamplesArgs {
  samples: u32;
  bytes: u32;
  taken: u32;
}

@unmanaged
export class ConvolutionArgs {
  input: u32;
  inBytes: u32;
  inPitch: u32;
  inHeight: u32;
  inWidth: u32;
  inChannels: u32;
  border: u32;
  pitch: u32;
  output: u32;
  outBytes: u32;
  outPitch: u32;
  outChannels: u32;
  bias: u32;
  hasBias: u32;
  accumulate: u32;
  activation: u32;
  group: u32;
  phases: u32;
  phase: u32;
}

@unmanaged
export class TransposeArgs {
  weights: u32;
  inChannels: u32;
  outChannels: u32;
  taps: u32;
  phases: u32;
  phase: u32;
}

@unmanaged
export class FilterArgs {
  weights: u32;
  inChannels: u32;
  outChannels: u32;
  filter: u32;
  placeBytes: u32;
}

@unmanaged
export class WinogradArgs {
  input: u32;
  inBytes: u32;
  inPitch: u32;
  inHeight: u32;
  inWidth: u32;
  inChannels: u32;
  output: u32;
  outBytes: u32;
  outPitch: u32;
  outChannels: u32;
  bias: u32;
  activation: u32;
  group: u32;
  filter: u32;
  placeBytes: u32;
  copyBytes: u32;
  inPatch: u32;
  outPatch: u32;
  patches: u32;
  zeros: u32;
}

@unmanaged
export class StridedWinogradArgs {
  input: u32;
  inBytes: u32;
  inPitch: u32;
  inHeight: u32;
  inWidth: u32;
  inChannels: u32;
  output: u32;
  outBytes: u32;
  outPitch: u32;
  outHeight: u32;
  outWidth: u32;
  outChannels: u32;
  panelChannels: u32;
  accumulate: u32;
  group: u32;
  filter: u32;
  placeBytes: u32;
  copyBytes: u32;
  inPatch: u32;
  outPatch: u32;
  patches: u32;
  zeros: u32;
}

@unmanaged
export class WinogradWeightGradientArgs {
  input: u32;
  inBytes: u32;
  inPitch: u32;
  inHeight: u32;
  inWidth: u32;
  inChannels: u32;
  gradient: u32;
  gradientBytes: u32;
  gradientPitch: u32;
  outChannels: u32;
  group: u32;
  copyBytes: u32;
  places: u32;
  result: u32;
}

@unmanaged
export class Tap {
  places: u32;
  pixels: u32;
}

@unmanaged
export class WeightGradientArgs {
  input: u32;
  inBytes: u32;
  inChannels: u32;
  taps: u32;
  tap: u32;
  gradient: u32;
  gradientBytes: u32;
  gradientPitch: u32;
  outPixels: u32;
  outChannels: u32;
  group: u32;
  result: u32;
  parts: u32;
  partBytes: u32;
  hasBias: u32;
  biasResult: u32;
}

@unmanaged
export class DepthwiseArgs {
  input: u32;
  inBytes: u32;
  inPitch: u32;
  inHeight: u32;
  inWidth: u32;
  output: u32;
  outBytes: u32;
  outPitch: u32;
  outHeight: u32;
  outWidth: u32;
  channels: u32;
  outChannels: u32;
  kernel: u32;
  stride: u32;
  flipped: u32;
  accumulate: u32;
  weights: u32;
  bias: u32;
  activation: u32;
}

@unmanaged
export class DepthwiseWeightGradientArgs {
  input: u32;
  inBytes: u32;
  inPitch: u32;
  inHeight: u32;
  inWidth: u32;
  gradient: u32;
  gradientBytes: u32;
  gradientPitch: u32;
  outHeight: u32;
  outWidth: u32;
  channels: u32;
  kernel: u32;
  stride: u32;
  result: u32;
}

@unmanaged
export class ExcitationArgs {
  input: u32;
  inBytes: u32;
  inPitch: u32;
  inHeight: u32;
  inWidth: u32;
  gates: u32;
  gatesBytes: u32;
  gate: u32;
  output: u32;
  outBytes: u32;
  outPitch: u32;
  outHeight: u32;
  outWidth: u32;
  channels: u32;
  result: u32;
  resultBytes: u32;
  resultPitch: u32;
  accumulate: u32;
  gatesResult: u32;
  gatesResultBytes: u32;
  gatesAccumulate: u32;
}

@unmanaged
export class JoinArgs {
  partial: u32;
  parts: u32;
  partBytes: u32;
  result: u32;
}

@unmanaged
export class NormArgs {
  input: u32;
  pixels: u32;
  quads: u32;
  channels: u32;
  output: u32;
  outPitch: u32;
  activation: u32;
  sums: u32;
  coefficients: u32;
  coefficientBytes: u32;
  isRunning: u32;
  runningMean: u32;
  runningVariance: u32;
  batchMean: u32;
  batchVariance: u32;
  weight: u32;
  bias: u32;
  weightGradient: u32;
  biasGradient: u32;
}

@unmanaged
export class WindowArgs {
  input: u32;
  inBytes: u32;
  inPitch: u32;
  inHeight: u32;
  inWidth: u32;
  output: u32;
  outBytes: u32;
  outPitch: u32;
  outHeight: u32;
  outWidth: u32;
  channels: u32;
  result: u32;
  resultBytes: u32;
  resultPitch: u32;
}

@unmanaged
export class ResizeArgs {
  input: u32;
  inBytes: u32;
  inPitch: u32;
  inHeight: u32;
  inWidth: u32;
  output: u32;
  outBytes: u32;
  outPitch: u32;
  outHeight: u32;
  outWidth: u32;
  channels: u32;
  result: u32;
  resultBytes: u32;
  resultPitch: u32;
  rows: u32;
  columns: u32;
}

@unmanaged
export class DropoutArgs {
  output: u32;
  outBytes: u32;
  outPitch: u32;
  pixels: u32;
  channels: u32;
  exit: u32;
  limit: u32;
  scale: f32;
}

@unmanaged
export class ZeroArgs {
  output: u32;
  pixels: u32;
  pitch: u32;
  channels: u32;
}

@unmanaged
export class ClassifierArgs {
  input: u32;
  inBytes: u32;
  inPitch: u32;
  inHeight: u32;
  inWidth: u32;
  poolHeight: u32;
  poolWidth: u32;
  quads: u32;
  channels: u32;
  classes: u32;
  means: u32;
  logits: u32;
  reweight: f32;
  before: u32;
  weights: u32;
  bias: u32;
  losses: u32;
  correct: u32;
  smoothing: f32;
  lossWeight: f32;
  distilled: f32;
  temperature: f32;
  teacher: u32;
  seconds: u32;
  shares: u32;
  weightGradient: u32;
  biasGradient: u32;
  result: u32;
  resultBytes: u32;
  resultPitch: u32;
  accumulate: u32;
}

@unmanaged
export class Int8ImageArgs {
  output: u32;
  outBytes: u32;
  outPitch: u32;
  height: u32;
  width: u32;
  channels: u32;
  perStep: f32;
}

@unmanaged
export class Int8ConvolutionArgs {
  input: u32;
  inBytes: u32;
  inPitch: u32;
  inHeight: u32;
  inWidth: u32;
  pixelBytes: u32;
  border: u32;
  pitch: u32;
  output: u32;
  outBytes: u32;
  outPitch: u32;
  outChannels: u32;
  inPixels: u32;
  pixels: u32;
  moves: u32;
  runs: u32;
  steps: u32;
  weights: u32;
  bias: u32;
  multiplier: u32;
  product: u32;
}

@unmanaged
export class Int8DepthwiseArgs {
  input: u32;
  inBytes: u32;
  inPitch: u32;
  inHeight: u32;
  inWidth: u32;
  output: u32;
  outBytes: u32;
  outPitch: u32;
  outHeight: u32;
  outWidth: u32;
  channels: u32;
  kernel: u32;
  stride: u32;
  weights: u32;
  bias: u32;
  multiplier: u32;
}

@unmanaged
export class Int8SqueezeArgs {
  input: u32;
  inBytes: u32;
  inPitch: u32;
  inHeight: u32;
  inWidth: u32;
  output: u32;
  outBytes: u32;
  outPitch: u32;
  outHeight: u32;
  outWidth: u32;
  channels: u32;
  multiplier: u32;
}

@unmanaged
export class Int8ExcitationArgs {
  input: u32;
  inBytes: u32;
  inPitch: u32;
  inHeight: u32;
  inWidth: u32;
  gates: u32;
  gatesBytes: u32;
  output: u32;
  outBytes: u32;
  outPitch: u32;
  outHeight: u32;
  outWidth: u32;
  channels: u32;
  table: u32;
  multiplier: u32;
}

@unmanaged
export class Int8ResizeArgs {
  input: u32;
  inBytes: u32;
  inPitch: u32;
  inHeight: u32;
  inWidth: u32;
  output: u32;
  outBytes: u32;
  outPitch: u32;
  outHeight: u32;
  outWidth: u32;
  channels: u32;
  corners: u32;
}

@unmanaged
export class Int8ClassifierArgs {
  input: u32;
  inBytes: u32;
  inPitch: u32;
  inHeight: u32;
  inWidth: u32;
  poolHeight: u32;
  poolWidth: u32;
  quads: u32;
  channels: u32;
  classes: u32;
  weights: u32;
  bias: u32;
  steps: u32;
  reweight: f32;
}

@unmanaged
export class FiniteArgs {
  losses: u32;
  exits: u32;
  exitBytes: u32;
  stopped: u32;
}

@unmanaged
export class SgdArgs {
  quads: u32;
  parameters: u32;
  gradients: u32;
  velocities: u32;
  ema: u32;
  momentum: f32;
  decay: f32;
  share: f32;
  keep: f32;
  nesterov: u32;
}

@unmanaged
export class AdamwArgs {
  quads: u32;
  parameters: u32;
  gradients: u32;
  means: u32;
  squares: u32;
  ema: u32;
  keepMean: f32;
  keepSquare: f32;
  epsilon: f32;
  decay: f32;
  share: f32;
  keep: f32;
}

@unmanaged
export class RunningArgs {
  quads: u32;
  running: u32;
  batch: u32;
  ema: u32;
  keep: f32;
}
