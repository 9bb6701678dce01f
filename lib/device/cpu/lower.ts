/**
 * Lowers layers, in inference and in training, to operations of the kernels and the tables that they read.
 *
 * @module
 */

import { type Activation, activationCode, type Gate, gateCode } from "../../network/activation.ts";
import { concat } from "../../io/bytes.ts";
import type { DepthwiseConvolution } from "../../network/network.ts";
import { areaOf, type Size, strided } from "../../network/size.ts";
import { quadsOf } from "../../planner/plan.ts";
import { type Arguments, writeOperation, writeStruct } from "./abi.ts";
import type { MemoryLayout } from "./memory.ts";
import type { Phase, Windows } from "./windows.ts";
import { PATCHES, PLACES, WEIGHT_BLOCK, WEIGHT_PATCHES } from "./winograd.ts";

/** Pixels per group of samples, for samples that have fewer: enough to fill a convolution's tiles. */
const FULL_TILES = 48;

/** The place of channels of samples; addresses and lengths are in bytes. */
export interface Place {
  /** Address of the first sample's first channel. */
  readonly at: number;
  /** Stride of samples. */
  readonly bytes: number;
  /** Stride of pixels. */
  readonly pitch: number;
  /** Height and width, in pixels. */
  readonly size: Size;
  /** Number of channels that are read or written. */
  readonly channels: number;
}

/** How an operation is scheduled in inference: see `Head` in abi.ts. */
export interface Schedule {
  /** Number of parts, one per thread. */
  readonly parts: number;
  /** Whether later operations wait for it. */
  readonly last: boolean;
}

/** An operation, and the number of samples that it processes at a time. */
export interface Lowered {
  /** The operation. */
  readonly operation: Uint8Array;
  /** Samples at a time. */
  readonly group: number;
}

/** Places that all implementations of convolutions need. */
interface ConvolutionPlaces {
  readonly input: Place;
  /** The output, including padding. */
  readonly output: Place;
  /** Address of the bias; undefined if there is none. */
  readonly bias?: number;
  /** The activation that is applied last. */
  readonly activation: Activation;
  /** Given in inference, which computes one sample at a time. */
  readonly schedule?: Schedule;
}

/** A convolution, or its input gradient. `weights`: address of the weights of all phases. */
export function lowerConvolution(
  layout: MemoryLayout,
  { windows, input, output, weights, bias, activation, accumulate = false, schedule }: ConvolutionPlaces & {
    readonly windows: Windows;
    readonly weights: number;
    readonly accumulate?: boolean;
  },
): Lowered {
  const pixels = Math.min(...windows.phases.map(({ outPixels }) => outPixels.length));
  const group = schedule ? 1 : Math.ceil(FULL_TILES / pixels);
  // Whole quads are copied: the last pixel's may extend beyond its channels.
  if (windows.border > 0) layout.needScratch(group * windows.bytes + 16);
  const operation = writeOperation("convolve", {
    ...inputArguments(input),
    inChannels: input.channels,
    border: windows.border,
    pitch: windows.pitch,
    ...outputArguments(output),
    outChannels: output.channels,
    bias: bias ?? layout.zeros,
    hasBias: Number(bias !== undefined),
    accumulate: Number(accumulate),
    activation: activationCode(activation),
    group,
    ...lowerPhases(layout, { windows, output, weights, samples: group }),
  }, schedule);
  return { operation, group };
}

