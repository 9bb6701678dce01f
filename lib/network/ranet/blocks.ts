/**
 * The two kinds of block. A conv block is a dense block. A fusion block also uses the block with the same number in the
 * coarser sub-network.
 *
 * @module
 */

import type { Fusion } from "./architecture.ts";
import type { DenseSettings } from "../common.ts";
import type { Graph } from "../graph.ts";
import type { View } from "../network.ts";
import { appendBottleneck } from "../parts.ts";
import { isSameSize, strided } from "../size.ts";

/** The dense list x_0 … x_L of a block, which the next sub-network reads. */
export type KeptList = readonly View[];

/** Common arguments for building a block. */
export interface BlockScope {
  /** The network under construction. */
  readonly graph: Graph;
  /** Prefix of the names of its parameters. */
  readonly name: string;
  /** Name of its features for the user. */
  readonly title: string;
  /** Number of dense layers. */
  readonly layers: number;
  /** Number of channels that each layer adds. */
  readonly growth: number;
  /** Bottleneck factor. */
  readonly bottleneck: number;
  /** Settings of each layer. */
  readonly dense: DenseSettings;
}

/** A block's results. */
export interface BuiltBlock {
  /** Its output, before any transition. */
  readonly output: View;
  /** The list that the next sub-network reads. */
  readonly kept: KeptList;
}

/** Appends a conv block. Its layers append channels to the feature of `input`. */
export function appendConvBlock(scope: BlockScope, input: View): BuiltBlock {
  const { graph, name, title, growth, bottleneck: factor, dense } = scope;
  const kept = [input];
  let x = input;
  for (let i = 0; i < scope.layers; i++) {
    const output = graph.extend(x, growth);
    appendBottleneck(graph, x, output, { name: `${name}.layers.${i}.conv_normal.net`, title, factor, dense });
    x = { ...x, channels: x.channels + growth };
    kept.push(x);
  }
  return { output: x, kept };
}

/** Appends a fusion block. The output of a down-conv block has half the size. */
export function appendFusionBlock(
  scope: BlockScope,
  input: View,
  options: { coarser: KeptList; coarserBottleneck: number; compress: number; fusion: Exclude<Fusion, "none"> },
): BuiltBlock {
  const { graph, name, title, growth, bottleneck, dense } = scope;
  const { coarser, coarserBottleneck, compress, fusion } = options;
  /** Number of layers of the coarser block. If it has fewer, later layers read its last one. */
  const depth = coarser.length - 1;
  const upChannels = Math.floor(growth * compress);
  const kept = [input];
  let x = input;
  for (let i = 0; i < scope.layers; i++) {
    const stride = fusion === "down-conv" && i === scope.layers - 1 ? 2 : 1;
    const previous = x;
    if (stride === 2) {
      x = graph.feature(title, strided(graph.size(previous), 2), previous.channels);
      graph.append({ kind: "resize", reads: [previous], writes: [x] });
    }
    if (upChannels > 0) {
      const up = graph.extend(x, upChannels);
      x = { ...x, channels: x.channels + upChannels };
      const layer = { name: `${name}.layers.${i}.conv_up.net`, title, factor: coarserBottleneck, dense };
      const low = coarser[Math.min(i, depth)];
      appendResized(graph, low, up, (output) => appendBottleneck(graph, low, output, layer));
    }
    if (upChannels < growth) {
      const normal = graph.extend(x, growth - upChannels);
      x = { ...x, channels: x.channels + normal.channels };
      appendBottleneck(graph, previous, normal, {
        name: `${name}.layers.${i}.conv_normal.net`,
        title,
        factor: bottleneck,
        dense,
        stride,
      });
    }
    kept.push(x);
  }
  const low = coarser[depth];
  const lastChannels = Math.floor(x.channels * compress);
  if (lastChannels === 0) return { output: x, kept };
  const last = graph.extend(x, lastChannels);
  appendResized(graph, low, last, (output) => graph.convolution(low, output, { name: `${name}.conv_last.net` }));
  return { output: { ...x, channels: x.channels + last.channels }, kept };
}

/** Appends layers that compute `output` from `low` at the size of `low`, then a resize if sizes differ. */
function appendResized(graph: Graph, low: View, output: View, append: (output: View) => void): void {
  if (isSameSize(graph.size(low), graph.size(output))) return append(output);
  const small = graph.feature("fused channels", graph.size(low), output.channels);
  append(small);
  graph.append({ kind: "resize", reads: [small], writes: [output] });
}
