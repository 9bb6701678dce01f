/** Small networks with random weights, and other helpers for several tests. @module */

import { createModel, type Model } from "../lib/model/model.ts";
import { buildNetwork } from "../lib/network/build.ts";
import { layerParameters } from "../lib/network/cost.ts";
import type { ArchitectureSpec } from "../lib/network/architecture.ts";
import type { Feature, Layer, Network } from "../lib/network/network.ts";
import type { RanetSpec } from "../lib/network/ranet/architecture.ts";
import { parseSpec } from "../lib/spec/parse.ts";
import type { Tensor } from "../lib/weights/tensor.ts";

/** Random numbers in (-1, 1) from a seed (mulberry32). */
export function randomNumbers(seed: number): () => number {
  return () => {
    seed = seed + 0x6d2b79f5 | 0;
    let t = Math.imul(seed ^ seed >>> 15, 1 | seed);
    t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t;
    return ((t ^ t >>> 14) >>> 0) / 2 ** 31 - 1;
  };
}

/** `length` random numbers. */
export function randomArray(length: number, seed: number): Float32Array<ArrayBuffer> {
  return new Float32Array(length).map(randomNumbers(seed));
}

/** Random tensors for every parameter of a network. Variances are positive. */
export function randomTensors(network: Network, seed = 1): Map<string, Tensor> {
  const next = randomNumbers(seed);
  const parameters = network.exits.flatMap((exit) => exit.layers).flatMap(layerParameters);
  return new Map(parameters.map(({ name, shape }) => {
    const length = shape.reduce((product, side) => product * side, 1);
    const fanIn = Math.max(1, length / shape[0]);
    const data = new Float32Array(length).map(() =>
      name.endsWith("running_var") ? 1 + next() / 2 : next() * (shape.length > 1 ? 2 / Math.sqrt(fanIn) : 1)
    );
    return [name, { shape, data }];
  }));
}

/** Three exits in two sub-networks on 20×20 images. */
export const TINY_SPEC = `
name: tiny
input: { size: 20 }
classes: 5
base_features: [{ scale: 1/2, channels: 6 }, { scale: 1, channels: 5 }]
subnetworks:
  - { blocks: 1, growth: 6, bottleneck: 2 }
  - { blocks: 3, growth: 5, bottleneck: 1, fusion: down-conv }
layers: [2, 1, 2]
head: { channels: 7 }
`;

/** {@linkcode TINY_SPEC} with random weights. */
export function tinyModel(seed = 1): Model {
  const spec = parseSpec(TINY_SPEC);
  return createModel(spec, randomTensors(buildNetwork(spec), seed), { source: "random" });
}

/** The network of {@linkcode TINY_SPEC} with a single exit, and with the given layers and features. */
export function networkOf(features: readonly Feature[], layers: readonly Layer[]): Network {
  const exit = { label: "only one", block: 0, size: { height: 1, width: 1 }, channels: 1, layers };
  const counts = { cumulativeFlops: 0, cumulativeRunFlops: 0, cumulativeParams: 0 };
  return { ...buildNetwork(parseSpec(TINY_SPEC)), features, exits: [{ ...exit, ...counts }] };
}

/** Narrows an architecture to a RANet. */
export function asRanet(spec: ArchitectureSpec): RanetSpec {
  if (spec.family !== "ranet") throw new Error(`${spec.name} is of the family ${spec.family}`);
  return spec;
}

/** The largest difference, relative to the largest expected number. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let error = 0;
  let scale = 0;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(actual[i] - expected[i]);
    error = Number.isNaN(difference) ? Infinity : Math.max(error, difference);
    scale = Math.max(scale, Math.abs(expected[i]));
  }
  return error / (scale || 1);
}