/** The phases of a convolution over a group of samples, and their tables. */
export function lowerPhases(
  layout: MemoryLayout,
  { windows, output, weights, samples }: {
    readonly windows: Windows;
    readonly output: Pick<Place, "size" | "channels">;
    readonly weights: number;
    readonly samples: number;
  },
): { phases: number; phase: number } {
  const table = (words: readonly number[], pixels: number) => layout.table(repeat(words, samples, pixels));
  const tables = (phase: Phase) => ({
    inPixels: table(phase.inPixels, windows.pixels),
    outPixels: table(phase.outPixels, areaOf(output.size)),
    tapIndices: layout.table(phase.taps),
  });
  let address = weights;
  const structs = windows.phases.map((phase, i) => {
    const { outPixels, moves, runLength, taps } = phase;
    const struct = writeStruct("Phase", {
      ...layout.remember(`phase ${[windows.key, i, samples]}`, () => tables(phase)),
      moves: layout.remember(`moves ${moves}`, () => layout.table(moves)),
      pixels: outPixels.length,
      runs: moves.length,
      runLength,
      weights: address,
      taps: taps.length,
    });
    address += 16 * quadsOf(output.channels) * moves.length * runLength;
    return struct;
  });
  return { phases: structs.length, phase: layout.keep(concat(structs, Uint8Array)) };
}

/** Length of a filter (the weights transformed for Winograd's filtering) in numbers. */
export function filterLength(inputs: number, outputs: number): number {
  return PLACES * inputs * 4 * quadsOf(outputs);
}

/** Arguments of the operation that transforms weights into a filter. */
export function filterArguments(
  { inputs, outputs, weights, filter }: { inputs: number; outputs: number; weights: number; filter: number },
): Arguments<"filter"> {
  return {
    weights,
    inChannels: inputs,
    outChannels: outputs,
    filter,
    placeBytes: 4 * filterLength(inputs, outputs) / PLACES,
  };
}

/** A convolution by Winograd's filtering. `outputs`: number of its channels, without padding. */
export function lowerWinograd(
  layout: MemoryLayout,
  { input, output, outputs, filter, bias, activation, schedule }: ConvolutionPlaces & {
    readonly outputs: number;
    readonly filter: number;
  },
): Lowered {
  const { size, channels } = input;
  const group = schedule ? 1 : Math.ceil(PATCHES / areaOf(strided(size, 2)));
  const patches = patchArguments(layout, { inputs: channels, outputs, filter });
  // A patch may extend beyond the last row, and its last quad beyond that.
  const copyBytes = copyBytesOf(input, (size.height + 2) * group + 1);
  layout.needScratch(copyBytes + PLACES * PATCHES * (patches.inPatch + patches.outPatch));
  const operation = writeOperation("winograd", {
    ...inputArguments(input),
    ...outputArguments(output),
    outChannels: output.channels,
    bias: bias ?? 0,
    activation: activationCode(activation),
    group,
    copyBytes,
    ...patches,
  }, schedule);
  return { operation, group };
}

/**
 * A convolution of stride 2, or its input gradient, by minimal filtering. `outputs`: number of its channels, without
 * padding.
 */
export function lowerStridedWinograd(
  layout: MemoryLayout,
  name: "strided-winograd" | "strided-winograd-gradient",
  { input, output, outputs, filter, accumulate }: {
    readonly input: Place;
    readonly output: Place;
    readonly outputs: number;
    readonly filter: number;
    readonly accumulate: boolean;
  },
): Lowered {
  const { size, channels } = input;
  const isGradient = name === "strided-winograd-gradient";
  const group = Math.ceil(PATCHES / areaOf(strided(isGradient ? size : output.size, 2)));
  const patches = patchArguments(layout, { inputs: channels, outputs, filter });
  const { inPatch, outPatch } = patches;
  // The last patches may extend three rows and some pixels beyond the copy.
  const copyBytes = copyBytesOf(input, (size.height + 2) * group + 4);
  layout.needScratch(copyBytes + PATCHES * (isGradient ? PLACES * inPatch + 25 * 32 * 8 : inPatch + 9 * outPatch));
  const operation = writeOperation(name, {
    ...inputArguments(input),
    ...outputArguments(output),
    outHeight: output.size.height,
    outWidth: output.size.width,
    outChannels: output.channels,
    panelChannels: outPatch / 4,
    accumulate: Number(accumulate),
    group,
    copyBytes,
    ...patches,
  });
  return { operation, group };
}

