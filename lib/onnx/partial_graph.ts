/**
 * An ONNX graph in the making. Where the network writes channel ranges of a feature, each range is a value of its own, and
 * whoever reads several of them reads their Concat.
 *
 * @module
 */

import type { Classifier, Network, View } from "../network/network.ts";
import { isSameSize, type Size } from "../network/size.ts";

/** An operation of the ONNX standard. */
export interface OnnxNode {
  /** Its name in the standard, such as `Conv`. */
  readonly operator: string;
  /** Values read; `""` for an optional one that is left out. */
  readonly inputs: readonly string[];
  /** The value written. */
  readonly output: string;
  /** Attributes: a whole number, a list of them, a word, or in an array of its own a number that is not whole. */
  readonly attributes: Readonly<Record<string, number | readonly number[] | string | Float32Array>>;
}

/** A constant value. */
export interface OnnxTensor {
  /** Its name. */
  readonly name: string;
  /** Its shape. */
  readonly shape: readonly number[];
  /** Numbers in row-major order. */
  readonly data: Float32Array | Int8Array | Uint8Array | Int16Array | Int32Array | BigInt64Array;
}

/** The value that holds the images. */
export const IMAGE = "image";

/** What an exit's logits are called; exits are counted from 0. */
export function exitName(exit: number): string {
  return `exit${exit + 1}`;
}

/** A channel range of a feature that has been written. */
interface Part {
  readonly value: string;
  readonly offset: number;
  readonly channels: number;
}

/** Nodes and constants so far, and which values hold which channels. */
export class PartialGraph {
  /** Operations, in order of execution. */
  readonly nodes: OnnxNode[] = [];
  /** Constants. */
  readonly tensors: OnnxTensor[] = [];
  readonly #network: Network;
  /** What has been written of each feature, by ascending channel. */
  readonly #parts: Part[][];
  /** Concatenations, by the values that they join. */
  readonly #joined = new Map<string, string>();
  /** Values with channels of zeros behind them, by those without. */
  readonly #padded = new Map<string, string>();

  /** Starts with the image. */
  constructor(network: Network) {
    this.#network = network;
    this.#parts = network.features.map(() => []);
    this.#parts[0] = [{ value: IMAGE, offset: 0, channels: network.features[0].channels }];
  }

  /** Appends an operation, and returns the name of its output. */
  node(
    operator: string,
    inputs: readonly string[],
    attributes: OnnxNode["attributes"],
    output = `${operator}_${this.nodes.length}`,
  ): string {
    this.nodes.push({ operator, inputs, output, attributes });
    return output;
  }

  /** Adds a constant unless there is one of this name, and returns its name. */
  constant(name: string, shape: readonly number[], data: () => OnnxTensor["data"]): string {
    if (!this.tensors.some((tensor) => tensor.name === name)) this.tensors.push({ name, shape, data: data() });
    return name;
  }

  /** Says which value holds the channels of a view. */
  write({ feature, offset, channels }: View, value: string): void {
    this.#parts[feature].push({ value, offset, channels });
    this.#parts[feature].sort((a, b) => a.offset - b.offset);
  }

  /** The value of a view: what was written there, joined where it is more than one. */
  read({ feature, offset, channels }: View): string {
    const end = offset + channels;
    const parts = this.#parts[feature].filter((part) => part.offset >= offset && part.offset + part.channels <= end);
    if (parts.reduce((sum, part) => sum + part.channels, 0) !== channels) {
      throw new Error(`${this.#network.features[feature].name}: channels ${offset} to ${end} are not whole ranges`);
    }
    const values = parts.map(({ value }) => value);
    if (values.length === 1) return values[0];
    const key = values.join();
    const joined = this.#joined.get(key) ?? this.node("Concat", values, { axis: 1 });
    this.#joined.set(key, joined);
    return joined;
  }

  /** An exit's logits, under a name; of a boosted exit, `reweight` times those of the exit before are added. */
  logits(
    { exit, name }: Classifier,
    output: string,
    options: { readonly means: string; readonly parameters: readonly string[]; readonly reweight?: number },
  ): void {
    const { means, parameters, reweight } = options;
    const own = (name?: string) => this.node("Gemm", [means, ...parameters], { transB: 1 }, name);
    if (reweight === undefined) {
      own(output);
      return;
    }
    const factor = this.constant(`${name}.reweight`, [1], () => Float32Array.of(reweight));
    this.node("Add", [own(), this.node("Mul", [exitName(exit - 1), factor], {})], {}, output);
  }

