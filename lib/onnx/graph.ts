/**
 * A network as an ONNX graph. Where the network writes channel ranges of a feature, each range is a value of its own,
 * and whoever reads several of them reads their Concat.
 *
 * @module
 */

import { RanetError } from "../errors.ts";
import type { Activation, Gate } from "../network/activation.ts";
import type { Convolution, DepthwiseConvolution, Layer, Network, View } from "../network/network.ts";
import { isSameSize, type Size } from "../network/size.ts";
import type { FoldedWeights } from "../weights/fold.ts";

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
  /** Numbers in row-major order: float32, or int64 where the standard asks for that. */
  readonly data: Float32Array | BigInt64Array;
}

/** A value that goes in or comes out; its first dimension is the batch. */
export interface OnnxPort {
  /** Its name. */
  readonly name: string;
  /** The other dimensions. */
  readonly shape: readonly number[];
}

/** A graph over one batch of images. */
export interface OnnxGraph {
  /** The normalised images. */
  readonly input: OnnxPort;
  /** Logits, as many as there are exits. */
  readonly outputs: readonly OnnxPort[];
  /** Operations in order of execution. */
  readonly nodes: readonly OnnxNode[];
  /** Weights. */
  readonly tensors: readonly OnnxTensor[];
}

/** A channel range of a feature that has been written. */
interface Part {
  readonly value: string;
  readonly offset: number;
  readonly channels: number;
}

/** Which part of a network the graph has, and what its values are called. */
export interface OnnxGraphOptions {
  /** Cut the network at this exit, counted from 1, and leave out what only others need. Default: all exits. */
  readonly exit?: number;
  /** Other names than `image` and `exit1`, `exit2`, …; of the output, only where there is one. */
  readonly names?: { readonly input: string; readonly output: string };
}

/**
 * Makes the graph of a network.
 *
 * @param network What to run.
 * @param weights Its weights.
 * @param options What to leave out, and names.
 * @throws {RanetError} If there is no such exit.
 */
export function onnxGraph(network: Network, weights: FoldedWeights, options: OnnxGraphOptions = {}): OnnxGraph {
  const { exit, names: own } = options;
  const { exits, features, spec } = network;
  if (exit !== undefined && exits[exit - 1] === undefined) {
    throw new RanetError(`Cannot cut ${spec.name} at exit ${exit}: expected a whole number from 1 to ${exits.length}`);
  }
  const builder = new Builder(network, weights);
  exits.slice(0, exit).forEach(({ layers }, k) => layers.forEach((layer) => builder.append(layer, `exit${k + 1}`)));
  const names = exits.map((_, k) => `exit${k + 1}`).filter((_, k) => exit === undefined || k === exit - 1);
  const { channels, size } = features[0];
  return renamed({
    input: { name: IMAGE, shape: [channels, size.height, size.width] },
    outputs: names.map((name) => ({ name, shape: [spec.classes.length] })),
    ...keepNeeded(builder, names),
  }, own ? new Map([[IMAGE, own.input], [names[names.length - 1], own.output]]) : new Map());
}

/** The graph with other names for some values. */
function renamed(graph: OnnxGraph, names: ReadonlyMap<string, string>): OnnxGraph {
  const nameOf = (name: string) => names.get(name) ?? name;
  const port = ({ name, shape }: OnnxPort): OnnxPort => ({ name: nameOf(name), shape });
  const nodes = graph.nodes.map((node) => ({ ...node, inputs: node.inputs.map(nameOf), output: nameOf(node.output) }));
  return { ...graph, nodes, input: port(graph.input), outputs: graph.outputs.map(port) };
}

const IMAGE = "image";

class Builder {
  readonly nodes: OnnxNode[] = [];
  readonly tensors: OnnxTensor[] = [];
  readonly #network: Network;
  readonly #weights: FoldedWeights;
  /** What has been written of each feature, by ascending channel. */
  readonly #parts: Part[][];
  /** Concatenations, by the values that they join. */
  readonly #joined = new Map<string, string>();
  /** Values with channels of zeros behind them, by those without. */
  readonly #padded = new Map<string, string>();

