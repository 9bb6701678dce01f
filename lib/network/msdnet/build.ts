/**
 * Builds an MSDNet: features at several scales, computed layer by layer in parallel, with an exit on the coarsest scale
 * after every block. Follows section 4 of its paper (Huang et al., ICLR 2018, arXiv 1703.09844) and its authors' code.
 *
 * Scales are numbered as in the paper: 0 is the finest. All densely connected channels of a scale are one feature.
 *
 * @module
 */

import { denseSettings, inputSize } from "../common.ts";
import { Graph } from "../graph.ts";
import type { Column, Layer, Network, View } from "../network.ts";
import { appendBottleneck, appendHead, appendStem, appendTransition } from "../parts.ts";
import { strided } from "../size.ts";
import type { MsdnetSpec, ScaleSpec } from "./architecture.ts";

/** Builds an MSDNet. */
export function buildMsdnet(spec: MsdnetSpec): Network {
  return new Builder(spec).build();
}

/** A scale during a span of layers without structural changes: a box of the drawing. */
interface Span {
  readonly scale: number;
  readonly layers: Layer[];
  depth: number;
  strided: boolean;
  width: number;
}

class Builder {
  readonly #spec: MsdnetSpec;
  readonly #graph: Graph;
  /** Scales, finest first. */
  readonly #scales: readonly ScaleSpec[];
  /** Features by scale after the last layer. Dropped scales keep their last features. */
  readonly #views: View[];
  readonly #bases: readonly View[];
  readonly #columns: Column[] = [];
  #spans = new Map<number, Span>();
  /** Base channels plus growth so far, for a growth factor of 1. */
  #width: number;

  constructor(spec: MsdnetSpec) {
    this.#spec = spec;
    this.#graph = new Graph(spec.activation);
    this.#scales = spec.scales.toReversed();
    this.#width = spec.channels;
    this.#bases = this.#appendFirstLayer();
    this.#views = [...this.#bases];
  }

