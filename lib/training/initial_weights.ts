/**
 * The initial weights of training: random ones, with the distributions of the RANet authors, or those of a trained
 * model.
 *
 * @module
 */

import { layerParameters } from "../network/cost.ts";
import type { Layer, Network, Parameter } from "../network/network.ts";
import { matchClasses } from "../spec/classes.ts";
import { checkTensors, parameterNames } from "../weights/check.ts";
import { whileReading } from "../weights/messages.ts";
import { pickWeights } from "../weights/names.ts";
import { countNumbers } from "../weights/shape.ts";
import type { Tensor } from "../weights/tensor.ts";
import { normal, PURPOSE, randomStream } from "./random.ts";

/**
 * Draws the weights of a network: those of convolutions from a normal distribution with deviation √(2 / (k² · out)),
 * where out is 1 for a depthwise one; those of linear layers uniformly in ±1/√in with biases of 0. Batch norm starts
 * with weight 1 and bias 0.
 *
 * @param network The network.
 * @param seed Seed of the random numbers.
 * @returns Every parameter and running statistic, by its name in PyTorch.
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

/** Returns a function that draws the numbers of a parameter. */
function drawer(layer: Layer, { name, shape }: Parameter, random: () => number): () => number {
  const uniform = (limit: number) => () => limit * (2 * random() - 1);
  switch (layer.kind) {
    case "convolution": {
      const { kernel, writes: [output], reads: [input] } = layer;
      if (name === `${layer.name}.weight`) {
        const deviation = Math.sqrt(2 / (kernel ** 2 * output.channels));
        return () => deviation * normal(random);
      }
      // The authors keep PyTorch's default for a convolution's bias.
      if (name === `${layer.name}.bias`) return uniform(1 / Math.sqrt(kernel ** 2 * input.channels));
      return /\.(weight|running_var)$/.test(name) ? () => 1 : () => 0;
    }
    case "depthwise": {
      if (name !== `${layer.name}.weight`) return /\.(weight|running_var)$/.test(name) ? () => 1 : () => 0;
      const deviation = Math.sqrt(2) / layer.kernel;
      return () => deviation * normal(random);
    }
    case "classifier":
      return name.endsWith(".bias") ? () => 0 : uniform(1 / Math.sqrt(shape[1]));
    case "squeeze":
    case "excitation":
    case "max-pool":
    case "resize":
      throw new Error(`${layer.kind} has no parameters`);
  }
}

/** Weights to start from. */
export interface Start {
  /** Every parameter and running statistic. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** Notes, in sentences, about classifiers that were changed. */
  readonly notes: readonly string[];
}

/** A trained model's weights. */
export interface Given {
  /** The tensors by name. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** The classes of its logits, in order, if they are known. */
  readonly classes?: readonly string[];
  /** Its name in messages. */
  readonly source: string;
}

/** Most classes that a note lists. */
const LISTED = 8;

/**
 * Starts from the weights of a trained model. In the classifiers, classes that both networks have keep the model's
 * rows, independently of their order; rows of other classes are drawn at random. If the model's classes are unknown and
 * their number is the same, they are assumed to be the same classes.
 *
 * @param network The network to train.
 * @param given The model's weights.
 * @param seed Seed of the random numbers.
 * @throws {RanetError} If the tensors differ from the network's in more than the classes. Names the tensor.
 */
export function startFrom(network: Network, given: Given, seed: number): Start {
  const { classes } = network.spec;
  const classifiers = network.exits.flatMap(({ layers }) => layers).filter(({ kind }) => kind === "classifier")
    .flatMap(layerParameters);
  const drawn = initialWeights(network, seed);
  const tensors = whileReading(
    given.source,
    () => pickWeights(given.tensors, () => "floats", { expected: parameterNames(network) }),
  );
  const { rows, notes } = rowsFor(classes, given, tensors.get(classifiers[0].name)?.shape[0]);
  for (const { name, shape } of classifiers) {
    const found = tensors.get(name);
    // Only the number of classes differs.
    if (rows && found && found.shape.slice(1).join() === shape.slice(1).join()) {
      tensors.set(name, takeRows(drawn.get(name)!, found, rows));
    }
  }
  checkTensors(network, tensors, { source: given.source });
  return { tensors, notes };
}

/**
 * The row of each class in the model's classifiers; -1 for rows to draw; `undefined` if classifiers are used unchanged.
 */
function rowsFor(
  classes: readonly string[],
  { classes: known, source }: Given,
  count: number | undefined,
): { readonly rows?: readonly number[]; readonly notes: readonly string[] } {
  const list = (names: readonly string[]) =>
    names.slice(0, LISTED).join(", ") + (names.length > LISTED ? ` and ${names.length - LISTED} more` : "");
  if (known === undefined) {
    if (count === classes.length) {
      return {
        notes: [
          `${source} does not list its ${count} classes, so they are assumed to be ${
            list(classes)
          }, in this order. If this ` +
          "is wrong, use a model's directory, or a file written by this program",
        ],
      };
    }
    return {
      rows: classes.map(() => -1),
      notes: [
        `The classifiers start from random weights: ${source} has ${count} classes without names, not ${classes.length}`,
      ],
    };
  }
  const { indexes, isSame, shared } = matchClasses(classes, known);
  if (isSame) return { notes: [] };
  if (shared === 0) {
    return {
      rows: indexes,
      notes: [`The classifiers start from random weights: ${source} has other classes, ${list(known)}`],
    };
  }
  const others = classes.filter((_, i) => indexes[i] < 0);
  const kept =
    `The classifiers keep the weights of ${source} for ${shared} of ${classes.length} classes, found by name`;
  return {
    rows: indexes,
    notes: [others.length === 0 ? kept : `${kept}; others start from random weights: ${list(others)}`],
  };
}

/** Copies rows of another tensor into a tensor. */
function takeRows({ shape, data }: Tensor, from: Tensor, rows: readonly number[]): Tensor {
  const width = data.length / shape[0];
  const taken = data.slice();
  rows.forEach((row, i) => {
    if (row >= 0) taken.set(from.data.subarray(row * width, (row + 1) * width), i * width);
  });
  return { shape, data: taken };
}
