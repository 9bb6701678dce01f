/**
 * The format of 8-bit weights: tensors of a quantized model's file, and the meaning of their integers. See
 * docs/int8.md.
 *
 * Features are whole numbers (steps) from 0 to 127 after a ReLU. The value of one step may differ between channels
 * (`NAME.scale`). Inside the network it is not needed, because it is included in the weights of the next convolution.
 *
 * | tensor | type, shape | what |
 * | --- | --- | --- |
 * | `NAME.weight` | I8 `[out, in, k, k]`, I16 if it reads the image | weights, batch norm folded in |
 * | `NAME.bias` | I32 `[out]` | added to the sum of products |
 * | `NAME.multiplier` | F32 `[out]` | factor from that sum to steps of the output |
 * | `NAME.scale` | F32 `[out]` | value of one step of the output |
 * | `image.scale` | F32 `[1]` | value of one step of the image |
 * | `NAME.weight`, `NAME.bias` of a linear layer | F32 or F16 | as in other models |
 * | `NAME.multiplier`, `NAME.scale` of a squeeze or an excitation | F32 `[channels]` | as above |
 *
 * A depthwise convolution has `in` = 1. A convolution that computes the inputs of gates has no ReLU; it writes `(number
 * + 64 scale) / scale`, where `scale` is a single number.
 *
 * - image: `clamp(round(x · f32(1 / image.scale)), −2047, 2047)`
 * - convolution: `clamp(round(f32(Σ weight · input + bias) · multiplier), 0, 127)`, where the sum is computed with
 *   integers, the product is rounded to float32, and `round` rounds to the nearest integer, ties to even
 * - max-pooling: on the integers
 * - resize: `(Σ share · input + 2¹³) >> 14` over the four corners, whose integer shares add up to 2¹⁴ (`cornerShares`)
 * - squeeze: `clamp(round(f32(Σ input) · multiplier), 0, 127)` over all pixels
 * - excitation: `min((input · m + 2¹³) >> 14, 127)`, `m = round(f32(round(2¹⁴ · gate((number − 64) · scale)) ·
 *   multiplier))`, with the number and the scale of the convolution that computes the inputs of its gates
 * - linear layer: on the mean of the pooled window, each channel multiplied by the value of its step, in float32
 *
 * @module
 */

import { RanetError } from "../errors.ts";
import { type Gate, gateOf } from "../network/activation.ts";
import type { Convolution, DepthwiseConvolution, Layer, Network, View } from "../network/network.ts";
import { quote } from "./messages.ts";
import { reweightOf } from "./temperature.ts";
import type { Tensor } from "./tensor.ts";

/** Largest value of a feature in steps. */
export const MAX_STEP = 127;
/** Largest magnitude of a weight. */
export const MAX_WEIGHT = 127;
/** Largest magnitude of a pixel in steps. */
export const MAX_PIXEL = 2047;
/** Largest magnitude of a weight of a convolution that reads the image. */
export const MAX_IMAGE_WEIGHT = 32767;
/** Largest magnitude of a bias. float32 represents all integers up to this one. */
export const MAX_BIAS = 2 ** 24;
/** Largest sum: signed 32 bits. */
export const MAX_SUM = 2 ** 31 - 1;
/** Sum of the shares of a resize, and the value of a gate of 1. */
export const SHARES = 2 ** 14;
/** Largest integer up to which float32 represents all integers. */
const MAX_WHOLE = 2 ** 24;
/** The step that means 0 in inputs of gates. */
export const GATE_MIDDLE = 64;
/** Largest multiplier of an excitation, so that products with its gates have at most 24 bits. */
export const MAX_GATE_MULTIPLIER = 4;

/** Name of a tensor that only quantized models have. */
export const IMAGE_SCALE = "image.scale";

/** Metadata key and value that mark a file as quantized. */
export const QUANTIZATION_NOTE = { key: "quantization", value: "int8" } as const;