/** The gradient of a 3×3 convolution's weights by minimal filtering. `result`: its address. */
export function lowerWinogradWeights(
  layout: MemoryLayout,
  { input, gradient, result }: { readonly input: Place; readonly gradient: Place; readonly result: number },
): Uint8Array {
  const { size: { height, width } } = input;
  const { channels } = gradient;
  const group = Math.ceil(WEIGHT_PATCHES / areaOf(strided(input.size, 2)));
  const copyBytes = 4 * WEIGHT_BLOCK * (width + 2) * (height + 2) * group;
  // A line more for each place and panel.
  const inBytes = 4 * WEIGHT_BLOCK * WEIGHT_PATCHES + 64;
  const outBytes = channels / 8 * (32 * WEIGHT_PATCHES + 64);
  layout.needScratch(copyBytes + PLACES * (inBytes + outBytes + 4 * WEIGHT_BLOCK * channels));
  const places = Array.from({ length: WEIGHT_PATCHES }, (_, patch) => [4 * WEIGHT_BLOCK * patch, 32 * patch]).flat();
  return writeOperation("winograd-weight-gradient", {
    ...inputArguments(input),
    inChannels: input.channels,
    ...gradientArguments(gradient),
    outChannels: channels,
    group,
    copyBytes,
    places: layout.remember("weight patches", () => layout.table(places)),
    result,
  });
}

/** What minimal filtering has to know of its patches, and of the filter that it applies to them. */
function patchArguments(
  layout: MemoryLayout,
  { inputs, outputs, filter }: { readonly inputs: number; readonly outputs: number; readonly filter: number },
) {
  return {
    inChannels: inputs,
    filter,
    placeBytes: 4 * filterLength(inputs, outputs) / PLACES,
    inPatch: 16 * quadsOf(inputs),
    outPatch: 16 * quadsOf(outputs),
    patches: layout.remember("patches", () => layout.table(Array.from({ length: PATCHES }, (_, patch) => patch))),
    zeros: layout.zeros,
  };
}

/** Bytes for a copy of so many rows of the input, with a border on both sides. */
function copyBytesOf({ size, channels }: Place, rows: number): number {
  return Math.ceil(4 * channels * (size.width + 2) * rows / 16 + 2) * 16;
}

/** A depthwise convolution, or its input gradient. */
export function lowerDepthwise(
  { kernel, stride }: Pick<DepthwiseConvolution, "kernel" | "stride">,
  { input, output, channels, weights, bias, activation, gradient, accumulate = false, schedule }:
    & ConvolutionPlaces
    & {
      /** Without padding. */
      readonly channels: number;
      readonly weights: number;
      readonly gradient?: boolean;
      readonly accumulate?: boolean;
    },
): Uint8Array {
  // Without a stride, the gradient is a convolution with the kernel rotated by 180 degrees.
  const isScattered = gradient && stride > 1;
  const places = betweenPlaces(input, output);
  return writeOperation(isScattered ? "depthwise-input-gradient" : "depthwise", {
    ...places,
    channels,
    outChannels: output.channels,
    kernel,
    stride,
    flipped: Number(gradient ?? false),
    accumulate: Number(accumulate),
    weights,
    bias: bias ?? 0,
    activation: activationCode(activation),
  }, schedule);
}

/** The product of channels and their gates, or its gradients. */
export function lowerExcitation(
  gate: Gate,
  { input, gates, output, gradients, schedule }: {
    readonly input: Place;
    readonly gates: Place;
    /** The output, or its gradient. */
    readonly output: Place;
    /** Gradients of the inputs, and whether they are added to the existing values. */
    readonly gradients?: Readonly<Record<"input" | "gates", { readonly place: Place; readonly accumulate: boolean }>>;
    readonly schedule?: Schedule;
  },
): Uint8Array {
  return writeOperation(gradients ? "excitation-gradient" : "excitation", {
    ...fromTo(input, output, gradients?.input.place),
    gates: gates.at,
    gatesBytes: gates.bytes,
    gate: gateCode(gate),
    accumulate: Number(gradients?.input.accumulate ?? false),
    gatesResult: gradients?.gates.place.at ?? 0,
    gatesResultBytes: gradients?.gates.place.bytes ?? 0,
    gatesAccumulate: Number(gradients?.gates.accumulate ?? false),
  }, schedule);
}

