/**
 * Common parts of networks of all families: the first layer, bottlenecks, heads of exits.
 *
 * @module
 */

import type { CommonSpec, DenseSettings, HeadSpec, Stem, StemSpec } from "./common.ts";
import type { Graph } from "./graph.ts";
import type { View } from "./network.ts";
import { strided } from "./size.ts";

/**
 * Appends the first layer.
 *
 * @param graph The network under construction.
 * @param image The image.
 * @param options `name`: prefix of the parameters, without the `.net` of a 3×3 convolution; `title`: name of the result
 * for the user.
 * @returns The finest base feature.
 */
export function appendStem(
  graph: Graph,
  image: View,
  options: { stem: Stem; channels: number; name: string; title: string },
): View {
  const { channels, name, title } = options;
  const { kernel, stride, pool, channels: inner = channels } = stemSpec(options.stem);
  const isBase = inner === channels;
  const smaller = (view: View, stride: number, isLast: boolean) =>
    graph.feature(isLast ? title : "stem", strided(graph.size(view), stride), inner);
  let view = smaller(image, stride, isBase && !pool);
  // As in the authors' networks, a convolution before a max-pool has a bias.
  graph.convolution(image, view, pool ? { name, kernel, stride, bias: true } : { name: `${name}.net`, kernel, stride });
  if (pool) {
    const output = smaller(view, 2, isBase);
    graph.append({ kind: "max-pool", reads: [view], writes: [output] });
    view = output;
  }
  if (isBase) return view;
  const output = graph.feature(title, graph.size(view), channels);
  graph.convolution(view, output, { name: `${name}.base`, kernel: 3 });
  return output;
}

/** The settings of a stem, given by name or in full. */
export function stemSpec(stem: Stem): StemSpec {
  switch (stem) {
    case "conv3x3":
      return { kernel: 3, stride: 1, pool: false };
    case "conv7x7-pool":
      return { kernel: 7, stride: 2, pool: true };
    default:
      return stem;
  }
}

/**
 * Appends a 1×1 convolution to at most `factor · output.channels` channels, then either a k×k one, or a depthwise k×k
 * one and another 1×1 one. Squeeze-and-excitation, if enabled, gates the input of the last convolution.
 */
export function appendBottleneck(
  graph: Graph,
  input: View,
  output: View,
  options: { name: string; title: string; factor: number; dense: DenseSettings; stride?: number },
): void {
  const { name, title, factor, stride = 1, dense: { depthwise, kernel, seRatio } } = options;
  const channels = Math.min(input.channels, factor * output.channels);
  let view = graph.feature(`${title}, bottleneck`, graph.size(input), channels);
  graph.convolution(input, view, { name });
  let index = 3;
  if (depthwise) {
    const inner = graph.feature(`${title}, depthwise`, strided(graph.size(view), stride), channels);
    graph.depthwise(view, inner, { name, index, kernel, stride });
    view = inner;
    index += 3;
  }
  if (seRatio > 0) {
    const hidden = Math.max(1, Math.round(seRatio * channels));
    view = graph.excite(view, { name: `${name}.${index}`, title, hidden });
    index++;
  }
  graph.convolution(view, output, depthwise ? { name, index } : { name, index, kernel, stride });
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

/** The head of exit k. If a list is too short, which is only detected once exits are counted, any entry is returned. */
export function headOf(head: CommonSpec["head"], k: number): HeadSpec {
  return ("channels" in head ? head : head[k]) ?? { channels: "input", pool: "all" };
}

/** Appends the head of exit k: two convolutions with stride 2, the average of the pixels, and a linear layer. */
export function appendHead(graph: Graph, features: View, options: { spec: CommonSpec; k: number }): void {
  const { spec: { head, classes, reweight }, k } = options;
  const { channels: wanted, pool: pooled, depthwise } = headOf(head, k);
  const channels = wanted === "input" ? features.channels : wanted;
  let view = features;
  for (let i = 0; i < 2; i++) {
    const size = strided(graph.size(view), 2);
    const name = `classifier.${k}.m.${i}.net`;
    const output = graph.feature(`exit ${k + 1}, head`, size, channels);
    if (depthwise) {
      const inner = graph.feature(`exit ${k + 1}, head, depthwise`, size, view.channels);
      graph.depthwise(view, inner, { name, index: 0, kernel: 3, stride: 2 });
      graph.convolution(inner, output, { name, index: 3 });
    } else graph.convolution(view, output, { name, kernel: 3, stride: 2 });
    view = output;
  }
  // The authors pool 2×2 pixels, which is all that remain in the networks of the papers. Of 3×3 pixels it would ignore
  // five.
  graph.append({
    kind: "classifier",
    reads: [view],
    writes: [],
    exit: k,
    pool: pooled === "all" ? graph.size(view) : { height: pooled, width: pooled },
    classes: classes.length,
    ...k > 0 && reweight !== undefined && { reweight },
    name: `classifier.${k}.linear`,
  });
}
