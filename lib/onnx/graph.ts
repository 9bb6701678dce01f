/**
 * Converts a network to an ONNX graph.
 *
 * @module
 */

import { RanetError } from "../errors.ts";
import type { Activation, Gate } from "../network/activation.ts";
import type { Convolution, DepthwiseConvolution, Layer, Network, View } from "../network/network.ts";
import type { Size } from "../network/size.ts";
import type { FoldedWeights } from "../weights/fold.ts";
import { areQuantized, type RunnableWeights } from "../weights/runnable.ts";
import {
  convolutionAttributes,
  exitName,
  IMAGE,
  missingChannels,
  type OnnxNode,
  type OnnxTensor,
  padRows,
  PartialGraph,
} from "./partial_graph.ts";
import { QuantizedBuilder } from "./quantized_graph.ts";

/** An input or output. Its first dimension is the batch. */
export interface OnnxPort {
  /** Name of the value. */
  readonly name: string;
  /** The other dimensions. */
  readonly shape: readonly number[];
}

/** A graph that computes a batch of images. */
export interface OnnxGraph {
  /** The normalised images. */
  readonly input: OnnxPort;
  /** Logits, one output per exit. */
  readonly outputs: readonly OnnxPort[];
  /** Operations in order of execution. */
  readonly nodes: readonly OnnxNode[];
  /** Weights. */
  readonly tensors: readonly OnnxTensor[];
}

/** Options of {@linkcode onnxGraph}. */
export interface OnnxGraphOptions {
  /** Export only this exit, counted from 1, and omit layers that it does not need. Default: all exits. */
  readonly exit?: number;
  /** Names to use instead of `image` and `exit1`, `exit2`, …. The output's applies only if there is a single one. */
  readonly names?: { readonly input: string; readonly output: string };
  /**
   * For a quantized model: whether a Clip after each convolution limits values to 127 steps, as in this package.
   * Without it, ONNX Runtime is a few per cent faster, but values reach 255 steps, and processors without instructions
   * for 8-bit dot products (only AVX2) may compute wrong sums. Default: true.
   */
  readonly clip?: boolean;
}

/**
 * Converts a network to a graph.
 *
 * @param network The network.
 * @param weights Its weights, in floating point or 8 bits.
 * @param options What to export, and names.
 * @throws {RanetError} If there is no such exit.
 */
export function onnxGraph(
  network: Network,
  weights: RunnableWeights,
  options: OnnxGraphOptions = {},
): OnnxGraph {
  const { exit, names: own, clip = true } = options;
  const { exits, features, spec } = network;
  if (exit !== undefined && exits[exit - 1] === undefined) {
    throw new RanetError(`Cannot cut ${spec.name} at exit ${exit}: expected a whole number from 1 to ${exits.length}`);
  }
  const builder = areQuantized(weights)
    ? new QuantizedBuilder(network, weights, { clip })
    : new FloatBuilder(network, weights);
  exits.slice(0, exit).forEach(({ layers }, k) => layers.forEach((layer) => builder.append(layer, exitName(k))));
  const names = exits.map((_, k) => exitName(k)).filter((_, k) => exit === undefined || k === exit - 1);
  const { channels, size } = features[0];
  return renamed({
    input: { name: IMAGE, shape: [channels, size.height, size.width] },
    outputs: names.map((name) => ({ name, shape: [spec.classes.length] })),
    ...keepNeeded(builder, names),
  }, own ? new Map([[IMAGE, own.input], [names[names.length - 1], own.output]]) : new Map());
}

/** Renames values of a graph. */
function renamed(graph: OnnxGraph, names: ReadonlyMap<string, string>): OnnxGraph {
  const nameOf = (name: string) => names.get(name) ?? name;
  const port = ({ name, shape }: OnnxPort): OnnxPort => ({ name: nameOf(name), shape });
  const nodes = graph.nodes.map((node) => ({ ...node, inputs: node.inputs.map(nameOf), output: nameOf(node.output) }));
  return { ...graph, nodes, input: port(graph.input), outputs: graph.outputs.map(port) };
}

/** Appends layers in floating point. */
class FloatBuilder extends PartialGraph {
  readonly #network: Network;
  readonly #weights: FoldedWeights;

  constructor(network: Network, weights: FoldedWeights) {
    super(network);
    this.#network = network;
    this.#weights = weights;
  }

  /** Appends the operations of a layer. `exit` is the name of a classifier's logits. */
  append(layer: Layer, exit: string): void {
    const [input, gates] = layer.reads.map((view) => this.read(view));
    switch (layer.kind) {
      case "convolution":
        return this.write(layer.writes[0], this.#convolve(layer, input));
      case "depthwise":
        return this.write(layer.writes[0], this.#convolveDepthwise(layer, input));
      case "squeeze":
        return this.write(layer.writes[0], this.node("GlobalAveragePool", [input], {}));
      case "excitation":
        return this.write(layer.writes[0], this.node("Mul", [input, this.#gate(gates, layer.gate)], {}));
      case "max-pool":
        return this.write(layer.writes[0], this.maxPool(input));
      case "resize": {
        const { reads: [from], writes: [to] } = layer;
        return this.write(to, this.resize(input, this.#sizeOf(from), this.#sizeOf(to)));
      }
      case "classifier": {
        const parameters = this.#parameters(layer.name, [layer.classes, layer.reads[0].channels]);
        const { reweight } = this.#weights.get(layer.name)!;
        this.logits(layer, exit, { means: this.pool(input, layer.pool), parameters, reweight });
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
    const zeros = missingChannels({ kernel, stride, inputs: input.channels, outputs: output.channels });
    const parameters = this.#parameters(name, shape, zeros);
    const attributes = convolutionAttributes({ kernel, stride });
    const sums = this.node("Conv", [this.pad(value, zeros), ...parameters], attributes);
    return this.#activate(sums, activation);
  }

  #convolveDepthwise(
    { writes: [{ channels }], kernel, stride, activation, name }: DepthwiseConvolution,
    value: string,
  ): string {
    const sums = this.node("Conv", [value, ...this.#parameters(name, [channels, 1, kernel, kernel])], {
      ...convolutionAttributes({ kernel, stride }),
      group: channels,
    });
    return this.#activate(sums, activation);
  }

  #gate(value: string, gate: Gate): string {
    switch (gate) {
      case "sigmoid":
        return this.node("Sigmoid", [value], {});
      case "hard-sigmoid":
        return this.node("HardSigmoid", [value], { alpha: new Float32Array([1 / 6]), beta: new Float32Array([0.5]) });
    }
  }

  #activate(value: string, activation: Activation): string {
    switch (activation) {
      case "none":
        return value;
      case "relu":
        return this.node("Relu", [value], {});
      case "hard-swish":
        return this.node("HardSwish", [value], {});
      case "silu":
        return this.node("Mul", [value, this.node("Sigmoid", [value], {})], {});
    }
  }

  /**
   * Adds a layer's weight and bias and returns their names. The weight is padded for an input with `zeros` more
   * channels.
   */
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
}

/** Keeps the nodes and tensors on which the outputs depend. */
function keepNeeded(
  { nodes, tensors }: PartialGraph,
  outputs: readonly string[],
): Pick<OnnxGraph, "nodes" | "tensors"> {
  const needed = new Set(outputs);
  const kept = nodes.toReversed().filter(({ output, inputs }) => {
    const keep = needed.has(output);
    if (keep) inputs.forEach((input) => needed.add(input));
    return keep;
  });
  return { nodes: kept.toReversed(), tensors: tensors.filter(({ name }) => needed.has(name)) };
}