/** A quantized convolution. */
export interface QuantizedConvolution {
  /** `[out][in][kernel][kernel]`; 16 bits if it reads the image. */
  readonly weight: Int8Array | Int16Array;
  /** `[out]`. */
  readonly bias: Int32Array;
  /** `[out]`. */
  readonly multiplier: Float32Array;
  /** `[out]`, value of one step of the output. */
  readonly scale: Float32Array;
}

/** The gates of an excitation as integers. */
export interface QuantizedExcitation {
  /** `[channels]`, factor from steps of the input to steps of the output. */
  readonly multiplier: Float32Array;
  /** The gate of each number from 0 to {@linkcode MAX_STEP}, in units of 1 / {@linkcode SHARES}. */
  readonly gates: Float32Array;
}

/** The classifier of an exit. */
export interface QuantizedClassifier {
  /** `[classes][channels]`. */
  readonly weight: Float32Array;
  /** `[classes]`. */
  readonly bias: Float32Array;
  /** `[channels]`, value of one step of the input. */
  readonly steps: Float32Array;
  /** For a boosted exit: factor by which the logits of the previous exit are added. */
  readonly reweight?: number;
}

/** The weights of a quantized network. */
export interface QuantizedWeights {
  /** Value of one step of the image. */
  readonly imageScale: number;
  /** Convolutions by name, including depthwise ones. */
  readonly convolutions: ReadonlyMap<string, QuantizedConvolution>;
  /** For each squeeze by name, the factor of each channel's sum of pixels. */
  readonly squeezes: ReadonlyMap<string, Float32Array>;
  /** Layers by name. */
  readonly excitations: ReadonlyMap<string, QuantizedExcitation>;
  /** Layers by name. */
  readonly classifiers: ReadonlyMap<string, QuantizedClassifier>;
  /** For each feature except the image, the value of one step of each channel. */
  readonly scales: readonly Float32Array[];
}

/** Whether tensors belong to a quantized model. */
export function isQuantized(tensors: ReadonlyMap<string, unknown>): boolean {
  return tensors.has(IMAGE_SCALE);
}

/** Whether a convolution reads the image. */
export function readsImage({ reads: [input] }: Convolution): boolean {
  return input.feature === 0;
}

/** Whether a convolution computes the inputs of gates. */
export function makesGates({ activation }: Convolution): boolean {
  return activation === "none";
}

/**
 * Refuses the tensors of a quantized model where floats are needed.
 *
 * @param what The action that is impossible, for the message.
 */
export function refuseQuantized(tensors: ReadonlyMap<string, unknown>, what: string): void {
  if (!isQuantized(tensors)) return;
  throw new RanetError(
    `Cannot ${what}: they are 8-bit integers, as their tensor ${quote(IMAGE_SCALE)} shows, but floats are ` +
      "needed. Use the weights from which they were made",
    { code: "unsupported" },
  );
}

/** A tensor of a quantized model. */
export interface QuantizedParameter {
  /** Name of the tensor. */
  readonly name: string;
  /** Shape of the tensor. */
  readonly shape: readonly number[];
  /** Stored type. Floats may also be F16, and matrices are. */
  readonly dtype: "I8" | "I16" | "I32" | "F32";
}

/**
 * The tensors of a quantized network.
 *
 * @throws {RanetError} If it has a layer that cannot be quantized.
 */
