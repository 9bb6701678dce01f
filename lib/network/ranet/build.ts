/**
 * A RANet: the initial network, then the sub-networks block by block, with an exit after every conv block. Follows
 * section 3 of its paper (Yang et al., CVPR 2020, arXiv 2003.07326) and its authors' code.
 *
 * @module
 */

import { Graph } from "../graph.ts";
import type { Network, View } from "../network.ts";
import { appendHead, appendStem, appendTransition } from "../parts.ts";
import type { RanetSpec } from "./architecture.ts";
import { appendConvBlock, appendFusionBlock, type BlockScope, type KeptList } from "./blocks.ts";

/** Builds a RANet. */
export function buildRanet(spec: RanetSpec): Network {
  const graph = new Graph();
  const bases = appendInitialNetwork(graph, spec);
  let exits = 0;
  let coarser: KeptList[] = [];
  spec.subnetworks.forEach((subnetwork, s) => {
    const lists: KeptList[] = [];
    let features = bases[s];
    for (let j = 0; j < subnetwork.blocks; j++) {
      const title = `sub-network ${s + 1}, block ${j + 1}`;
      const transition = subnetwork.transitions.includes(j + 1);
      const { result: { kept, width, output }, layers } = graph.record(() =>
        appendBlock(
          {
            graph,
            name: `scale_flows.${s}.${j}`,
            title,
            layers: spec.layers[j],
            growth: subnetwork.growth,
            bottleneck: subnetwork.bottleneck,
          },
          features,
          { spec, s, j, coarser: coarser[j] },
        )
      );
      const isFusion = j < coarser.length;
      const place = {
        row: s,
        column: j,
        kind: isFusion ? subnetwork.fusion[j] : "conv",
        source: isFusion ? { row: s - 1, column: j } : undefined,
        depth: spec.layers[j],
        transition,
      } as const;
      const block = graph.block(place, { layers, output, width });
      lists.push(kept);
      features = output;
      if (isFusion) continue;
      appendHead(graph, features, { spec, k: exits++ });
      graph.exit(title, block, features);
    }
    coarser = lists;
  });
  return graph.network({
    spec,
    family: "RANet",
    rowName: "sub-network",
    rows: bases.map((view, s) => ({
      key: `subnetworks[${s}]`,
      base: `base ${s + 1}`,
      size: graph.size(view),
      channels: view.channels,
    })),
    direction: "up",
    columns: spec.layers.map((count, j) => ({
      name: `block ${j + 1}`,
      layers: count === 1 ? "1 layer" : `${count} layers`,
    })),
  });
}

/** The initial network: one base feature per sub-network, returned coarsest first. */
function appendInitialNetwork(graph: Graph, { baseFeatures, input, stem }: RanetSpec): View[] {
  const finestFirst = baseFeatures.toReversed();
  let view = graph.feature("image", input.size, 3);
  const views = finestFirst.map(({ channels, divisor }, i) => {
    const title = `base feature ${finestFirst.length - i}`;
    const name = `FirstLayer.layers.${i}`;
    if (i === 0) return view = appendStem(graph, view, { stem, channels, name, title });
    const stride = divisor === finestFirst[i - 1].divisor ? 1 : 2;
    const output = graph.feature(title, Math.ceil(graph.size(view) / stride), channels);
    graph.convolution(view, output, { name: `${name}.net`, kernel: 3, stride });
    return view = output;
  });
  return views.toReversed();
}

/** Block j of sub-network s, with its transition. */
function appendBlock(
  scope: BlockScope,
  input: View,
  options: { spec: RanetSpec; s: number; j: number; coarser: KeptList | undefined },
): { kept: KeptList; width: number; output: View } {
  const { spec: { subnetworks, compress, reduction }, s, j, coarser } = options;
  const { fusion, transitions } = subnetworks[s];
  const { kept, output } = coarser
    ? appendFusionBlock(scope, input, {
      coarser,
      coarserBottleneck: subnetworks[s - 1].bottleneck,
      compress,
      fusion: fusion[j],
    })
    : appendConvBlock(scope, input);
  const width = output.channels;
  if (!transitions.includes(j + 1)) return { kept, width, output };
  const { graph, name, title } = scope;
  const channels = Math.floor(reduction * width);
  return { kept, width, output: appendTransition(graph, output, { name: `${name}.trans.net`, title, channels }) };
}