/** Max-pooling or the mean of all pixels, its gradient, or the gradient of a ReLU. */
export function lowerWindow(
  name: "max-pool" | "max-pool-int8" | "max-pool-gradient" | "relu-gradient" | "squeeze" | "squeeze-gradient",
  input: Place,
  output: Place,
  { result, schedule }: { readonly result?: Place; readonly schedule?: Schedule } = {},
): Uint8Array {
  return writeOperation(name, fromTo(input, output, result), schedule);
}

/** A bilinear resize, or its gradient. */
export function lowerResize(
  layout: MemoryLayout,
  name: "resize" | "resize-gradient",
  input: Place,
  output: Place,
  { result, schedule }: { readonly result?: Place; readonly schedule?: Schedule } = {},
): Uint8Array {
  const places = (side: keyof Size) => {
    const [from, to] = [input.size[side], output.size[side]];
    return layout.remember(`resize ${from} ${to}`, () => layout.table(resizePlaces(from, to)));
  };
  const tables = { rows: places("height"), columns: places("width") };
  return writeOperation(name, { ...fromTo(input, output, result), ...tables }, schedule);
}

function fromTo(input: Place, output: Place, result?: Place): Arguments<"max-pool"> {
  return {
    ...betweenPlaces(input, output),
    result: result?.at ?? 0,
    resultBytes: result?.bytes ?? 0,
    resultPitch: result?.pitch ?? 0,
  };
}

/** The input and output places of a layer. */
export function betweenPlaces(
  input: Place,
  output: Place,
): Omit<Arguments<"max-pool">, "result" | "resultBytes" | "resultPitch"> {
  return {
    ...inputArguments(input),
    ...outputArguments(output),
    outHeight: output.size.height,
    outWidth: output.size.width,
    channels: output.channels,
  };
}

/** The channels that are read. */
export function inputArguments(
  { at, bytes, pitch, size: { height, width } }: Omit<Place, "channels">,
): Pick<Arguments<"max-pool">, "input" | "inBytes" | "inPitch" | "inHeight" | "inWidth"> {
  return { input: at, inBytes: bytes, inPitch: pitch, inHeight: height, inWidth: width };
}

/** The channels that are written. */
export function outputArguments(
  { at, bytes, pitch }: Pick<Place, "at" | "bytes" | "pitch">,
): Pick<Arguments<"max-pool">, "output" | "outBytes" | "outPitch"> {
  return { output: at, outBytes: bytes, outPitch: pitch };
}

/** The gradient of what was written. */
export function gradientArguments(
  { at, bytes, pitch }: Pick<Place, "at" | "bytes" | "pitch">,
): Pick<Arguments<"weight-gradient">, "gradient" | "gradientBytes" | "gradientPitch"> {
  return { gradient: at, gradientBytes: bytes, gradientPitch: pitch };
}

/** The position of each row or column of a resized feature in the original: see kernels/resize/places.as. */
function resizePlaces(inSize: number, outSize: number): number[] {
  const scale = outSize > 1 ? (inSize - 1) / (outSize - 1) : 0;
  return Array.from({ length: outSize }, (_, i) => {
    const before = Math.max(0, Math.min(Math.floor(i * scale), inSize - 2));
    return [before, new Uint32Array(Float32Array.of(i * scale - before).buffer)[0]];
  }).flat();
}

/** Repeats places for several samples with a stride of `pixels`. */
function repeat(places: readonly number[], samples: number, pixels: number): readonly number[] {
  if (samples === 1) return places;
  return Array.from({ length: samples }, (_, sample) => places.map((place) => place + sample * pixels)).flat();
}