export function quantizedParameters(network: Network): QuantizedParameter[] {
  const layers = network.exits.flatMap((exit) => exit.layers);
  const values = featuresOfValues(layers);
  return [
    { name: IMAGE_SCALE, shape: [1], dtype: "F32" },
    ...layers.flatMap((layer): QuantizedParameter[] => {
      checkLayer(layer, network, values);
      switch (layer.kind) {
        case "convolution": {
          const { name, kernel, reads: [input], writes: [{ channels }] } = layer;
          return [
            {
              name: `${name}.weight`,
              shape: [channels, input.channels, kernel, kernel],
              dtype: readsImage(layer) ? "I16" : "I8",
            },
            { name: `${name}.bias`, shape: [channels], dtype: "I32" },
            { name: `${name}.multiplier`, shape: [channels], dtype: "F32" },
            { name: `${name}.scale`, shape: [makesGates(layer) ? 1 : channels], dtype: "F32" },
          ];
        }
        case "depthwise": {
          const { name, kernel, writes: [{ channels }] } = layer;
          return [
            { name: `${name}.weight`, shape: [channels, 1, kernel, kernel], dtype: "I8" },
            { name: `${name}.bias`, shape: [channels], dtype: "I32" },
            { name: `${name}.multiplier`, shape: [channels], dtype: "F32" },
            { name: `${name}.scale`, shape: [channels], dtype: "F32" },
          ];
        }
        case "squeeze":
        case "excitation": {
          const { name, writes: [{ channels }] } = layer;
          return [
            { name: `${name}.multiplier`, shape: [channels], dtype: "F32" },
            { name: `${name}.scale`, shape: [channels], dtype: "F32" },
          ];
        }
        case "classifier":
          return [
            { name: `${layer.name}.weight`, shape: [layer.classes, layer.reads[0].channels], dtype: "F32" },
            { name: `${layer.name}.bias`, shape: [layer.classes], dtype: "F32" },
          ];
        case "max-pool":
        case "resize":
          return [];
      }
    }),
  ];
}

/** Features that are not only read as inputs of gates. */
function featuresOfValues(layers: readonly Layer[]): Set<number> {
  return new Set(
    layers.flatMap(({ kind, reads }) =>
      (kind === "excitation" ? reads.slice(0, 1) : reads).map(({ feature }) => feature)
    ),
  );
}

/** Refuses layers that cannot be quantized. `values`: {@linkcode featuresOfValues}. */
function checkLayer(layer: Layer, network: Network, values: ReadonlySet<number>): void {
  const refuse = (what: string): never => {
    throw new RanetError(
      `Cannot compute ${network.spec.name} in 8 bits: ${what}. Convolutions with ReLU, squeeze-and-excitation, ` +
        "max-pooling, resizing and linear layers are supported; use float32 or float16 for others",
      { code: "unsupported" },
    );
  };
  switch (layer.kind) {
    case "convolution":
      if (layer.activation === "relu") break;
      if (makesGates(layer) && !readsImage(layer) && !values.has(layer.writes[0].feature)) break;
      refuse(`${layer.name} has the activation ${quote(layer.activation)}`);
      break;
    case "depthwise":
      if (layer.activation !== "relu") refuse(`${layer.name} has the activation ${quote(layer.activation)}`);
      if (layer.reads[0].feature === 0) refuse(`${layer.name}, which is depthwise, reads the image`);
      break;
    case "squeeze":
    case "excitation":
    case "max-pool":
    case "resize":
    case "classifier":
      if (layer.reads[0].feature === 0) refuse(`a ${layer.kind} reads the image`);
      break;
    default:
      layer satisfies never;
      refuse("it has a layer of another kind");
  }
}

/**
 * Checks the tensors of a quantized model and groups them by layer.
 *
 * @param network The network.
 * @param tensors The tensors as stored.
 * @param options `source`: the file's name, for messages; `temperatures`: temperatures by which classifiers have been
 * divided.
 * @throws {RanetError} If a tensor is missing, unexpected, of another shape, or has invalid values. Gives its name.
 */
