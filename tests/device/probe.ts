/**
 * Plans of single layers, with a way to see what they write. Runners hand out nothing but logits, so a probe is put
 * behind each layer: a classifier that takes its whole output, pixels and channels, for one pixel.
 *
 * @module
 */

import type { Feature, Layer, Network } from "../../lib/network/network.ts";
import { buildPlan } from "../../lib/planner/build.ts";
import { type Plan, quadsOf } from "../../lib/planner/plan.ts";
import type { FoldedLayer } from "../../lib/weights/fold.ts";
import { randomArray } from "../fixtures.ts";

/** One layer, reading channels 0 … and writing from `offset` on. */
export interface Case {
  readonly kind: "convolution" | "max-pool" | "resize";
  readonly inSize: number;
  readonly outSize: number;
  readonly inChannels: number;
  readonly outChannels: number;
  /** First channel written. */
  readonly offset: number;
  /** Channels of the output's feature behind those written. */
  readonly behind: number;
  readonly kernel: number;
  readonly stride: number;
  /** Whether a ReLU follows. */
  readonly relu: boolean;
}

/** A convolution whose other properties follow. */
export function convolutionCase(
  given: Pick<Case, "inSize" | "inChannels" | "outChannels"> & Partial<Case>,
): Case {
  const { stride = 1 } = given;
  return {
    kind: "convolution",
    outSize: Math.ceil(given.inSize / stride),
    offset: 0,
    behind: 0,
    kernel: 3,
    stride,
    relu: true,
    ...given,
  };
}

/** What a probe gives: so many random sums of all the output's numbers, or each number by itself. */
export type Probe = { readonly sums: number } | "numbers";

/** A plan with its weights. */
export interface ProbePlan {
  readonly plan: Plan;
  readonly folded: ReadonlyMap<string, FoldedLayer>;
}

/** Channels of the image, which all cases are resized from. */
export const IMAGE_CHANNELS = 7;

/**
 * A plan with a stage per case: its input and its output, channels beside its own included, are filled from the image;
 * then the layer, then the probe. With `numbers` there may be one case only, and its numbers come as they lie in the
 * arena: pixel by pixel, channels padded to whole quads.
 */
export function probePlan(cases: readonly Case[], options: { imageSize: number; probe: Probe }): ProbePlan {
  const { imageSize, probe } = options;
  const features: Feature[] = [{ name: "image", size: imageSize, channels: IMAGE_CHANNELS }];
  const folded = new Map<string, FoldedLayer>();
  const numbers = (feature: Feature) => 4 * feature.size ** 2 * quadsOf(feature.channels);
  const stages = cases.map((layer, i): Layer[] => {
    const at = features.length;
    const total = layer.offset + layer.outChannels + layer.behind;
    features.push({ name: `input ${i}`, size: layer.inSize, channels: layer.inChannels });
    features.push({ name: `output ${i}`, size: layer.outSize, channels: total });
    const fill = (feature: number): Layer[] => {
      const { channels } = features[feature];
      const layers: Layer[] = [];
      for (let offset = 0; offset < channels; offset += IMAGE_CHANNELS) {
        const part = Math.min(IMAGE_CHANNELS, channels - offset);
        layers.push({
          kind: "resize",
          input: { feature: 0, offset: 0, channels: part },
          output: { feature, offset, channels: part },
        });
      }
      return layers;
    };
    const input = { feature: at, offset: 0, channels: layer.inChannels };
    const output = { feature: at + 1, offset: layer.offset, channels: layer.outChannels };
    const { kind, kernel, stride } = layer;
    const fanIn = layer.inChannels * kernel ** 2;
    folded.set(`layer ${i}`, {
      weight: randomArray(layer.outChannels * fanIn, i + 1).map((value) => value / Math.sqrt(fanIn)),
      bias: randomArray(layer.outChannels, i + 100),
    });
    const length = numbers(features[at + 1]);
    const classes = probe === "numbers" ? length : probe.sums;
    const weight = probe === "numbers"
      ? Float32Array.from({ length: length ** 2 }, (_, j) => j % (length + 1) === 0 ? 1 : 0)
      // Lanes that pad channels to a quad may hold anything.
      : randomArray(classes * length, i + 200).map((value, j) => j % (4 * quadsOf(total)) < total ? value : 0);
    folded.set(`probe ${i}`, { weight, bias: new Float32Array(classes) });
    return [
      ...fill(at),
      ...fill(at + 1),
      kind === "convolution"
        ? { kind, input, output, kernel, stride, name: `layer ${i}`, bias: true, relu: layer.relu }
        : { kind, input, output },
      {
        kind: "classifier",
        input: { feature: at + 1, offset: 0, channels: total },
        pool: 1,
        classes,
        name: `probe ${i}`,
      },
    ];
  });
  const classes = probe === "numbers" ? numbers(features.at(-1)!) : probe.sums;
  const network = {
    spec: { classes: new Array<string>(classes) },
    features,
    exits: stages.map((layers) => ({ layers })),
  };
  const plan = widenProbes(buildPlan(network as unknown as Network));
  return { plan, folded };
}

/** Makes each classifier take its whole input feature for one pixel. */
function widenProbes(plan: Plan): Plan {
  const stages = plan.stages.map((waves) =>
    waves.map((wave) =>
      wave.map((step) => {
        if (step.kind !== "classifier") return step;
        const inQuads = step.input.size ** 2 * step.input.pitch;
        return { ...step, input: { ...step.input, size: 1, channels: 4 * inQuads } };
      })
    )
  );
  return { ...plan, stages };
}
