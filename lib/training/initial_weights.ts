/**
 * Where training starts: weights drawn as the authors of RANet draw them, or those of a model that is trained further.
 *
 * @module
 */

import { layerParameters } from "../network/cost.ts";
import type { Layer, Network, Parameter } from "../network/network.ts";
import { checkTensors, parameterNames } from "../weights/check.ts";
import { whileReading } from "../weights/messages.ts";
import { pickWeights } from "../weights/names.ts";
import { countNumbers } from "../weights/shape.ts";
import type { Tensor } from "../weights/tensor.ts";
import { normal, PURPOSE, randomStream } from "./random.ts";

/**
 * Draws the weights of a network: convolutions normal with deviation √(2 / (k² · out)), batch norm 1 and 0, linear
 * layers uniform in ±1/√in with biases 0.
 *
 * @param network The network.
 * @param seed What they follow from.
 * @returns Every parameter and running statistic, under PyTorch's names.
 */
export function initialWeights(network: Network, seed: number): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  for (const layer of network.exits.flatMap(({ layers }) => layers)) {
    for (const parameter of layerParameters(layer)) {
      const random = randomStream(seed, PURPOSE.weights, tensors.size);
      const { name, shape } = parameter;
      const draw = drawer(layer, parameter, random);
      tensors.set(name, { shape, data: Float32Array.from({ length: countNumbers(shape) }, draw) });
    }
  }
  return tensors;
}

/** What gives a parameter's numbers. */
function drawer(layer: Layer, { name, shape }: Parameter, random: () => number): () => number {
  const uniform = (limit: number) => () => limit * (2 * random() - 1);
  switch (layer.kind) {
    case "convolution": {
      const { kernel, writes: [output], reads: [input] } = layer;
      if (name === `${layer.name}.weight`) {
        const deviation = Math.sqrt(2 / (kernel ** 2 * output.channels));
        return () => deviation * normal(random);
      }
      // The authors leave a convolution's bias as PyTorch draws it.
      if (name === `${layer.name}.bias`) return uniform(1 / Math.sqrt(kernel ** 2 * input.channels));
      return /\.(weight|running_var)$/.test(name) ? () => 1 : () => 0;
    }
    case "classifier":
      return name.endsWith(".bias") ? () => 0 : uniform(1 / Math.sqrt(shape[1]));
    case "max-pool":
    case "resize":
      throw new Error(`${layer.kind} has no parameters`);
  }
}

/** Weights to start from. */
export interface Start {
  /** Every parameter and running statistic. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** Those that were drawn anew, because they were of other classes. */
  readonly anew: readonly string[];
}

/**
 * Takes the weights of a trained model; classifiers of another number of classes are drawn anew.
 *
 * @param network What is to be trained.
 * @param given The model's tensors.
 * @param options `seed` for what is drawn; `source`: where the tensors come from, for messages.
 * @throws {RanetError} If the tensors differ from the network's in anything but the number of classes; by name.
 */
export function startFrom(
  network: Network,
  given: ReadonlyMap<string, Tensor>,
  options: { readonly seed: number; readonly source: string },
): Start {
  const drawn = initialWeights(network, options.seed);
  const tensors = whileReading(
    options.source,
    () => pickWeights(given, () => "floats", { expected: parameterNames(network) }),
  );
  const classifiers = network.exits.flatMap(({ layers }) => layers).filter(({ kind }) => kind === "classifier");
  const anew = classifiers.flatMap(layerParameters).filter(({ name, shape }) => {
    const found = tensors.get(name)?.shape;
    // All else being equal, the classes differ.
    return found?.length === shape.length && found[0] !== shape[0] &&
      found.slice(1).every((n, i) => n === shape[i + 1]);
  }).map(({ name }) => name);
  for (const name of anew) tensors.set(name, drawn.get(name)!);
  checkTensors(network, tensors, options);
  return { tensors, anew };
}