  build(): Network {
    const { layers, remaining, transitions } = this.#spec;
    const graph = this.#graph;
    let [n, exits] = [0, 0];
    /** First layer of the span. */
    let start = 1;
    layers.forEach((count, i) => {
      const last = n + count;
      let module = i === 0 ? 1 : 0;
      let exitBlock = 0;
      while (n < last) {
        n++;
        const name = () => `blocks.${i}.${module++}`;
        const before = remaining[n - 2] ?? this.#scales.length;
        const offset = this.#scales.length - remaining[n - 1];
        this.#appendLayer({ name: name(), n, offset, dropped: remaining[n - 1] < before });
        const transition = transitions.includes(n);
        if (transition) this.#appendTransition({ name: name(), n, offset });
        if (n < last && !transition && remaining[n - 1] === before) continue;
        exitBlock = this.#endSpan({ block: i + 1, start, n, offset, transition });
        start = n + 1;
      }
      const { exits: wanted = "all" } = this.#spec;
      if (wanted !== "all" && !wanted.includes(i + 1)) return;
      const features = this.#views[this.#scales.length - 1];
      appendHead(graph, features, { spec: this.#spec, k: exits++ });
      graph.exit(`block ${i + 1}`, exitBlock, features);
    });
    return graph.network({
      spec: this.#spec,
      family: "MSDNet",
      rowName: "scale",
      rows: this.#bases.map((view, s) => ({
        key: `scales[${this.#scales.length - 1 - s}]`,
        base: `scale ${s + 1}`,
        size: graph.size(view),
        channels: view.channels,
        note: this.#scales.length - s > remaining[n - 1] ? "dropped" : undefined,
      })),
      direction: "down",
      columns: this.#columns,
    });
  }

  /** One base feature per scale, finest first. */
  #appendFirstLayer(): View[] {
    const { input, stem, channels } = this.#spec;
    const graph = this.#graph;
    let view = graph.feature("image", inputSize(input), input.mean.length);
    return this.#scales.map(({ growthFactor }, s) => {
      const title = `scale ${s + 1}`;
      const name = `blocks.0.0.layers.${s}`;
      if (s === 0) return view = appendStem(graph, view, { stem, channels: channels * growthFactor, name, title });
      const output = graph.feature(title, strided(graph.size(view), 2), channels * growthFactor);
      graph.convolution(view, output, { name: `${name}.net`, kernel: 3, stride: 2 });
      return view = output;
    });
  }

  /** Appends layer n at every remaining scale. The finest one reads a finer scale only if that scale is dropped. */
  #appendLayer({ name, n, offset, dropped }: { name: string; n: number; offset: number; dropped: boolean }): void {
    const previous = [...this.#views];
    for (let s = offset; s < this.#scales.length; s++) {
      const strided = s > offset || dropped;
      this.#record(s, () => {
        const options = { name: `${name}.layers.${s - offset}`, title: `scale ${s + 1}, layer ${n}` };
        this.#views[s] = this.#appendDense(s, previous, { ...options, strided });
      });
      const span = this.#spans.get(s)!;
      span.depth++;
      span.strided ||= strided;
      span.width = this.#views[s].channels;
    }
    this.#width += this.#spec.growth;
  }

  /** Appends to x_s channels computed from it and, with stride 2, from the next finer scale. */
  #appendDense(
    s: number,
    previous: readonly View[],
    { name, title, strided }: { name: string; title: string; strided: boolean },
  ): View {
    const graph = this.#graph;
    const x = previous[s];
    const growth = this.#spec.growth * this.#scales[s].growthFactor;
    const dense = denseSettings(this.#spec);
    if (!strided) {
      const factor = this.#scales[s].bottleneck;
      appendBottleneck(graph, x, graph.extend(x, growth), { name: `${name}.conv_normal.net`, title, factor, dense });
      return { ...x, channels: x.channels + growth };
    }
    const half = Math.floor(growth / 2);
    const down = graph.extend(x, half);
    const downOptions = {
      name: `${name}.conv_down.net`,
      title,
      factor: this.#scales[s - 1].bottleneck,
      dense,
      stride: 2,
    };
    appendBottleneck(graph, previous[s - 1], down, downOptions);
    const wider = { ...x, channels: x.channels + half };
    const normalOptions = { name: `${name}.conv_normal.net`, title, factor: this.#scales[s].bottleneck, dense };
    appendBottleneck(graph, x, graph.extend(wider, half), normalOptions);
    return { ...x, channels: x.channels + 2 * half };
  }

  #appendTransition({ name, n, offset }: { name: string; n: number; offset: number }): void {
    this.#width = Math.floor(this.#spec.reduction * this.#width);
    for (let s = offset; s < this.#scales.length; s++) {
      this.#record(s, () => {
        this.#views[s] = appendTransition(this.#graph, this.#views[s], {
          name: `${name}.m.${s - offset}.net`,
          title: `scale ${s + 1}, layer ${n}`,
          channels: this.#width * this.#scales[s].growthFactor,
        });
      });
    }
  }

  /** Calls a function for the span of a scale. */
  #record(scale: number, action: () => void): void {
    if (!this.#spans.has(scale)) {
      this.#spans.set(scale, { scale, layers: [], depth: 0, strided: false, width: 0 });
    }
    this.#spans.get(scale)!.layers.push(...this.#graph.record(action).layers);
  }

  /** Adds a block for each span of a column and returns the index of the coarsest scale's block. */
  #endSpan(
    { block, start, n, offset, transition }: {
      block: number;
      start: number;
      n: number;
      offset: number;
      transition: boolean;
    },
  ): number {
    const column = this.#columns.length;
    this.#columns.push({ name: `block ${block}`, layers: start === n ? `layer ${n}` : `layers ${start}–${n}` });
    let index = 0;
    for (
      const { scale, layers, depth, strided, width } of [...this.#spans.values()].sort((a, b) => a.scale - b.scale)
    ) {
      index = this.#graph.block({
        row: scale,
        column,
        kind: strided ? "strided" : "conv",
        source: strided ? { row: scale - 1, column: column - 1 } : undefined,
        depth,
        transition: transition && scale >= offset,
      }, { layers, output: this.#views[scale], width });
    }
    this.#spans = new Map();
    return index;
  }
}