  /** A value with channels of zeros behind its own. */
  pad(value: string, zeros: number): string {
    if (zeros === 0) return value;
    const pads = () => BigInt64Array.of(0n, 0n, 0n, 0n, 0n, BigInt(zeros), 0n, 0n);
    const inputs = [value, this.constant(`pads_of_${zeros}`, [8], pads)];
    const padded = this.#padded.get(value) ?? this.node("Pad", inputs, { mode: "constant" });
    this.#padded.set(value, padded);
    return padded;
  }

  /** Max-pooling, 3×3, stride 2, padding 1. */
  maxPool(value: string): string {
    return this.node("MaxPool", [value], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] });
  }

  /** Bilinear resize of floats, corners aligned. */
  resize(value: string, from: Size, to: Size): string {
    if (isSameSize(from, to)) return value;
    const scales = [1, 1, scaleTo(from.height, to.height), scaleTo(from.width, to.width)];
    const name = `scales_${nameOfSize(from)}_to_${nameOfSize(to)}`;
    return this.node("Resize", [value, "", this.constant(name, [4], () => new Float32Array(scales))], {
      mode: "linear",
      coordinate_transformation_mode: "align_corners",
    });
  }

  /** The mean of the top left pixels, `batch × channels`. */
  pool(value: string, window: Size): string {
    // As far apart as wide, a second window finds no room: what is left is the pixel of the top left one.
    const size = [window.height, window.width];
    return this.node("Flatten", [this.node("AveragePool", [value], { kernel_shape: size, strides: size })], {});
  }
}

/** The attributes of a convolution with padding `kernel >> 1`. */
export function convolutionAttributes({ kernel, stride }: { readonly kernel: number; readonly stride: number }): {
  readonly kernel_shape: readonly number[];
  readonly strides: readonly number[];
  readonly pads: readonly number[];
} {
  return {
    kernel_shape: [kernel, kernel],
    strides: [stride, stride],
    pads: new Array<number>(4).fill(kernel >> 1),
  };
}

/** What a side is multiplied by, in float32. */
function scaleTo(from: number, to: number): number {
  const nearest = Math.fround(to / from);
  // The output's size is rounded down from a product that is exact in one runtime and a float32 in another: the
  // scale must not be below the quotient, whichever it is.
  return nearest * from < to ? nearest * (1 + 2 ** -22) : nearest;
}

/** A size in a tensor's name. */
function nameOfSize({ height, width }: Size): string {
  return height === width ? `${height}` : `${height}x${width}`;
}

/**
 * Channels of zeros that an input needs, so that ONNX Runtime Web (1.23.2 to 1.30.0) computes the convolution rightly
 * on WebGPU: where the input's are a multiple of 3, but neither 3 nor a multiple of 4, and the output's a multiple of
 * 4, its numbers are wrong. Those of 1×1 with stride 1 are multiplied as matrices, and right.
 */
export function missingChannels({ kernel, stride, inputs, outputs }: {
  readonly kernel: number;
  readonly stride: number;
  readonly inputs: number;
  readonly outputs: number;
}): number {
  if (kernel === 1 && stride === 1) return 0;
  const wrong = inputs % 3 === 0 && inputs > 3 && inputs % 4 !== 0 && outputs % 4 === 0;
  return wrong ? 4 - inputs % 4 : 0;
}

/** A matrix with columns of zeros behind its own, `columns` in all. */
export function padRows<Matrix extends Float32Array | Int8Array>(
  matrix: Matrix,
  rows: number,
  columns: number,
): Matrix {
  const before = matrix.length / rows;
  const padded =
    (matrix instanceof Int8Array ? new Int8Array(rows * columns) : new Float32Array(rows * columns)) as Matrix;
  for (let row = 0; row < rows; row++) padded.set(matrix.subarray(row * before, (row + 1) * before), row * columns);
  return padded;
}
