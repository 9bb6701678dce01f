/**
 * Quantizes a network's weights, given the statistics of its activations.
 *
 * @module
 */

import type { CommonSpec } from "../network/common.ts";
import type { Network, View } from "../network/network.ts";
import { areaOf } from "../network/size.ts";
import type { FoldedWeights } from "../weights/fold.ts";
import { roundToHalf } from "../weights/half.ts";
import {
  GATE_MIDDLE,
  IMAGE_SCALE,
  makesGates,
  MAX_GATE_MULTIPLIER,
  MAX_PIXEL,
  quantizedParameters,
} from "../weights/quantized.ts";
import type { Tensor } from "../weights/tensor.ts";
import type { LayerValues } from "./activations.ts";
import { chooseGateStep, chooseSteps, type RangeMethod } from "./steps.ts";
import { roundConvolution } from "./whole_weights.ts";

/** The tensors of a quantized model; `largest`: the largest magnitude in the images. */
export function quantizeWeights(
  network: Network,
  weights: FoldedWeights,
  values: LayerValues,
  { method, largest }: { readonly method: RangeMethod; readonly largest: number },
): Map<string, Tensor> {
  const scales = network.features.map(({ channels }) => new Float32Array(channels));
  scales[0].fill(imageStep(network.spec, largest));
  /** Mean of each channel in steps. That of pixels is about 0. */
  const means = network.features.map(({ channels }) => new Float32Array(channels));
  const tensors = new Map<string, Tensor>();
  const shapes = new Map(quantizedParameters(network).map(({ name, shape }) => [name, shape]));
  const put = (name: string, data: ArrayLike<number>) =>
    void tensors.set(name, { shape: shapes.get(name)!, data: Float32Array.from(data) });
  put(IMAGE_SCALE, [scales[0][0]]);
  const write = (
    { name, writes: [output] }: { readonly name: string; readonly writes: readonly [View] },
    steps: Float32Array,
  ) => {
    scales[output.feature].set(steps, output.offset);
    means[output.feature].set(values.get(name)!.map(({ mean }, i) => mean / steps[i]), output.offset);
  };
  for (const layer of network.exits.flatMap((exit) => exit.layers)) {
    const [{ feature, offset, channels }] = layer.reads;
    const read = (all: readonly Float32Array[]) => all[feature].subarray(offset, offset + channels);
    const inputs = read(scales);
    switch (layer.kind) {
      case "convolution":
      case "depthwise": {
        const { name, writes: [output] } = layer;
        const own = weights.get(name)!;
        const isForGates = layer.kind === "convolution" && makesGates(layer);
        const outputs = isForGates
          ? new Float32Array(output.channels).fill(chooseGateStep(values.get(name)!))
          : chooseSteps(values.get(name)!, method);
        const steps = { inputs, means: read(means), outputs };
        // Inputs of gates are signed.
        const shifted = isForGates ? { ...own, bias: own.bias.map((b, i) => b + GATE_MIDDLE * outputs[i]) } : own;
        const { weight, bias, multiplier, scale } = roundConvolution(layer, shifted, steps);
        put(`${name}.weight`, weight);
        put(`${name}.bias`, bias);
        put(`${name}.multiplier`, multiplier);
        put(`${name}.scale`, isForGates ? scale.subarray(0, 1) : scale);
        write(layer, scale);
        break;
      }
      case "squeeze": {
        const { name } = layer;
        const area = areaOf(network.features[feature].size);
        const outputs = chooseSteps(values.get(name)!, method);
        put(`${name}.multiplier`, outputs.map((step, i) => inputs[i] / (area * step)));
        put(`${name}.scale`, outputs);
        write(layer, outputs);
        break;
      }
      case "excitation": {
        const { name } = layer;
        const outputs = chooseSteps(values.get(name)!, method)
          .map((step, i) => Math.max(step, inputs[i] / MAX_GATE_MULTIPLIER));
        put(`${name}.multiplier`, outputs.map((step, i) => Math.min(inputs[i] / step, MAX_GATE_MULTIPLIER)));
        put(`${name}.scale`, outputs);
        write(layer, outputs);
        break;
      }
      case "max-pool":
      case "resize": {
        const [output] = layer.writes;
        scales[output.feature].set(inputs, output.offset);
        means[output.feature].set(read(means), output.offset);
        break;
      }
      case "classifier": {
        const { weight, bias } = weights.get(layer.name)!;
        put(`${layer.name}.weight`, weight.map(roundToHalf)); // the precision in which it is stored
        put(`${layer.name}.bias`, bias);
        break;
      }
      default:
        layer satisfies never;
    }
  }
  return tensors;
}

/**
 * The value of one step of a pixel. Steps cover the whole range of normalised pixels, and larger values in the images.
 */
function imageStep({ input: { mean, std } }: CommonSpec, largest: number): number {
  const ends = mean.flatMap((own, i) => [own, 1 - own].map((end) => Math.abs(end) / std[i]));
  return Math.fround(Math.max(...ends, largest) / MAX_PIXEL);
}