  constructor(network: Network, weights: FoldedWeights) {
    this.#network = network;
    this.#weights = weights;
    this.#parts = network.features.map(() => []);
    this.#parts[0] = [{ value: IMAGE, offset: 0, channels: network.features[0].channels }];
  }

  /** Appends what computes a layer; `exit` is what a classifier's logits are called. */
  append(layer: Layer, exit: string): void {
    const [input, gates] = layer.reads.map((view) => this.#read(view));
    switch (layer.kind) {
      case "convolution":
        return this.#write(layer.writes[0], this.#convolve(layer, input));
      case "depthwise":
        return this.#write(layer.writes[0], this.#convolveDepthwise(layer, input));
      case "squeeze":
        return this.#write(layer.writes[0], this.#node("GlobalAveragePool", [input], {}));
      case "excitation":
        return this.#write(layer.writes[0], this.#node("Mul", [input, this.#gate(gates, layer.gate)], {}));
      case "max-pool": {
        const attributes = { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] };
        return this.#write(layer.writes[0], this.#node("MaxPool", [input], attributes));
      }
      case "resize": {
        const { reads: [from], writes: [to] } = layer;
        return this.#write(to, this.#resize(input, this.#sizeOf(from), this.#sizeOf(to)));
      }
      case "classifier": {
        // As far apart as wide, a second window finds no room: what is left is the pixel of the top left one.
        const window = [layer.pool.height, layer.pool.width];
        const pooled = this.#node("AveragePool", [input], { kernel_shape: window, strides: window });
        const flat = this.#node("Flatten", [pooled], {});
        const parameters = this.#parameters(layer.name, [layer.classes, layer.reads[0].channels]);
        this.#node("Gemm", [flat, ...parameters], { transB: 1 }, exit);
        break;
      }
      default:
        layer satisfies never;
    }
  }

