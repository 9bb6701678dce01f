/**
 * A network as an ONNX graph.
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

/** Which part of a network the graph has, and what its values are called. */
export interface OnnxGraphOptions {
  /** Cut the network at this exit, counted from 1, and leave out what only others need. Default: all exits. */
  readonly exit?: number;
  /** Other names than `image` and `exit1`, `exit2`, …; of the output, only where there is one. */
  readonly names?: { readonly input: string; readonly output: string };
  /**
   * For a quantized model: whether a Clip after each convolution limits numbers to 127 steps, as this package does.
   * Without it ONNX Runtime is faster by a few per cent, features reach up to 255 steps, and processors without
   * instructions for 8-bit products (AVX2 alone) may give wrong sums. Default: true.
   */
  readonly clip?: boolean;
}

/**
 * Makes the graph of a network.
 *
 * @param network What to run.
 * @param weights Its weights, in floats or in eight bits.
 * @param options What to leave out, and names.
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

/** The graph with other names for some values. */
function renamed(graph: OnnxGraph, names: ReadonlyMap<string, string>): OnnxGraph {
  const nameOf = (name: string) => names.get(name) ?? name;
  const port = ({ name, shape }: OnnxPort): OnnxPort => ({ name: nameOf(name), shape });
  const nodes = graph.nodes.map((node) => ({ ...node, inputs: node.inputs.map(nameOf), output: nameOf(node.output) }));
  return { ...graph, nodes, input: port(graph.input), outputs: graph.outputs.map(port) };
}

/** Appends layers in floats. */
class FloatBuilder extends PartialGraph {
  readonly #network: Network;
  readonly #weights: FoldedWeights;

  constructor(network: Network, weights: FoldedWeights) {
    super(network);
    this.#network = network;
    this.#weights = weights;
  }

  /** Appends what computes a layer; `exit` is what a classifier's logits are called. */
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
}

/** Nodes and tensors that the outputs depend on. */
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
