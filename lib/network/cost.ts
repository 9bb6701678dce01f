/**
 * The cost and the parameters of a layer. Operations are counted as in the code of the RANet paper (Yang et al., CVPR
 * 2020, arXiv 2003.07326): the multiply-adds of convolutions and linear layers, one per value of an activation, and the
 * size of the window per pooled value. Batch norm, resize, concatenation and softmax are not counted. Layers that the
 * authors' networks lack follow the same rules: a depthwise convolution reads one channel for each that it writes; each
 * gate costs one operation, and so does each product with it.
 *
 * @module
 */

import type { Feature, Layer, Parameter } from "./network.ts";
import { areaOf } from "./size.ts";

/** Multiply-adds of one layer for one image. */
export function layerFlops(layer: Layer, features: readonly Feature[]): number {
  switch (layer.kind) {
    case "convolution": {
      const { reads: [input], writes: [output] } = layer;
      const pixels = areaOf(features[output.feature].size);
      return output.channels * pixels * (input.channels * layer.kernel ** 2 + Number(layer.activation !== "none"));
    }
    case "depthwise": {
      const [output] = layer.writes;
      const pixels = areaOf(features[output.feature].size);
      return output.channels * pixels * (layer.kernel ** 2 + Number(layer.activation !== "none"));
    }
    case "squeeze": {
      const [input] = layer.reads;
      return input.channels * areaOf(features[input.feature].size);
    }
    case "excitation": {
      const [output] = layer.writes;
      return output.channels * (areaOf(features[output.feature].size) + 1);
    }
    case "max-pool": {
      const [output] = layer.writes;
      return output.channels * areaOf(features[output.feature].size) * 9;
    }
    case "resize":
      return 0;
    case "classifier": {
      const [{ channels }] = layer.reads;
      const boosting = layer.reweight === undefined ? 0 : layer.classes;
      return boosting + channels * areaOf(layer.pool) + (channels + 1) * layer.classes;
    }
  }
}

/** The parameters of one layer, including running statistics. */
export function layerParameters(layer: Layer): Parameter[] {
  switch (layer.kind) {
    case "convolution": {
      const { name, norm, bias, kernel, reads: [input], writes: [{ channels }] } = layer;
      return [
        { name: `${name}.weight`, shape: [channels, input.channels, kernel, kernel], learned: true },
        ...bias ? [{ name: `${name}.bias`, shape: [channels], learned: true }] : [],
        ...norm === undefined ? [] : normParameters(norm, channels),
      ];
    }
    case "depthwise": {
      const { name, norm, kernel, writes: [{ channels }] } = layer;
      return [
        { name: `${name}.weight`, shape: [channels, 1, kernel, kernel], learned: true },
        ...norm === undefined ? [] : normParameters(norm, channels),
      ];
    }
    case "classifier":
      return [
        { name: `${layer.name}.weight`, shape: [layer.classes, layer.reads[0].channels], learned: true },
        { name: `${layer.name}.bias`, shape: [layer.classes], learned: true },
      ];
    case "squeeze":
    case "excitation":
    case "max-pool":
    case "resize":
      return [];
  }
}

/** The parameters of batch norm: scale, shift, and running statistics, which are not learned. */
function normParameters(name: string, channels: number): Parameter[] {
  return ["weight", "bias", "running_mean", "running_var"].map((part, i) => ({
    name: `${name}.${part}`,
    shape: [channels],
    learned: i < 2,
  }));
}

/** Number of learned values in one layer. */
export function layerParams(layer: Layer): number {
  return layerParameters(layer)
    .filter((parameter) => parameter.learned)
    .reduce((sum, { shape }) => sum + shape.reduce((product, side) => product * side, 1), 0);
}
