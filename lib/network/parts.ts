/**
 * The parts that networks of all families are made of: the first layer, bottlenecks, exits' heads.
 *
 * @module
 */

import type { CommonSpec, Stem } from "./common.ts";
import type { Graph } from "./graph.ts";
import type { View } from "./network.ts";

/**
 * Appends the first layer.
 *
 * @param graph What to append to.
 * @param image What it reads.
 * @param options `name`: the parameters' prefix, without the `.net` of a 3×3 convolution; `title`: the result's, for people.
 * @returns The finest base feature.
 */
export function appendStem(
  graph: Graph,
  image: View,
  options: { stem: Stem; channels: number; name: string; title: string },
): View {
  const { stem, channels, name, title } = options;
  if (stem === "conv3x3") {
    const output = graph.feature(title, graph.size(image), channels);
    graph.convolution(image, output, { name: `${name}.net`, kernel: 3 });
    return output;
  }
  const inner = graph.feature("stem", Math.ceil(graph.size(image) / 2), channels);
  graph.convolution(image, inner, { name, kernel: 7, stride: 2, bias: true });
  const output = graph.feature(title, Math.ceil(graph.size(inner) / 2), channels);
  graph.append({ kind: "max-pool", reads: [inner], writes: [output] });
  return output;
}

/** Appends a 1×1 convolution to at most `factor · output.channels` channels, then a 3×3 one. */
export function appendBottleneck(
  graph: Graph,
  input: View,
  output: View,
  options: { name: string; title: string; factor: number; stride?: number },
): void {
  const { name, title, factor, stride } = options;
  const channels = Math.min(input.channels, factor * output.channels);
  const inner = graph.feature(`${title}, bottleneck`, graph.size(input), channels);
  graph.convolution(input, inner, { name });
  graph.convolution(inner, output, { name, index: 3, kernel: 3, stride });
}

/** Appends a 1×1 convolution to fewer channels, and returns its output. */
export function appendTransition(
  graph: Graph,
  input: View,
  options: { name: string; title: string; channels: number },
): View {
  const output = graph.feature(`${options.title}, transition`, graph.size(input), options.channels);
  graph.convolution(input, output, { name: options.name });
  return output;
}

/** Appends exit k's head: two convolutions of stride 2, the average of all pixels, and a linear layer. */
export function appendHead(graph: Graph, features: View, options: { spec: CommonSpec; k: number }): void {
  const { spec: { headChannels, classes }, k } = options;
  const channels = headChannels === "input" ? features.channels : headChannels;
  let view = features;
  for (let i = 0; i < 2; i++) {
    const output = graph.feature(`exit ${k + 1}, head`, Math.ceil(graph.size(view) / 2), channels);
    graph.convolution(view, output, { name: `classifier.${k}.m.${i}.net`, kernel: 3, stride: 2 });
    view = output;
  }
  // The authors pool 2×2, which of 3×3 pixels would leave out five; theirs are 2×2 in all networks of the papers.
  graph.append({
    kind: "classifier",
    reads: [view],
    writes: [],
    exit: k,
    pool: graph.size(view),
    classes: classes.length,
    name: `classifier.${k}.linear`,
  });
}