export function parseQuantized(
  network: Network,
  tensors: ReadonlyMap<string, Tensor>,
  { source, temperatures }: { readonly source: string; readonly temperatures?: readonly number[] },
): QuantizedWeights {
  const refuse = (reason: string): never => {
    throw new RanetError(`Cannot use the 8-bit weights ${source} for ${network.spec.name}: ${reason}`, {
      code: "mismatch",
    });
  };
  checkShapes(quantizedParameters(network), tensors, refuse);
  const read = new CheckedTensors(tensors, refuse);
  const convolutions = new Map<string, QuantizedConvolution>();
  const squeezes = new Map<string, Float32Array>();
  const excitations = new Map<string, QuantizedExcitation>();
  const classifiers = new Map<string, QuantizedClassifier>();
  const scales = network.features.map(({ channels }) => new Float32Array(channels));
  const setScale = ({ feature, offset }: View, scale: Float32Array) => scales[feature].set(scale, offset);
  for (const layer of network.exits.flatMap((exit) => exit.layers)) {
    const [input] = layer.reads;
    switch (layer.kind) {
      case "convolution":
      case "depthwise": {
        const found = layer.kind === "depthwise" ? read.depthwise(layer) : read.convolution(layer);
        convolutions.set(layer.name, found);
        setScale(layer.writes[0], found.scale);
        break;
      }
      case "squeeze":
        squeezes.set(layer.name, read.positive(`${layer.name}.multiplier`));
        setScale(layer.writes[0], read.positive(`${layer.name}.scale`));
        break;
      case "excitation": {
        const { name, reads: [, from], writes: [output], gate } = layer;
        const gates = gateTable(gate, scales[from.feature][from.offset]);
        excitations.set(name, { multiplier: read.positive(`${name}.multiplier`, MAX_GATE_MULTIPLIER), gates });
        setScale(output, read.positive(`${name}.scale`));
        break;
      }
      case "max-pool":
      case "resize": {
        const own = scales[input.feature].subarray(input.offset, input.offset + input.channels);
        setScale(layer.writes[0], own);
        break;
      }
      case "classifier":
        classifiers.set(layer.name, {
          weight: read.finite(`${layer.name}.weight`),
          bias: read.finite(`${layer.name}.bias`),
          steps: scales[input.feature].slice(input.offset, input.offset + input.channels),
          reweight: reweightOf(layer, temperatures),
        });
        break;
      default:
        layer satisfies never;
    }
  }
  const [imageScale] = read.positive(IMAGE_SCALE);
  return { imageScale, convolutions, squeezes, excitations, classifiers, scales };
}

/** Refuses tensors that are missing, unexpected or of another shape. */
function checkShapes(
  expected: readonly QuantizedParameter[],
  tensors: ReadonlyMap<string, Tensor>,
  refuse: (reason: string) => never,
): void {
  for (const { name, shape } of expected) {
    const found = tensors.get(name) ?? refuse(`tensor ${quote(name)} [${shape.join(", ")}] is missing`);
    if (found.shape.join() !== shape.join()) {
      refuse(`tensor ${quote(name)} is [${found.shape.join(", ")}], expected [${shape.join(", ")}]`);
    }
  }
  const names = new Set(expected.map(({ name }) => name));
  for (const name of tensors.keys()) {
    if (!names.has(name)) refuse(`tensor ${quote(name)} is not a parameter of this architecture`);
  }
}

/** Reads tensors whose shapes have been checked, and refuses invalid values. */
class CheckedTensors {
  readonly #tensors: ReadonlyMap<string, Tensor>;
  readonly #refuse: (reason: string) => never;

  constructor(tensors: ReadonlyMap<string, Tensor>, refuse: (reason: string) => never) {
    this.#tensors = tensors;
    this.#refuse = refuse;
  }

