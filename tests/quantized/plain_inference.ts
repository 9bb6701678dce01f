/**
 * Computes a quantized network without optimisations: the reference for every device's integers.
 *
 * @module
 */

import type { Classifier, Convolution, Layer, Network, View } from "../../lib/network/network.ts";
import { areaOf } from "../../lib/network/size.ts";
import {
  cornerShares,
  MAX_PIXEL,
  MAX_STEP,
  type QuantizedWeights,
  resizePlace,
  SHARES,
} from "../../lib/weights/quantized.ts";

/** Results for one image. */
export interface PlainResult {
  /** Integers of each feature, `[y][x][channel]`; the first is the image. */
  readonly features: readonly Int32Array[];
  /** Logits of each exit. */
  readonly logits: readonly Float32Array[];
}

/**
 * Interpolates a pixel from `[top left, top right, bottom left, bottom right]`, with the shares of the lower and the right
 * ones.
 */
export type Mix = (corners: readonly number[], place: { readonly down: number; readonly right: number }) => number;

/**
 * Runs all layers on one image, `[channel][y][x]`.
 *
 * @param mix How pixels are resized. Default: as our devices do.
 */
export function runPlainly(
  network: Network,
  weights: QuantizedWeights,
  image: Float32Array,
  mix: Mix = mixInSteps,
): PlainResult {
  const features = network.features.map(({ size, channels }) => new Int32Array(areaOf(size) * channels));
  const logits: Float32Array[] = [];
  features[0].set(quantizeImage(network, weights, image));
  for (const layer of network.exits.flatMap((exit) => exit.layers)) {
    if (layer.kind === "classifier") {
      const own = classify(network, layer, weights, features);
      const { reweight = 0 } = weights.classifiers.get(layer.name)!;
      logits[layer.exit] = own.map((value, c) => reweight === 0 ? value : value + reweight * logits[layer.exit - 1][c]);
    } else {
      const [output] = layer.writes;
      const { size } = network.features[output.feature];
      for (let pixel = 0; pixel < areaOf(size); pixel++) {
        const y = Math.floor(pixel / size.width);
        for (let channel = 0; channel < output.channels; channel++) {
          const at = pixel * network.features[output.feature].channels + output.offset + channel;
          features[output.feature][at] = valueOf(layer, {
            network,
            weights,
            features,
            y,
            x: pixel % size.width,
            channel,
            mix,
          });
        }
      }
    }
  }
  return { features, logits };
}

interface Where {
  readonly network: Network;
  readonly weights: QuantizedWeights;
  readonly features: readonly Int32Array[];
  readonly y: number;
  readonly x: number;
  readonly channel: number;
  readonly mix: Mix;
}

function valueOf(layer: Exclude<Layer, Classifier>, where: Where): number {
  const { network, features, y, x, channel } = where;
  const [input] = layer.reads;
  const { size } = network.features[input.feature];
  const read = (row: number, column: number, which: number) =>
    row < 0 || column < 0 || row >= size.height || column >= size.width
      ? 0
      : readAt(network, features, input, row, column, which);
  switch (layer.kind) {
    case "convolution":
      return convolve(layer, where, read);
    case "max-pool": {
      let most = 0;
      for (let v = -1; v <= 1; v++) {
        for (let u = -1; u <= 1; u++) most = Math.max(most, read(2 * y + v, 2 * x + u, channel));
      }
      return most;
    }
    case "resize": {
      const outSize = network.features[layer.writes[0].feature].size;
      const row = resizePlace(y, { inSize: size.height, outSize: outSize.height });
      const column = resizePlace(x, { inSize: size.width, outSize: outSize.width });
      const corners = [row.before, row.after].flatMap((v) =>
        [column.before, column.after].map((u) => read(v, u, channel))
      );
      return where.mix(corners, { down: row.share, right: column.share });
    }
    case "depthwise": {
      const { kernel, stride, name } = layer;
      const { weight, bias, multiplier } = where.weights.convolutions.get(name)!;
      let sum = bias[channel];
      for (let v = 0; v < kernel; v++) {
        for (let u = 0; u < kernel; u++) {
          const value = read(y * stride + v - (kernel >> 1), x * stride + u - (kernel >> 1), channel);
          sum += value * weight[(channel * kernel + v) * kernel + u];
        }
      }
      return toSteps(sum, multiplier[channel]);
    }
    case "squeeze": {
      let sum = 0;
      for (let v = 0; v < size.height; v++) for (let u = 0; u < size.width; u++) sum += read(v, u, channel);
      return toSteps(sum, where.weights.squeezes.get(layer.name)![channel]);
    }
    case "excitation": {
      const { gates, multiplier } = where.weights.excitations.get(layer.name)!;
      const number = readAt(network, features, layer.reads[1], 0, 0, channel);
      const factor = roundEven(Math.fround(gates[number] * multiplier[channel]));
      return Math.min((read(y, x, channel) * factor + SHARES / 2) >> Math.log2(SHARES), MAX_STEP);
    }
  }
}

