/**
 * Quantizes a network's weights, given the statistics of its activations.
 *
 * @module
 */

import type { CommonSpec } from "../network/common.ts";
import type { Network } from "../network/network.ts";
import type { FoldedWeights } from "../weights/fold.ts";
import { roundToHalf } from "../weights/half.ts";
import { IMAGE_SCALE, MAX_PIXEL, quantizedParameters } from "../weights/quantized.ts";
import type { Tensor } from "../weights/tensor.ts";
import type { ConvolutionValues } from "./activations.ts";
import { chooseSteps, type RangeMethod } from "./steps.ts";
import { roundConvolution } from "./whole_weights.ts";

/** The tensors of a quantized model; `largest`: the largest magnitude in the images. */
export function quantizeWeights(
  network: Network,
  weights: FoldedWeights,
  values: ConvolutionValues,
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
  for (const layer of network.exits.flatMap((exit) => exit.layers)) {
    const [{ feature, offset, channels }] = layer.reads;
    const read = (all: readonly Float32Array[]) => all[feature].subarray(offset, offset + channels);
    const inputs = read(scales);
    switch (layer.kind) {
      case "convolution": {
        const { name, writes: [output] } = layer;
        const channels = values.get(name)!;
        const outputs = chooseSteps(channels, method);
        const { weight, bias, multiplier, scale } = roundConvolution(layer, weights.get(name)!, {
          inputs,
          means: read(means),
          outputs,
        });
        put(`${name}.weight`, weight);
        put(`${name}.bias`, bias);
        put(`${name}.multiplier`, multiplier);
        put(`${name}.scale`, scale);
        scales[output.feature].set(scale, output.offset);
        means[output.feature].set(channels.map(({ mean }, i) => mean / scale[i]), output.offset);
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
      // Such layers are refused above, where shapes are listed.
      case "depthwise":
      case "squeeze":
      case "excitation":
        break;
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