  convolution(layer: Convolution): QuantizedConvolution {
    const { name, writes: [{ channels }] } = layer;
    const isImage = readsImage(layer);
    const weight = isImage
      ? Int16Array.from(this.#whole(`${name}.weight`, MAX_IMAGE_WEIGHT))
      : Int8Array.from(this.#whole(`${name}.weight`, MAX_WEIGHT));
    const bias = Int32Array.from(this.#whole(`${name}.bias`, MAX_BIAS));
    const large = findLargeSum(weight, bias, { most: isImage ? MAX_PIXEL : MAX_STEP, limit: MAX_SUM });
    if (large >= 0) this.#refuse(`tensor ${quote(`${name}.weight`)} can cause sums above 2³¹ at output ${large}`);
    const given = this.positive(`${name}.scale`);
    const scale = makesGates(layer) ? new Float32Array(channels).fill(given[0]) : given;
    return { weight, bias, multiplier: this.positive(`${name}.multiplier`), scale };
  }

  depthwise({ name }: DepthwiseConvolution): QuantizedConvolution {
    const weight = Int8Array.from(this.#whole(`${name}.weight`, MAX_WEIGHT));
    const bias = Int32Array.from(this.#whole(`${name}.bias`, MAX_BIAS));
    const large = findLargeSum(weight, bias, { most: MAX_STEP, limit: MAX_WHOLE });
    if (large >= 0) this.#refuse(`tensor ${quote(`${name}.bias`)} can cause sums above 2²⁴ at channel ${large}`);
    const scale = this.positive(`${name}.scale`);
    return { weight, bias, multiplier: this.positive(`${name}.multiplier`), scale };
  }

  positive(name: string, most = Infinity): Float32Array {
    // Some GPUs flush subnormal numbers to zero.
    const data = this.#find(name, (value) => value >= LEAST_SCALE && value < Infinity, "finite numbers above 0");
    return most === Infinity ? data : this.#find(name, (value) => value <= most, `at most ${most}`);
  }

  finite(name: string): Float32Array {
    return this.#find(name, Number.isFinite, "finite numbers");
  }

  #whole(name: string, most: number): Float32Array {
    const isValid = (value: number) => Number.isInteger(value) && Math.abs(value) <= most;
    return this.#find(name, isValid, `whole numbers from ${-most} to ${most}`);
  }

  #find(name: string, isValid: (value: number) => boolean, wanted: string): Float32Array {
    const { data } = this.#tensors.get(name)!;
    const bad = data.findIndex((value) => !isValid(value));
    if (bad >= 0) this.#refuse(`tensor ${quote(name)} contains ${data[bad]} at index ${bad}, expected ${wanted}`);
    return data;
  }
}

/** The gate of each number, in units of 1 / {@linkcode SHARES}. `scale`: value of one step of its input. */
function gateTable(gate: Gate, scale: number): Float32Array {
  return Float32Array.from(
    { length: MAX_STEP + 1 },
    (_, i) => Math.round(SHARES * gateOf(gate, (i - GATE_MIDDLE) * scale)),
  );
}

/** The smallest normal float32. */
const LEAST_SCALE = 2 ** -126;

/** The first output whose sum of numbers up to `most` may exceed a limit; −1 if there is none. */
function findLargeSum(
  weight: Int8Array | Int16Array,
  bias: Int32Array,
  { most, limit }: { readonly most: number; readonly limit: number },
): number {
  const fanIn = weight.length / bias.length;
  return bias.findIndex((start, out) => {
    let sum = 0;
    for (let i = out * fanIn; i < (out + 1) * fanIn; i++) sum += Math.abs(weight[i]);
    return sum * most + Math.abs(start) > limit;
  });
}

/** The two pixels along an axis between which a resized one lies, and the share of the second, with aligned corners. */
export function resizePlace(
  i: number,
  { inSize, outSize }: { readonly inSize: number; readonly outSize: number },
): { readonly before: number; readonly after: number; readonly share: number } {
  const at = outSize > 1 ? i * (inSize - 1) / (outSize - 1) : 0;
  const before = Math.max(0, Math.min(Math.floor(at), inSize - 2));
  return { before, after: Math.min(before + 1, inSize - 1), share: at - before };
}

/**
 * The shares of four pixels in a resized one: `[top left, top right, bottom left, bottom right]`, integers that add up
 * to {@linkcode SHARES}.
 *
 * @param down Share of the lower pixels, from 0 to 1. @param right Share of the right pixels.
 */
export function cornerShares(down: number, right: number): readonly [number, number, number, number] {
  const shares = [(1 - down) * (1 - right), (1 - down) * right, down * (1 - right), down * right]
    .map((share) => Math.round(SHARES * share)) as [number, number, number, number];
  // The rounding remainder is added to the largest share, where its relative effect is smallest.
  const rest = SHARES - shares.reduce((sum, share) => sum + share, 0);
  shares[shares.indexOf(Math.max(...shares))] += rest;
  return shares;
}
