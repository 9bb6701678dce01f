/**
 * Plans of single layers, with a way to see what they write. Runners hand out nothing but logits, so a probe is put
 * behind each layer: a classifier that takes its whole output, pixels and channels, for one pixel. Nor do they take
 * anything but images: to them a sample's whole arena is one, of a single pixel, so that no kernel but the one under test
 * has a part in what it reads.
 *
 * @module
 */

import type { Network } from "../../lib/network/network.ts";
import { areaOf, type Size, strided } from "../../lib/network/size.ts";
import { type Plan, quadsOf, type Region, type Step, type Wave } from "../../lib/planner/plan.ts";
import type { FoldedLayer } from "../../lib/weights/fold.ts";
import { randomArray } from "../fixtures.ts";
import type { Activation } from "../../lib/network/activation.ts";

/** One layer, reading channels 0 … and writing from `offset` on. */
export interface Case {
  readonly kind: "convolution" | "max-pool" | "resize";
  readonly inSize: Size;
  readonly outSize: Size;
  readonly inChannels: number;
  readonly outChannels: number;
  /** First channel written. */
  readonly offset: number;
  /** Channels of the output's feature behind those written. */
  readonly behind: number;
  readonly kernel: number;
  readonly stride: number;
  /** What comes last. */
  readonly activation: Activation;
}

/** A convolution whose other properties follow. */
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

/** What a probe gives: so many random sums of all the output's numbers, or each number by itself. */
export type Probe = { readonly sums: number } | "numbers";

/** A plan with its weights. */
export interface ProbePlan {
  /** A stage per case: the layer, then the probe. */
  readonly plan: Plan;
  /** Weights of layers and probes. */
  readonly folded: ReadonlyMap<string, FoldedLayer>;
  /** Where each case reads. */
  readonly inputs: readonly Region[];
  /** Where each case writes: its whole feature, channels beside its own included. */
  readonly outputs: readonly Region[];
  /** Numbers of a sample's arena, which are loaded as its image: whatever is to lie in inputs and outputs beforehand. */
  readonly length: number;
}

/**
 * Makes the plan. With `numbers` there may be one case only, and its numbers come as they lie in the arena: pixel by pixel,
 * channels padded to whole quads.
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

/** The index of a channel's number at a pixel in a sample's arena. */
export function indexIn({ offset, pitch }: Pick<Region, "offset" | "pitch">, pixel: number, channel: number): number {
  return 4 * (offset + pixel * pitch) + channel;
}

const PIXEL: Size = { height: 1, width: 1 };

/** Of no network. */
const VIEW = { feature: 0, offset: 0, channels: 0 };

function layerStep(one: Case, i: number, { input, output }: { input: Region; output: Region }): Step {
  const { kind, kernel, stride, activation, offset, outChannels } = one;
  const own = { ...output, channel: offset, channels: outChannels };
  const places = { reads: [input], writes: [own] } as const;
  const views = { reads: [VIEW], writes: [VIEW] } as const;
  if (kind !== "convolution") return { kind, layer: { kind, ...views }, ...places } as Step;
  return { kind, layer: { kind, ...views, kernel, stride, name: `layer ${i}`, bias: true, activation }, ...places };
}

/** Takes a whole feature for one pixel. */
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
  // Lanes that pad channels to a quad may hold anything.
  return randomArray(probe.sums * length, i + 200).map((value, j) =>
    j % (4 * output.pitch) < output.channels ? value : 0
  );
}

/** Floats of a feature, as it lies in the arena. */
function lengthOf({ size, pitch }: Region): number {
  return 4 * areaOf(size) * pitch;
}

/** As much of one as runners look at. */
function networkOf(features: readonly Pick<Region, "size" | "channels">[], classes: number): Network {
  return { spec: { name: "probe", classes: new Array<string>(classes) }, features, exits: [] } as unknown as Network;
}