  #sizeOf({ feature }: View): Size {
    return this.#network.features[feature].size;
  }

  #convolve(
    { reads: [input], writes: [output], kernel, stride, activation, name }: Convolution,
    value: string,
  ): string {
    const shape = [output.channels, input.channels, kernel, kernel];
    const zeros = kernel === 1 && stride === 1 ? 0 : missingChannels(input.channels, output.channels);
    const parameters = this.#parameters(name, shape, zeros);
    const attributes = {
      kernel_shape: [kernel, kernel],
      strides: [stride, stride],
      pads: new Array<number>(4).fill(kernel >> 1),
    };
    const sums = this.#node("Conv", [this.#pad(value, zeros), ...parameters], attributes);
    return this.#activate(sums, activation);
  }

  #convolveDepthwise(
    { writes: [{ channels }], kernel, stride, activation, name }: DepthwiseConvolution,
    value: string,
  ): string {
    const sums = this.#node("Conv", [value, ...this.#parameters(name, [channels, 1, kernel, kernel])], {
      kernel_shape: [kernel, kernel],
      strides: [stride, stride],
      pads: new Array<number>(4).fill(kernel >> 1),
      group: channels,
    });
    return this.#activate(sums, activation);
  }

  #gate(value: string, gate: Gate): string {
    switch (gate) {
      case "sigmoid":
        return this.#node("Sigmoid", [value], {});
      case "hard-sigmoid":
        return this.#node("HardSigmoid", [value], { alpha: new Float32Array([1 / 6]), beta: new Float32Array([0.5]) });
    }
  }

  #activate(value: string, activation: Activation): string {
    switch (activation) {
      case "none":
        return value;
      case "relu":
        return this.#node("Relu", [value], {});
      case "hard-swish":
        return this.#node("HardSwish", [value], {});
      case "silu":
        return this.#node("Mul", [value, this.#node("Sigmoid", [value], {})], {});
    }
  }

  #resize(value: string, from: Size, to: Size): string {
    if (isSameSize(from, to)) return value;
    const name = `scales_${nameOfSize(from)}_to_${nameOfSize(to)}`;
    if (!this.tensors.some((tensor) => tensor.name === name)) {
      const scales = [1, 1, scaleTo(from.height, to.height), scaleTo(from.width, to.width)];
      this.tensors.push({ name, shape: [4], data: new Float32Array(scales) });
    }
    return this.#node("Resize", [value, "", name], {
      mode: "linear",
      coordinate_transformation_mode: "align_corners",
    });
  }

  /** A value with channels of zeros behind its own. */
  #pad(value: string, zeros: number): string {
    if (zeros === 0) return value;
    const name = `pads_of_${zeros}`;
    if (!this.tensors.some((tensor) => tensor.name === name)) {
      this.tensors.push({ name, shape: [8], data: BigInt64Array.of(0n, 0n, 0n, 0n, 0n, BigInt(zeros), 0n, 0n) });
    }
    const padded = this.#padded.get(value) ?? this.#node("Pad", [value, name], { mode: "constant" });
    this.#padded.set(value, padded);
    return padded;
  }

  /** Adds a layer's weight, for an input with `zeros` more channels, and bias, and returns their names. */
  #parameters(name: string, [outputs, inputs, ...kernel]: readonly number[], zeros = 0): string[] {
    const { weight, bias } = this.#weights.get(name)!;
    const shape = [outputs, inputs + zeros, ...kernel];
    const data = zeros === 0 ? weight : padRows(weight, outputs, shape.slice(1).reduce((a, b) => a * b));
    this.tensors.push({ name: `${name}.weight`, shape, data }, {
      name: `${name}.bias`,
      shape: [shape[0]],
      data: bias,
    });
    return [`${name}.weight`, `${name}.bias`];
  }

  #node(
    operator: string,
    inputs: readonly string[],
    attributes: OnnxNode["attributes"],
    output = `${operator}_${this.nodes.length}`,
  ): string {
    this.nodes.push({ operator, inputs, output, attributes });
    return output;
  }

  #write({ feature, offset, channels }: View, value: string): void {
    this.#parts[feature].push({ value, offset, channels });
    this.#parts[feature].sort((a, b) => a.offset - b.offset);
  }

  /** The value of a view: what was written there, joined where it is more than one. */
  #read({ feature, offset, channels }: View): string {
    const end = offset + channels;
    const parts = this.#parts[feature].filter((part) => part.offset >= offset && part.offset + part.channels <= end);
    if (parts.reduce((sum, part) => sum + part.channels, 0) !== channels) {
      throw new Error(`${this.#network.features[feature].name}: channels ${offset} to ${end} are not whole ranges`);
    }
    const values = parts.map(({ value }) => value);
    if (values.length === 1) return values[0];
    const key = values.join();
    const joined = this.#joined.get(key) ?? this.#node("Concat", values, { axis: 1 });
    this.#joined.set(key, joined);
    return joined;
  }
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
 * Channels of zeros that an input needs, so that ONNX Runtime Web (1.23.2 to 1.30.0) computes the convolution rightly on WebGPU:
 * where the input's are a multiple of 3, but neither 3 nor a multiple of 4, and the output's a multiple of 4, its numbers are
 * wrong. Those of 1×1 with stride 1 are multiplied as matrices, and right.
 */
function missingChannels(inputs: number, outputs: number): number {
  const wrong = inputs % 3 === 0 && inputs > 3 && inputs % 4 !== 0 && outputs % 4 === 0;
  return wrong ? 4 - inputs % 4 : 0;
}

/** A matrix with columns of zeros behind its own, `columns` in all. */
function padRows(matrix: Float32Array, rows: number, columns: number): Float32Array {
  const before = matrix.length / rows;
  const padded = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) padded.set(matrix.subarray(row * before, (row + 1) * before), row * columns);
  return padded;
}

/** Nodes and tensors that the outputs depend on. */
function keepNeeded({ nodes, tensors }: Builder, outputs: readonly string[]): Pick<OnnxGraph, "nodes" | "tensors"> {
  const needed = new Set(outputs);
  const kept = nodes.toReversed().filter(({ output, inputs }) => {
    const keep = needed.has(output);
    if (keep) inputs.forEach((input) => needed.add(input));
    return keep;
  });
  return { nodes: kept.toReversed(), tensors: tensors.filter(({ name }) => needed.has(name)) };
}
