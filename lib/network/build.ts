/**
 * An architecture's network: the initial network, then the sub-networks block by block, with an exit after every conv
 * block. Follows section 3 of the RANet paper (Yang et al., CVPR 2020, arXiv 2003.07326) and its authors' code.
 *
 * @module
 */

import type { ArchitectureSpec } from "../spec/architecture.ts";
import { appendConvBlock, appendFusionBlock, type BlockScope, type KeptList } from "./blocks.ts";
import { layerFlops, layerParams } from "./cost.ts";
import { Graph } from "./graph.ts";
import type { Exit, Network, View } from "./network.ts";

/**
 * Builds the network of an architecture.
 *
 * @param spec A validated architecture.
 * @returns Its features, layers and exits, with cumulative operation and parameter counts (counted as the paper's authors
 * count them: `lib/network/cost.ts`).
 *
 * @example
 * ```ts
 * import { buildNetwork, readSpec } from "@ranet/ranet";
 *
 * const { exits } = buildNetwork(await readSpec("ranet-cifar10"));
 * console.log(exits[0].cumulativeFlops, exits[5].cumulativeFlops); // 8360714 58921020
 * ```
 */
export function buildNetwork(spec: ArchitectureSpec): Network {
  const graph = new Graph();
  const baseFeatures = appendInitialNetwork(graph, spec);
  const exits: Exit[] = [];
  let cumulativeFlops = 0;
  let cumulativeParams = 0;
  let coarser: KeptList[] = [];

  spec.subnetworks.forEach((subnetwork, s) => {
    const kept: KeptList[] = [];
    let features = baseFeatures[s];
    for (let j = 0; j < subnetwork.blocks; j++) {
      const scope: BlockScope = {
        graph,
        name: `scale_flows.${s}.${j}`,
        title: `sub-network ${s + 1}, block ${j + 1}`,
        layers: spec.layers[j],
        growth: subnetwork.growth,
        bottleneck: subnetwork.bottleneck,
      };
      const isFusion = j < coarser.length;
      const block = isFusion
        ? appendFusionBlock(scope, features, {
          coarser: coarser[j],
          coarserBottleneck: spec.subnetworks[s - 1].bottleneck,
          compress: spec.compress,
          fusion: subnetwork.fusion[j],
        })
        : appendConvBlock(scope, features);
      kept.push(block.kept);
      features = block.output;
      if (subnetwork.transitions.includes(j + 1)) {
        const channels = Math.floor(spec.reduction * features.channels);
        const output = graph.feature(`${scope.title}, transition`, graph.size(features), channels);
        graph.convolution(features, output, { name: `${scope.name}.trans.net` });
        features = output;
      }
      if (isFusion) continue;

      appendHead(graph, spec, features, exits.length);
      const layers = graph.takeLayers();
      for (const layer of layers) {
        cumulativeFlops += layerFlops(layer, graph.features);
        cumulativeParams += layerParams(layer);
      }
      const { channels } = features;
      exits.push({
        subnetwork: s + 1,
        block: j + 1,
        size: graph.size(features),
        channels,
        layers,
        cumulativeFlops,
        cumulativeParams,
      });
    }
    coarser = kept;
  });
  return { spec, features: graph.features, exits };
}

/** The initial network: one base feature per sub-network, returned coarsest first. */
function appendInitialNetwork(graph: Graph, spec: ArchitectureSpec): View[] {
  const finestFirst = spec.baseFeatures.toReversed();
  let view = graph.feature("image", spec.input.size, 3);
  const views = finestFirst.map(({ channels, divisor }, i) => {
    const title = `base feature ${finestFirst.length - i}`;
    const name = `FirstLayer.layers.${i}.net`;
    const input = view;
    if (i > 0) {
      const stride = divisor === finestFirst[i - 1].divisor ? 1 : 2;
      view = graph.feature(title, Math.ceil(graph.size(input) / stride), channels);
      graph.convolution(input, view, { name, kernel: 3, stride });
    } else if (spec.stem === "conv3x3") {
      view = graph.feature(title, graph.size(input), channels);
      graph.convolution(input, view, { name, kernel: 3 });
    } else {
      const stem = graph.feature("stem", Math.ceil(graph.size(input) / 2), channels);
      graph.convolution(input, stem, { name: "FirstLayer.layers.0", kernel: 7, stride: 2, bias: true });
      view = graph.feature(title, Math.ceil(graph.size(stem) / 2), channels);
      graph.append({ kind: "max-pool", input: stem, output: view });
    }
    return view;
  });
  return views.toReversed();
}

/** Two convolutions of stride 2, average pooling to one pixel, and a linear layer. */
function appendHead(graph: Graph, spec: ArchitectureSpec, features: View, k: number): void {
  const channels = spec.headChannels === "input" ? features.channels : spec.headChannels;
  let view = features;
  for (let i = 0; i < 2; i++) {
    const output = graph.feature(`exit ${k + 1}, head`, Math.ceil(graph.size(view) / 2), channels);
    graph.convolution(view, output, { name: `classifier.${k}.m.${i}.net`, kernel: 3, stride: 2 });
    view = output;
  }
  // The authors pool 2×2 of at most 3×3 pixels; larger features, which their code cannot run, are pooled whole.
  const size = graph.size(view);
  const pool = size < 4 ? 2 : size;
  graph.append({ kind: "classifier", input: view, pool, classes: spec.classes.length, name: `classifier.${k}.linear` });
}