function toSteps(sum: number, multiplier: number): number {
  return Math.min(Math.max(roundEven(Math.fround(Math.fround(sum) * multiplier)), 0), MAX_STEP);
}

/** Like our devices. */
export function mixInSteps(corners: readonly number[], { down, right }: Parameters<Mix>[1]): number {
  const shares = cornerShares(down, right);
  return (corners.reduce((sum, value, i) => sum + value * shares[i], 0) + SHARES / 2) >> Math.log2(SHARES);
}

/** Exactly, then rounded, like runtimes that resize in floats. */
export function mixExactly(corners: readonly number[], { down, right }: Parameters<Mix>[1]): number {
  const shares = [(1 - down) * (1 - right), (1 - down) * right, down * (1 - right), down * right];
  return roundEven(corners.reduce((sum, value, i) => sum + value * shares[i], 0));
}

function convolve(
  layer: Convolution,
  { weights, y, x, channel }: Where,
  read: (row: number, column: number, channel: number) => number,
): number {
  const { kernel, stride, reads: [input], name } = layer;
  const { weight, bias, multiplier } = weights.convolutions.get(name)!;
  let sum = bias[channel];
  for (let k = 0; k < input.channels; k++) {
    for (let v = 0; v < kernel; v++) {
      for (let u = 0; u < kernel; u++) {
        const value = read(y * stride + v - (kernel >> 1), x * stride + u - (kernel >> 1), k);
        sum += value * weight[((channel * input.channels + k) * kernel + v) * kernel + u];
      }
    }
  }
  return toSteps(sum, multiplier[channel]);
}

function classify(
  network: Network,
  { pool, classes, name, reads: [input] }: Classifier,
  { classifiers }: QuantizedWeights,
  features: readonly Int32Array[],
): Float32Array {
  const { weight, bias, steps } = classifiers.get(name)!;
  const means = Float32Array.from(steps, (step, k) => {
    let sum = 0;
    for (let y = 0; y < pool.height; y++) {
      for (let x = 0; x < pool.width; x++) sum += readAt(network, features, input, y, x, k);
    }
    return sum * Math.fround(step / areaOf(pool));
  });
  return Float32Array.from(
    { length: classes },
    (_, out) => means.reduce((sum, mean, k) => sum + mean * weight[out * means.length + k], bias[out]),
  );
}

function readAt(
  network: Network,
  features: readonly Int32Array[],
  { feature, offset }: View,
  y: number,
  x: number,
  channel: number,
): number {
  const { size, channels } = network.features[feature];
  return features[feature][(y * size.width + x) * channels + offset + channel];
}

/** Converts `[channel][y][x]` to steps in `[y][x][channel]`. */
function quantizeImage(network: Network, { imageScale }: QuantizedWeights, image: Float32Array): Int32Array {
  const { size, channels } = network.features[0];
  const perStep = Math.fround(1 / imageScale);
  return Int32Array.from(image, (_, i) => {
    const [pixel, channel] = [Math.floor(i / channels), i % channels];
    const value = roundEven(Math.fround(image[channel * areaOf(size) + pixel] * perStep));
    return Math.min(Math.max(value, -MAX_PIXEL), MAX_PIXEL);
  });
}

/** Rounds to the nearest integer, and halves to the even one. */
export function roundEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 !== 0) ? below + 1 : below;
}
