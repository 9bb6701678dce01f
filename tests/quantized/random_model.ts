/**
 * Quantized networks of random numbers.
 *
 * @module
 */

import { buildNetwork } from "../../lib/network/build.ts";
import type { ArchitectureSpec } from "../../lib/network/architecture.ts";
import { areaOf } from "../../lib/network/size.ts";
import type { Network } from "../../lib/network/network.ts";
import { createModel, type Model } from "../../lib/model/model.ts";
import { IMAGE_SCALE, quantizedParameters, readsImage } from "../../lib/weights/quantized.ts";
import type { Tensor } from "../../lib/weights/tensor.ts";

/** Random numbers in [0, 1) from a seed (mulberry32). */
export function randomNumbers(seed: number): () => number {
  return () => {
    seed = seed + 0x6d2b79f5 | 0;
    let x = Math.imul(seed ^ seed >>> 15, 1 | seed);
    x = x + Math.imul(x ^ x >>> 7, 61 | x) ^ x;
    return ((x ^ x >>> 14) >>> 0) / 2 ** 32;
  };
}

/**
 * Tensors of a network in eight bits.
 *
 * @param options `large`: weights are near their limits; else most are small, as in trained networks.
 */
export function randomTensors(
  network: Network,
  { seed, large = false }: { readonly seed: number; readonly large?: boolean },
): Map<string, Tensor> {
  const random = randomNumbers(seed);
  const layers = network.exits.flatMap((exit) => exit.layers);
  const fanIns = new Map(
    layers.flatMap((layer) => {
      if (layer.kind === "depthwise") return [[layer.name, layer.kernel ** 2]];
      return layer.kind === "convolution" ? [[layer.name, layer.reads[0].channels * layer.kernel ** 2]] : [];
    }),
  );
  /** Pixels whose sum a squeeze multiplies; 0 for an excitation, whose multiplier is about 1. */
  const others = new Map(
    layers.flatMap((layer) => {
      if (layer.kind === "squeeze") return [[layer.name, areaOf(network.features[layer.reads[0].feature].size)]];
      return layer.kind === "excitation" ? [[layer.name, 0]] : [];
    }),
  );
  const ofImage = new Set(
    layers.flatMap((layer) => layer.kind === "convolution" && readsImage(layer) ? [layer.name] : []),
  );
  const tensors = new Map<string, Tensor>();
  for (const { name, shape, dtype } of quantizedParameters(network)) {
    const data = new Float32Array(shape.reduce((product, side) => product * side, 1));
    const most = dtype === "I8" ? 127 : dtype === "I16" ? 4000 : 20_000;
    const layer = name.slice(0, name.lastIndexOf("."));
    for (let i = 0; i < data.length; i++) {
      const value = 2 * random() - 1;
      if (dtype === "I8") {
        data[i] = Math.round(most * (large ? Math.sign(value) * Math.abs(value) ** 0.25 : value ** 3));
      } else if (dtype !== "F32") data[i] = Math.round(most * value);
      else if (name === IMAGE_SCALE) data[i] = 1 / 700;
      else if (others.has(layer)) {
        const sum = others.get(layer)!;
        data[i] = name.endsWith(".scale") ? 0.02 : (0.2 + random()) * (sum === 0 ? 2 : 1 / sum);
      } else if (name.endsWith(".multiplier")) {
        const reach = (ofImage.has(layer) ? 4e6 : 2e3) *
          Math.sqrt(fanIns.get(layer)!);
        data[i] = (0.5 + random()) * 60 / reach;
      } else if (name.endsWith(".scale")) data[i] = 0.01 + 0.02 * random();
      else data[i] = value;
    }
    tensors.set(name, { shape, data });
  }
  return tensors;
}

/** A model of random tensors. */
export function randomModel(
  spec: ArchitectureSpec,
  options: { readonly seed: number; readonly large?: boolean },
): Model {
  return createModel(spec, randomTensors(buildNetwork(spec), options), { source: "random" });
}

/** Images of random pixels, normalised. */
export function randomImages({ network }: Pick<Model, "network">, count: number, seed: number): Float32Array {
  const { size, channels } = network.features[0];
  const random = randomNumbers(seed);
  return new Float32Array(count * channels * areaOf(size)).map(() => 4 * random() - 2);
}
