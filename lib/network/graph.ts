/**
 * A network in the making: features that may still grow by channels, and the layers appended so far.
 *
 * @module
 */

import type { Feature, Layer, View } from "./network.ts";

/** Collects features and layers while a network is built. */
export class Graph {
  readonly #features: { name: string; size: number; channels: number }[] = [];
  #layers: Layer[] = [];

  /** All features so far. */
  get features(): readonly Feature[] {
    return this.#features;
  }

  /** Adds a feature and returns the view of all its channels. */
  feature(name: string, size: number, channels: number): View {
    this.#features.push({ name, size, channels });
    return { feature: this.#features.length - 1, offset: 0, channels };
  }

  /** Height and width of a view. */
  size(view: View): number {
    return this.#features[view.feature].size;
  }

  /** Appends channels behind a view of all its feature's channels so far, and returns the view of the new ones. */
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

  /** Appends conv-BN-ReLU, whose convolution is `index` and batch norm `index + 1` under `name`. */
  convolution(
    input: View,
    output: View,
    options: { name: string; index?: number; kernel?: number; stride?: number; bias?: boolean },
  ): void {
    const { name, index = 0, kernel = 1, stride = 1, bias = false } = options;
    this.append({
      kind: "convolution",
      input,
      output,
      kernel,
      stride,
      name: `${name}.${index}`,
      bias,
      norm: `${name}.${index + 1}`,
      relu: true,
    });
  }

  /** The layers appended since the last call. */
  takeLayers(): Layer[] {
    const layers = this.#layers;
    this.#layers = [];
    return layers;
  }
}
