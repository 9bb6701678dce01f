/**
 * An ONNX graph under construction. Each channel range of a feature that the network writes is a separate value; a
 * layer that reads several of them reads their Concat.
 *
 * @module
 */

import type { Classifier, Network, View } from "../network/network.ts";
import { isSameSize, type Size } from "../network/size.ts";

/** An operation of the ONNX standard. */
export interface OnnxNode {
  /** Operator name in the standard, such as `Conv`. */
  readonly operator: string;
  /** Values read; `""` for an omitted optional one. */
  readonly inputs: readonly string[];
  /** The value written. */
  readonly output: string;
  /** Attributes: a whole number, a list of whole numbers, a string, or a float in an array of length one. */
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

/** Name of the input value. */
export const IMAGE = "image";

/** Name of an exit's logits. The argument counts from 0. */
export function exitName(exit: number): string {
  return `exit${exit + 1}`;
}

/** A written channel range of a feature. */
interface Part {
  readonly value: string;
  readonly offset: number;
  readonly channels: number;
}

/** Collects nodes and constants, and records which values contain which channels. */
export class PartialGraph {
  /** Operations, in order of execution. */
  readonly nodes: OnnxNode[] = [];
  /** Constants. */
  readonly tensors: OnnxTensor[] = [];
  readonly #network: Network;
  /** Written ranges of each feature, by ascending channel. */
  readonly #parts: Part[][];
  /** Concatenations by the values that they join. */
  readonly #joined = new Map<string, string>();
  /** Zero-padded values by the values without padding. */
  readonly #padded = new Map<string, string>();

  /** Creates a graph with only the image. */
  constructor(network: Network) {
    this.#network = network;
    this.#parts = network.features.map(() => []);
    this.#parts[0] = [{ value: IMAGE, offset: 0, channels: network.features[0].channels }];
  }

  /** Appends an operation and returns the name of its output. */
  node(
    operator: string,
    inputs: readonly string[],
    attributes: OnnxNode["attributes"],
    output = `${operator}_${this.nodes.length}`,
  ): string {
    this.nodes.push({ operator, inputs, output, attributes });
    return output;
  }

  /** Adds a constant unless one with this name exists, and returns its name. */
  constant(name: string, shape: readonly number[], data: () => OnnxTensor["data"]): string {
    if (!this.tensors.some((tensor) => tensor.name === name)) this.tensors.push({ name, shape, data: data() });
    return name;
  }

  /** Records which value contains the channels of a view. */
  write({ feature, offset, channels }: View, value: string): void {
    this.#parts[feature].push({ value, offset, channels });
    this.#parts[feature].sort((a, b) => a.offset - b.offset);
  }

  /** The value of a view. If several ranges were written, they are concatenated. */
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

  /**
   * Appends an exit's logits under a name. For a boosted exit, `reweight` times those of the previous exit are added.
   */
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

  /** Appends channels of zeros to a value. */
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
    // The stride equals the window, so that only one window fits and only the top left average remains.
    const size = [window.height, window.width];
    return this.node("Flatten", [this.node("AveragePool", [value], { kernel_shape: size, strides: size })], {});
  }
}

/** Attributes of a convolution with padding `kernel >> 1`. */
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

/** Scale factor of a side in float32. */
function scaleTo(from: number, to: number): number {
  const nearest = Math.fround(to / from);
  // Runtimes round the output size down from a product that is exact in some and float32 in others. Therefore the scale
  // must not be below the exact quotient.
  return nearest * from < to ? nearest * (1 + 2 ** -22) : nearest;
}

/** A size as part of a tensor's name. */
function nameOfSize({ height, width }: Size): string {
  return height === width ? `${height}` : `${height}x${width}`;
}

/**
 * Number of zero channels to append to an input so that ONNX Runtime Web (1.23.2 to 1.30.0) computes the convolution
 * correctly on WebGPU. Its results are wrong if the number of input channels is a multiple of 3, but neither 3 nor a
 * multiple of 4, and the number of output channels is a multiple of 4. 1×1 convolutions with stride 1 are computed as
 * matrix products and are correct.
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

/** Pads a matrix with zeros to a total of `columns`. */
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
