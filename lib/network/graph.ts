/**
 * A network under construction: features, which may still get more channels, layers, blocks and exits.
 *
 * @module
 */

import type { Activation } from "./activation.ts";
import { layerFlops, layerParams } from "./cost.ts";
import { findDependents } from "./dependents.ts";
import type { Block, Exit, Feature, Layer, Network, View } from "./network.ts";
import type { Size } from "./size.ts";

/** A block before its dependents are known. */
export type BlockPlace = Omit<Block, "size" | "channels" | "width" | "exit">;

/** Collects the parts of a network while it is built. */
export class Graph {
  readonly #features: { name: string; size: Size; channels: number }[] = [];
  readonly #blocks: (Omit<Block, "exit"> & { readonly layers: readonly Layer[] })[] = [];
  readonly #exits: Pick<Exit, "label" | "block" | "size" | "channels" | "layers">[] = [];
  #layers: Layer[] = [];
  readonly #activation: Activation;

  /** Creates a network whose convolutions use this activation. */
  constructor(activation: Activation = "relu") {
    this.#activation = activation;
  }

  /** All features so far. */
  get features(): readonly Feature[] {
    return this.#features;
  }

  /** Adds a feature and returns the view of all its channels. */
  feature(name: string, size: Size, channels: number): View {
    this.#features.push({ name, size, channels });
    return { feature: this.#features.length - 1, offset: 0, channels };
  }

  /** Height and width of a view. */
  size(view: View): Size {
    return this.#features[view.feature].size;
  }

  /**
   * Appends channels to the feature of a view, which must contain all of its channels, and returns the view of the new
   * ones.
   */
  extend(view: View, channels: number): View {
    const feature = this.#features[view.feature];
    const offset = view.channels;
    if (view.offset !== 0 || offset !== feature.channels) throw new Error(`${feature.name} cannot grow here`);
    feature.channels += channels;
    return { feature: view.feature, offset, channels };
  }

  /** Appends a layer. */
  append(layer: Layer): void {
    this.#layers.push(layer);
  }

  /** Appends a convolution with batch norm and activation. Their names are `name` with `index` and `index + 1`. */
  convolution(
    input: View,
    output: View,
    options: { name: string; index?: number; kernel?: number; stride?: number; bias?: boolean },
  ): void {
    const { name, index = 0, kernel = 1, stride = 1, bias = false } = options;
    this.append({
      kind: "convolution",
      reads: [input],
      writes: [output],
      kernel,
      stride,
      name: `${name}.${index}`,
      bias,
      norm: `${name}.${index + 1}`,
      activation: this.#activation,
    });
  }

  /** Appends a depthwise convolution with batch norm and activation. */
  depthwise(
    input: View,
    output: View,
    { name, index, kernel, stride = 1 }: { name: string; index: number; kernel: number; stride?: number },
  ): void {
    this.append({
      kind: "depthwise",
      reads: [input],
      writes: [output],
      kernel,
      stride,
      name: `${name}.${index}`,
      norm: `${name}.${index + 1}`,
      activation: this.#activation,
    });
  }

  /**
   * Appends squeeze-and-excitation: the mean of each channel, two linear layers with a ReLU between them, and the
   * product of each channel and its gate. Returns the gated channels.
   */
  excite(input: View, { name, title, hidden }: { name: string; title: string; hidden: number }): View {
    const { channels } = input;
    const pixel = { height: 1, width: 1 };
    const [means, inner, gates] = [channels, hidden, channels].map((count) =>
      this.feature(`${title}, squeeze-and-excitation`, pixel, count)
    );
    const linear = (from: View, to: View, part: string, activation: Activation): Layer => ({
      kind: "convolution",
      reads: [from],
      writes: [to],
      kernel: 1,
      stride: 1,
      name: `${name}.${part}`,
      bias: true,
      activation,
    });
    this.append({ kind: "squeeze", reads: [input], writes: [means], name: `${name}.squeeze` });
    this.append(linear(means, inner, "fc1", "relu"));
    this.append(linear(inner, gates, "fc2", "none"));
    const output = this.feature(`${title}, gated`, this.size(input), channels);
    // MobileNetV3 uses the hard variant of both functions, EfficientNet of neither.
    const gate = this.#activation === "hard-swish" ? "hard-sigmoid" : "sigmoid";
    this.append({ kind: "excitation", reads: [input, gates], writes: [output], gate, name: `${name}.excitation` });
    return output;
  }

  /** Runs an action and returns the layers that it appended. */
  record<Result>(action: () => Result): { readonly result: Result; readonly layers: readonly Layer[] } {
    const start = this.#layers.length;
    const result = action();
    return { result, layers: this.#layers.slice(start) };
  }

  /**
   * Adds a block and returns its index.
   *
   * @param place Its place and kind.
   * @param parts `layers`: its layers; `output`: its output; `width`: the largest number of channels inside it.
   */
  block(place: BlockPlace, parts: { layers: readonly Layer[]; output: View; width: number }): number {
    const { layers, output, width } = parts;
    this.#blocks.push({ ...place, layers, width, size: this.size(output), channels: output.channels });
    return this.#blocks.length - 1;
  }

  /** Adds an exit for all layers since the previous one. Its head reads `view`. */
  exit(label: string, block: number, { feature, channels }: View): void {
    const { size } = this.#features[feature];
    this.#exits.push({ label, block, size, channels, layers: this.#layers });
    this.#layers = [];
  }

  /** The whole network. */
  network(about: Pick<Network, "spec" | "family" | "rowName" | "rows" | "direction" | "columns">): Network {
    const dependents = findDependents(this.#exits.map(({ layers }) => layers));
    const last = this.#exits.length - 1;
    const firstExit = (layer: Layer) => dependents.get(layer)?.[0] ?? last;
    const run = this.#exits.map(() => 0);
    for (const [layer, [first]] of dependents) {
      if (first !== undefined) run[first] += layerFlops(layer, this.#features);
    }
    let [cumulativeFlops, cumulativeRunFlops, cumulativeParams] = [0, 0, 0];
    const exits = this.#exits.map((exit, k) => {
      for (const layer of exit.layers) {
        cumulativeFlops += layerFlops(layer, this.#features);
        cumulativeParams += layerParams(layer);
      }
      cumulativeRunFlops += run[k];
      return { ...exit, cumulativeFlops, cumulativeRunFlops, cumulativeParams };
    });
    const blocks = this.#blocks.map(({ layers, ...block }) => ({ ...block, exit: Math.min(...layers.map(firstExit)) }));
    return { ...about, features: this.#features, exits, blocks };
  }
}
