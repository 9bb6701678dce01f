/**
 * Lowers a network onto the steps of its training: layers in order of execution, then their gradients in reverse.
 *
 * @module
 */

import { layerParameters } from "../network/cost.ts";
import { findDependents } from "../network/dependents.ts";
import type { Convolution, Layer, Network, View } from "../network/network.ts";
import type {
  BatchTensor,
  ChannelRange,
  GradientRange,
  LearnedParameter,
  NormedConvolution,
  TrainingPlan,
  TrainingStep,
} from "./training_plan.ts";

/**
 * Makes the plan of a network's training.
 *
 * @param network What to train.
 * @param options `train`: all of it, or only the exits' linear layers, the rest as in inference.
 */
export function buildTrainingPlan(network: Network, options: { train: "all" | "classifiers" }): TrainingPlan {
  return options.train === "all" ? new Builder(network).all() : new Builder(network).classifiers();
}

/** A layer with the exit whose stage it is in. */
interface PlacedLayer {
  readonly layer: Layer;
  readonly exit: number;
  /** Number of exits that depend on it. */
  readonly dependents: number;
}

class Builder {
  readonly #network: Network;
  readonly #layers: PlacedLayer[];
  readonly #tensors: BatchTensor[];
  /** What a convolution writes for its batch norm. */
  readonly #before = new Map<Convolution, ChannelRange>();
  /** Of each feature, once it has one. */
  readonly #gradients = new Map<number, Gradient>();
  readonly #forward: TrainingStep[] = [];
  readonly #backward: TrainingStep[] = [];

