/**
 * Computes how much each pixel of the image affects each exit: the gradient of the exit's logits if all weights are equal
 * and no ReLU cuts anything off. It follows from the definitions of layers, and uses neither the planner nor kernels.
 *
 * @module
 */

import type { Layer, Network, View } from "../../lib/network/network.ts";
import { areaOf } from "../../lib/network/size.ts";

/** A gradient, pixel by pixel: `height × width`. */
type Plane = Float64Array;

/**
 * Finds what pixels count.
 *
 * @param network Any network.
 * @param exit Which exit's logits, counted from 0.
 * @returns One number per pixel of the image, row by row; 0 for one that cannot change the logits.
 */
export function coverage(network: Network, exit: number): Plane {
  const { features } = network;
  const layers = network.exits.slice(0, exit + 1).flatMap((one) => one.layers);
  /** Gradients of each channel of each feature. Channels with equal gradients share a plane. */
  const gradients: (Plane | undefined)[][] = features.map(() => []);
  const send = ({ feature, offset, channels }: View, plane: Plane) => {
    const added = new Map<Plane | undefined, Plane>();
    for (let c = offset; c < offset + channels; c++) {
      const before = gradients[feature][c];
      if (!added.has(before)) added.set(before, before ? before.map((value, i) => value + plane[i]) : plane);
      gradients[feature][c] = added.get(before);
    }
  };
  const last = layers.findLast((layer) => layer.kind === "classifier")!;
  for (const layer of layers.toReversed()) {
    const [input] = layer.reads;
    const from = features[input.feature].size;
    if (layer.kind === "classifier") {
      if (layer !== last) continue;
      send(
        input,
        new Float64Array(areaOf(from)).map((_, i) =>
          Number(i % from.width < layer.pool.width && i < layer.pool.height * from.width)
        ),
      );
      continue;
    }
    const [{ feature, offset, channels }] = layer.writes;
    const own = new Set(gradients[feature].slice(offset, offset + channels).filter((plane) => plane !== undefined));
    if (own.size === 0) continue;
    const to = features[feature].size;
    const sum = new Float64Array(areaOf(to));
    for (const plane of own) plane.forEach((value, i) => sum[i] += value);
    const rows = tapsOf(layer, from.height, to.height);
    const columns = tapsOf(layer, from.width, to.width);
    const result = new Float64Array(areaOf(from));
    sum.forEach((value, i) => {
      for (const [y, up] of rows[Math.floor(i / to.width)]) {
        for (const [x, left] of columns[i % to.width]) result[y * from.width + x] += up * left * value;
      }
    });
    // Scaled, to avoid overflow in deep networks.
    const most = Math.max(...result);
    send(input, most > 0 ? result.map((value) => value / most) : result);
  }
  const planes = gradients[0].filter((plane) => plane !== undefined);
  return new Float64Array(areaOf(features[0].size)).map((_, i) => planes.reduce((sum, plane) => sum + plane[i], 0));
}

/** For each output of a row, the inputs on which it depends, with their weights. */
function tapsOf(
  layer: Exclude<Layer, { kind: "classifier" }>,
  from: number,
  to: number,
): [at: number, share: number][][] {
  const inside = (at: number) => at >= 0 && at < from;
  const windows = (kernel: number, stride: number) =>
    Array.from(
      { length: to },
      (_, i) =>
        Array.from({ length: kernel }, (_, k) => i * stride + k - (kernel >> 1)).filter(inside)
          .map((at): [number, number] => [at, 1]),
    );
  switch (layer.kind) {
    case "convolution":
    case "depthwise":
      return windows(layer.kernel, layer.stride);
    case "squeeze":
      return [Array.from({ length: from }, (_, at) => [at, 1 / from])];
    // Inputs of gates are ignored; otherwise every gate would make all pixels count.
    case "excitation":
      return Array.from({ length: to }, (_, at) => [[at, 1]]);
    case "max-pool":
      return windows(3, 2);
    case "resize":
      return Array.from({ length: to }, (_, i) => {
        const at = to > 1 ? i * (from - 1) / (to - 1) : 0;
        const [low, share] = [Math.floor(at), at % 1];
        return [[low, 1 - share], [low + 1, share]].filter(([at, share]) => share > 0 && at < from) as [
          number,
          number,
        ][];
      });
  }
}
