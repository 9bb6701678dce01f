/**
 * Plans of single layers, with a way to read their output. Runners return only logits, so each layer is followed by a probe:
 * a classifier that reads the whole output, pixels and channels, as one pixel. Runners read only images, so a sample's whole
 * arena is loaded as an image of a single pixel, and no other kernel takes part in what the layer under test reads.
 *
 * @module
 */

import type { Network } from "../../lib/network/network.ts";
import { areaOf, type Size, strided } from "../../lib/network/size.ts";
import { type Plan, quadsOf, type Region, type Step, type Wave } from "../../lib/planner/plan.ts";
import type { FoldedLayer } from "../../lib/weights/fold.ts";
import { randomArray } from "../fixtures.ts";
import type { Activation } from "../../lib/network/activation.ts";

/** One layer. It reads channels 0 … and writes from `offset` on. */
export interface Case {
  readonly kind: "convolution" | "max-pool" | "resize";
  readonly inSize: Size;
  readonly outSize: Size;
  readonly inChannels: number;
  readonly outChannels: number;
  /** First channel that is written. */
  readonly offset: number;
  /** Channels of the output's feature after those that are written. */
  readonly behind: number;
  readonly kernel: number;
  readonly stride: number;
  /** The activation at the end. */
  readonly activation: Activation;
}

/** A convolution. Properties that are not given follow from the others. */
export function convolutionCase(
  given: Pick<Case, "inSize" | "inChannels" | "outChannels"> & Partial<Case>,
): Case {
  const { stride = 1 } = given;
  return {
    kind: "convolution",
    outSize: strided(given.inSize, stride),
    offset: 0,
    behind: 0,
    kernel: 3,
    stride,
    activation: "relu",
    ...given,
  };
}

/** What a probe returns: a number of random sums of the output, or each number of the output. */
export type Probe = { readonly sums: number } | "numbers";

/** A plan with its weights. */
export interface ProbePlan {
  /** One stage per case: the layer, then its probe. */
  readonly plan: Plan;
  /** Weights of layers and probes. */
  readonly folded: ReadonlyMap<string, FoldedLayer>;
  /** The view that each case reads. */
  readonly inputs: readonly Region[];
  /** The feature that each case writes, including channels next to its own. */
  readonly outputs: readonly Region[];
  /** Length of a sample's arena, which is loaded as its image and holds the initial values of inputs and outputs. */
  readonly length: number;
}

/**
 * Builds the plan. With `numbers`, there must be one case; its numbers are returned in the arena's layout: pixel by pixel,
 * with channels padded to whole quads.
 */
export function probePlan(cases: readonly Case[], probe: Probe): ProbePlan {
  let quads = 0;
  const place = (size: Size, channels: number): Region => {
    const region = { offset: quads, pitch: quadsOf(channels), size, channel: 0, channels };
    quads += areaOf(size) * region.pitch;
    return region;
  };
  const inputs = cases.map(({ inSize, inChannels }) => place(inSize, inChannels));
  const outputs = cases.map((one) => place(one.outSize, one.offset + one.outChannels + one.behind));
  const folded = new Map(cases.map((one, i) => [`layer ${i}`, layerWeights(one, i)]));
  const classes = probe === "numbers" ? lengthOf(outputs[0]) : probe.sums;
  const stages = cases.map((one, exit): Wave[] => {
    folded.set(`probe ${exit}`, { weight: probeWeights(outputs[exit], probe, exit), bias: new Float32Array(classes) });
    return [[layerStep(one, exit, { input: inputs[exit], output: outputs[exit] })], [
      probeStep(outputs[exit], { classes, exit }),
    ]];
  });
  const plan: Plan = {
    network: networkOf([{ size: PIXEL, channels: 4 * quads }, ...inputs, ...outputs], classes),
    image: { offset: 0, pitch: quads, size: PIXEL, channel: 0, channels: 4 * quads },
    stages,
    zeroQuads: Math.max(...inputs.map(({ pitch }) => pitch)),
    sampleQuads: quads,
    liveQuads: quads,
  };
  return { plan, folded, inputs, outputs, length: 4 * quads };
}

/** Index of a channel's number at a pixel in a sample's arena. */
export function indexIn({ offset, pitch }: Pick<Region, "offset" | "pitch">, pixel: number, channel: number): number {
  return 4 * (offset + pixel * pitch) + channel;
}

const PIXEL: Size = { height: 1, width: 1 };

/** Not part of any network. */
const VIEW = { feature: 0, offset: 0, channels: 0 };

function layerStep(one: Case, i: number, { input, output }: { input: Region; output: Region }): Step {
  const { kind, kernel, stride, activation, offset, outChannels } = one;
  const own = { ...output, channel: offset, channels: outChannels };
  const places = { reads: [input], writes: [own] } as const;
  const views = { reads: [VIEW], writes: [VIEW] } as const;
  if (kind !== "convolution") return { kind, layer: { kind, ...views }, ...places } as Step;
  return { kind, layer: { kind, ...views, kernel, stride, name: `layer ${i}`, bias: true, activation }, ...places };
}

/** Reads a whole feature as one pixel. */
function probeStep(feature: Region, { classes, exit }: { classes: number; exit: number }): Step {
  return {
    kind: "classifier",
    layer: { kind: "classifier", reads: [VIEW], writes: [], exit, pool: PIXEL, classes, name: `probe ${exit}` },
    reads: [{ ...feature, size: PIXEL, channels: lengthOf(feature) }],
    writes: [],
  };
}

function layerWeights({ inChannels, outChannels, kernel }: Case, i: number): FoldedLayer {
  const fanIn = inChannels * kernel ** 2;
  return {
    weight: randomArray(outChannels * fanIn, i + 1).map((value) => value / Math.sqrt(fanIn)),
    bias: randomArray(outChannels, i + 100),
  };
}

function probeWeights(output: Region, probe: Probe, i: number): Float32Array {
  const length = lengthOf(output);
  if (probe === "numbers") return Float32Array.from({ length: length ** 2 }, (_, j) => Number(j % (length + 1) === 0));
  // Lanes that pad channels to a quad may contain anything.
  return randomArray(probe.sums * length, i + 200).map((value, j) =>
    j % (4 * output.pitch) < output.channels ? value : 0
  );
}

/** Number of floats of a feature in the arena. */
function lengthOf({ size, pitch }: Region): number {
  return 4 * areaOf(size) * pitch;
}

/** The properties of a network that runners use. */
function networkOf(features: readonly Pick<Region, "size" | "channels">[], classes: number): Network {
  return { spec: { name: "probe", classes: new Array<string>(classes) }, features, exits: [] } as unknown as Network;
}