  constructor(network: Network) {
    this.#network = network;
    const dependents = findDependents(network.exits.map(({ layers }) => layers));
    this.#layers = network.exits.flatMap(({ layers }, exit) =>
      layers.map((layer) => ({ layer, exit, dependents: dependents.get(layer)!.length }))
    );
    this.#tensors = network.features.map(({ name, size, channels }) => ({ name, size, channels }));
  }

  all(): TrainingPlan {
    for (const { layer, exit } of this.#layers) this.#appendForward(layer, exit, "batch");
    // What no exit needs gets no gradient.
    const needed = this.#layers.filter(({ dependents }) => dependents > 0);
    for (const { layer, exit } of needed.toReversed()) this.#appendBackward(layer, exit);
    return this.#plan(needed);
  }

  classifiers(): TrainingPlan {
    for (const { layer, exit } of this.#layers) this.#appendForward(layer, exit, "running");
    const learning = this.#layers.filter(({ layer }) => layer.kind === "classifier");
    for (const { layer, exit } of learning) {
      if (layer.kind !== "classifier") continue;
      this.#backward.push({ kind: "classifier-gradient", layer, exit, input: rangeOf(layer.input) });
    }
    return this.#plan(learning);
  }

  #plan(learning: readonly PlacedLayer[]): TrainingPlan {
    return {
      network: this.#network,
      tensors: this.#tensors,
      forward: this.#forward,
      backward: this.#backward,
      parameters: learning.flatMap(parametersOf),
    };
  }

  #appendForward(layer: Layer, exit: number, statistics: "batch" | "running"): void {
    const steps = this.#forward;
    const input = rangeOf(layer.input);
    switch (layer.kind) {
      case "convolution": {
        const output = rangeOf(layer.output);
        if (!isNormed(layer)) {
          steps.push({ kind: layer.kind, layer, input, output, relu: layer.relu });
          break;
        }
        const before = this.#tensor(`${layer.name}, before batch norm`, layer.output);
        this.#before.set(layer, before);
        steps.push({ kind: layer.kind, layer, input, output: before, relu: false });
        if (statistics === "batch") steps.push({ kind: "norm-statistics", layer, input: before });
        steps.push({ kind: "norm", layer, input: before, output, statistics });
        break;
      }
      case "classifier":
        steps.push({ kind: layer.kind, layer, exit, input }, { kind: "loss", exit });
        break;
      case "max-pool":
      case "resize":
        steps.push({ kind: layer.kind, input, output: rangeOf(layer.output) });
    }
  }

  #appendBackward(layer: Layer, exit: number): void {
    const steps = this.#backward;
    const input = rangeOf(layer.input);
    switch (layer.kind) {
      case "convolution": {
        const gradient = this.#convolutionGradient(layer);
        const result = this.#send(layer.input);
        if (result) steps.push({ kind: "input-gradient", layer, gradient, result });
        steps.push({ kind: "weight-gradient", layer, input, gradient });
        break;
      }
      case "max-pool": {
        const gradient = this.#receive(layer.output);
        const result = this.#send(layer.input);
        if (result) steps.push({ kind: "max-pool-gradient", input, gradient, result });
        break;
      }
      case "resize": {
        const gradient = this.#receive(layer.output);
        const result = this.#send(layer.input);
        if (result) steps.push({ kind: "resize-gradient", gradient, result });
        break;
      }
      case "classifier":
        steps.push({ kind: "classifier-gradient", layer, exit, input, result: this.#send(layer.input) });
    }
  }

  /** Appends what leads from a convolution's output back to what the convolution alone wrote. */
  #convolutionGradient(layer: Convolution): ChannelRange {
    const gradient = this.#receive(layer.output);
    if (!isNormed(layer)) {
      if (layer.relu) this.#backward.push({ kind: "relu-gradient", output: rangeOf(layer.output), gradient });
      return gradient;
    }
    const input = this.#before.get(layer)!;
    this.#backward.push({ kind: "norm-sums", layer, input, gradient });
    this.#backward.push({ kind: "norm-gradient", layer, input, gradient });
    return input;
  }

  /** Where the gradient of what a layer read goes. The image needs none. */
  #send({ feature, offset, channels }: View): GradientRange | undefined {
    if (feature === 0) return undefined;
    const { tensor, written } = this.#gradient(feature);
    const gaps = written.gaps(offset, channels);
    const isNew = gaps.length === 1 && gaps[0].channels === channels;
    if (!isNew) this.#zero(tensor, gaps);
    written.add(offset, channels);
    return { tensor, channel: offset, channels, accumulate: !isNew };
  }

  /** The gradient of what a layer wrote, which all its readers have sent. */
  #receive({ feature, offset, channels }: View): ChannelRange {
    const { tensor, written } = this.#gradient(feature);
    this.#zero(tensor, written.gaps(offset, channels));
    written.add(offset, channels);
    return { tensor, channel: offset, channels };
  }

  #zero(tensor: number, gaps: readonly Interval[]): void {
    for (const gap of gaps) this.#backward.push({ kind: "zero", output: { tensor, ...gap } });
  }

  #gradient(feature: number): Gradient {
    const known = this.#gradients.get(feature);
    if (known) return known;
    const { name, channels } = this.#network.features[feature];
    const { tensor } = this.#tensor(`gradient of ${name}`, { feature, offset: 0, channels });
    const gradient = { tensor, written: new ChannelSet() };
    this.#gradients.set(feature, gradient);
    return gradient;
  }

  /** Adds a tensor with a view's shape. */
  #tensor(name: string, { feature, channels }: View): ChannelRange {
    this.#tensors.push({ name, size: this.#network.features[feature].size, channels });
    return { tensor: this.#tensors.length - 1, channel: 0, channels };
  }
}

/** A feature's gradient in the making. */
interface Gradient {
  readonly tensor: number;
  readonly written: ChannelSet;
}

type Interval = Pick<ChannelRange, "channel" | "channels">;

/** Channels, by number. */
class ChannelSet {
  readonly #has: boolean[] = [];

  add(channel: number, channels: number): void {
    for (let i = channel; i < channel + channels; i++) this.#has[i] = true;
  }

  /** The longest intervals of a range that are not in the set. */
  gaps(channel: number, channels: number): Interval[] {
    const gaps: { channel: number; channels: number }[] = [];
    for (let i = channel; i < channel + channels; i++) {
      if (this.#has[i]) continue;
      const last = gaps.at(-1);
      if (last && last.channel + last.channels === i) last.channels++;
      else gaps.push({ channel: i, channels: 1 });
    }
    return gaps;
  }
}

/** Features are the first tensors. */
function rangeOf({ feature, offset, channels }: View): ChannelRange {
  return { tensor: feature, channel: offset, channels };
}

function isNormed(layer: Convolution): layer is NormedConvolution {
  return layer.norm !== undefined;
}

function parametersOf({ layer, dependents }: PlacedLayer): LearnedParameter[] {
  return layerParameters(layer)
    .filter(({ learned }) => learned)
    .map(({ name, shape }) => ({ name, shape, isWeight: shape.length > 1, exits: dependents }));
}
