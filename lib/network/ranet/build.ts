/**
 * Builds a RANet: the initial network, then the sub-networks block by block, with an exit after every conv block.
 * Follows section 3 of its paper (Yang et al., CVPR 2020, arXiv 2003.07326) and its authors' code.
 *
 * @module
 */

import { denseSettings, inputSize } from "../common.ts";
import { Graph } from "../graph.ts";
import type { BlockKind, Network, View } from "../network.ts";
import { appendHead, appendStem, appendTransition } from "../parts.ts";
import { strided } from "../size.ts";
import { blockSettings, type RanetSpec } from "./architecture.ts";
import { appendConvBlock, appendFusionBlock, type BlockScope, type KeptList } from "./blocks.ts";

/** Builds a RANet. */
export function buildRanet(spec: RanetSpec): Network {
  const graph = new Graph(spec.activation);
  const bases = appendInitialNetwork(graph, spec);
  let [blocks, exits] = [0, 0];
  let coarser: KeptList[] = [];
  spec.subnetworks.forEach((subnetwork, s) => {
    const lists: KeptList[] = [];
    let features = bases[s];
    for (let j = 0; j < subnetwork.blocks; j++) {
      const { layers: depth, growth, compress } = blockSettings(spec, s, j);
      const title = `sub-network ${s + 1}, block ${j + 1}`;
      const transition = subnetwork.transitions.includes(j + 1);
      const { result: { kept, width, output }, layers } = graph.record(() =>
        appendBlock(
          {
            graph,
            name: `scale_flows.${s}.${j}`,
            title,
            layers: depth,
            growth,
            bottleneck: subnetwork.bottleneck,
            dense: denseSettings(spec, subnetwork),
          },
          features,
          { spec, s, j, coarser: coarser[j] },
        )
      );
      const hasCoarser = j < coarser.length;
      const fusion = hasCoarser ? subnetwork.fusion[j] : "none";
      const takes = fusion !== "none" && compress > 0;
      const kind = fusion === "down-conv" || takes ? fusion as BlockKind : "conv";
      const source = takes ? { row: s - 1, column: j } : undefined;
      const place = { row: s, column: j, kind, source, depth, transition };
      const block = graph.block(place, { layers, output, width });
      lists.push(kept);
      features = output;
      blocks++;
      if (spec.exits === undefined ? hasCoarser : spec.exits !== "all" && !spec.exits.includes(blocks)) continue;
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
    columns: spec.layers.map((_, j) => ({ name: `block ${j + 1}`, layers: layersOf(spec, j) })),
  });
}

/** Number or range of layers in the blocks of a column. */
function layersOf(spec: RanetSpec, j: number): string {
  const counts = spec.subnetworks.flatMap(({ blocks }, s) => j < blocks ? [blockSettings(spec, s, j).layers] : []);
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  if (least < most) return `${least}–${most} layers`;
  return most === 1 ? "1 layer" : `${most} layers`;
}

/** Appends the initial network and returns one base feature per sub-network, coarsest first. */
function appendInitialNetwork(graph: Graph, { baseFeatures, input, stem }: RanetSpec): View[] {
  const finestFirst = baseFeatures.toReversed();
  let view = graph.feature("image", inputSize(input), input.mean.length);
  const views = finestFirst.map(({ channels, divisor }, i) => {
    const title = `base feature ${finestFirst.length - i}`;
    const name = `FirstLayer.layers.${i}`;
    if (i === 0) return view = appendStem(graph, view, { stem, channels, name, title });
    const stride = divisor === finestFirst[i - 1].divisor ? 1 : 2;
    const output = graph.feature(title, strided(graph.size(view), stride), channels);
    graph.convolution(view, output, { name: `${name}.net`, kernel: 3, stride });
    return view = output;
  });
  return views.toReversed();
}

/** Appends block j of sub-network s, with its transition. */
function appendBlock(
  scope: BlockScope,
  input: View,
  options: { spec: RanetSpec; s: number; j: number; coarser: KeptList | undefined },
): { kept: KeptList; width: number; output: View } {
  const { spec, s, j, coarser } = options;
  const { fusion, transitions } = spec.subnetworks[s];
  const { compress, reduction } = blockSettings(spec, s, j);
  const kind = coarser ? fusion[j] : "none";
  const { kept, output } = coarser && kind !== "none"
    ? appendFusionBlock(scope, input, {
      coarser,
      coarserBottleneck: spec.subnetworks[s - 1].bottleneck,
      compress,
      fusion: kind,
    })
    : appendConvBlock(scope, input);
  const width = output.channels;
  if (!transitions.includes(j + 1)) return { kept, width, output };
  const { graph, name, title } = scope;
  const channels = Math.floor(reduction * width);
  return { kept, width, output: appendTransition(graph, output, { name: `${name}.trans.net`, title, channels }) };
}
