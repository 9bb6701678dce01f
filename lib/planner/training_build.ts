/**
 * Lowers a network to the steps of its training: layers in order of execution, then their gradients in reverse order.
 *
 * @module
 */

import { layerParameters } from "../network/cost.ts";
import { findDependents } from "../network/dependents.ts";
import type { Convolution, DepthwiseConvolution, Feature, Layer, Network, View } from "../network/network.ts";
import type {
  GradientView,
  LearnedParameter,
  NormedConvolution,
  TrainedPart,
  TrainingPlan,
  TrainingStep,
} from "./training_plan.ts";

/**
 * Builds the plan of a network's training.
 *
 * @param network The network.
 * @param options `train`: all layers; or only the exits' linear layers, with the rest as in inference; or only batch norm's
 * running statistics.
 */
export function buildTrainingPlan(network: Network, { train }: { readonly train: TrainedPart }): TrainingPlan {
  return new Builder(network)[train]();
}

/** A layer with the number of exits that depend on it. */
interface CountedLayer {
  readonly layer: Layer;
  readonly dependents: number;
}

class Builder {
  readonly #network: Network;
  readonly #layers: CountedLayer[];
  readonly #features: Feature[];
  readonly #dropout: number;
  /** For each convolution before a batch norm, the same convolution without it. */
  readonly #bare = new Map<Layer, Layer>();
  /** Gradient of each feature that has one so far. */
  readonly #gradients = new Map<number, Gradient>();
  readonly #forward: TrainingStep[] = [];
  readonly #backward: TrainingStep[] = [];

  constructor(network: Network) {
    this.#network = network;
    this.#dropout = network.spec.dropout ?? 0;
    const dependents = findDependents(network.exits.map(({ layers }) => layers));
    this.#layers = Array.from(dependents, ([layer, exits]) => ({ layer, dependents: exits.length }));
    this.#features = [...network.features];
  }

  all(): TrainingPlan {
    this.#appendAllForward("batch");
    // Layers that no exit needs have no gradient.
    const needed = this.#layers.filter(({ dependents }) => dependents > 0);
    for (const { layer } of needed.toReversed()) this.#appendBackward(layer);
    return this.#plan(needed);
  }

  classifiers(): TrainingPlan {
    this.#appendAllForward("running");
    const learning = this.#layers.filter(({ layer }) => layer.kind === "classifier");
    for (const { layer } of learning) {
      if (layer.kind !== "classifier") continue;
      this.#backward.push({ kind: "classifier-gradient", layer, input: layer.reads[0] });
    }
    return this.#plan(learning);
  }

  statistics(): TrainingPlan {
    this.#appendAllForward("batch");
    return this.#plan([]);
  }

  #plan(learning: readonly CountedLayer[]): TrainingPlan {
    return {
      network: this.#network,
      features: this.#features,
      forward: this.#forward,
      backward: this.#backward,
      parameters: learning.flatMap(parametersOf),
    };
  }

  /** Layers, then losses. Each loss gradient replaces its logits, which other exits may need before. */
  #appendAllForward(statistics: "batch" | "running"): void {
    for (const { layer } of this.#layers) this.#appendForward(layer, statistics);
    this.#network.exits.forEach((_, exit) => this.#forward.push({ kind: "loss", exit }));
  }

  #appendForward(layer: Layer, statistics: "batch" | "running"): void {
    const steps = this.#forward;
    switch (layer.kind) {
      case "convolution":
      case "depthwise": {
        if (!isNormed(layer)) {
          steps.push(layer);
          break;
        }
        const [output] = layer.writes;
        const input = this.#feature(`${layer.name}, before batch norm`, output);
        const bare: Layer = { ...layer, norm: undefined, activation: "none", writes: [input] };
        this.#bare.set(layer, bare);
        steps.push(bare);
        if (statistics === "batch") steps.push({ kind: "norm-statistics", layer, input });
        steps.push({ kind: "norm", layer, input, output, statistics });
        break;
      }
      case "classifier":
        if (this.#dropout > 0) {
          steps.push({ kind: "dropout", output: layer.reads[0], exit: layer.exit, share: this.#dropout });
        }
        steps.push(layer);
        break;
      case "squeeze":
      case "excitation":
      case "max-pool":
      case "resize":
        steps.push(layer);
        break;
      default:
        layer satisfies never;
    }
  }

  #appendBackward(layer: Layer): void {
    const steps = this.#backward;
    switch (layer.kind) {
      case "convolution": {
        const { layer: bare, gradient } = this.#convolutionGradient(layer);
        const [input] = layer.reads;
        const result = this.#send(input);
        if (result) steps.push({ kind: "input-gradient", layer: bare, gradient, result });
        steps.push({ kind: "weight-gradient", layer: bare, input, gradient });
        break;
      }
      case "depthwise": {
        const { layer: bare, gradient } = this.#convolutionGradient(layer);
        const [input] = layer.reads;
        const result = this.#send(input);
        if (result) steps.push({ kind: "depthwise-input-gradient", layer: bare, gradient, result });
        steps.push({ kind: "depthwise-weight-gradient", layer: bare, input, gradient });
        break;
      }
      case "squeeze": {
        const gradient = this.#receive(layer.writes[0]);
        const result = this.#send(layer.reads[0]);
        if (result) steps.push({ kind: "squeeze-gradient", gradient, result });
        break;
      }
      case "excitation": {
        const [input, gates] = layer.reads;
        const gradient = this.#receive(layer.writes[0]);
        const [result, gatesResult] = [this.#send(input), this.#send(gates)];
        if (!result || !gatesResult) throw new Error("the image is not gated");
        steps.push({ kind: "excitation-gradient", layer, input, gates, gradient, result, gatesResult });
        break;
      }
      case "max-pool": {
        const [input] = layer.reads;
        const gradient = this.#receive(layer.writes[0]);
        const result = this.#send(input);
        if (result) steps.push({ kind: "max-pool-gradient", input, gradient, result });
        break;
      }
      case "resize": {
        const gradient = this.#receive(layer.writes[0]);
        const result = this.#send(layer.reads[0]);
        if (result) steps.push({ kind: "resize-gradient", gradient, result });
        break;
      }
      case "classifier": {
        const [input] = layer.reads;
        const result = this.#send(input);
        steps.push({ kind: "classifier-gradient", layer, input, result });
        if (result && this.#dropout > 0) {
          steps.push({ kind: "dropout", output: result, exit: layer.exit, share: this.#dropout });
        }
        break;
      }
      default:
        layer satisfies never;
    }
  }

  /** Appends the gradients of a convolution's activation and batch norm. */
  #convolutionGradient<L extends Convolution | DepthwiseConvolution>(layer: L): { layer: L; gradient: View } {
    const [output] = layer.writes;
    const gradient = this.#receive(output);
    if (!isNormed(layer)) {
      // The input of the other activations cannot be derived from their output.
      if (layer.activation !== "none" && layer.activation !== "relu") {
        throw new Error(`${layer.name}: ${layer.activation} follows batch norm alone`);
      }
      if (layer.activation === "relu") this.#backward.push({ kind: "relu-gradient", output, gradient });
      return { layer, gradient };
    }
    const bare = this.#bare.get(layer) as L;
    const [input] = bare.writes;
    this.#backward.push({ kind: "norm-sums", layer, input, gradient });
    this.#backward.push({ kind: "norm-gradient", layer, input, gradient });
    return { layer: bare, gradient: input };
  }

  /** The view that receives the gradient of a layer's input. The image needs none. */
  #send({ feature, offset, channels }: View): GradientView | undefined {
    if (feature === 0) return undefined;
    const { gradient, written } = this.#gradient(feature);
    const gaps = written.gaps(offset, channels);
    const isNew = gaps.length === 1 && gaps[0].channels === channels;
    if (!isNew) this.#zero(gradient, gaps);
    written.add(offset, channels);
    return { feature: gradient, offset, channels, accumulate: !isNew };
  }

  /** The gradient of a layer's output, to which all readers of the output have contributed. */
  #receive({ feature, offset, channels }: View): View {
    const { gradient, written } = this.#gradient(feature);
    this.#zero(gradient, written.gaps(offset, channels));
    written.add(offset, channels);
    return { feature: gradient, offset, channels };
  }

  #zero(feature: number, gaps: readonly Interval[]): void {
    for (const gap of gaps) this.#backward.push({ kind: "zero", output: { feature, ...gap } });
  }

  #gradient(feature: number): Gradient {
    const known = this.#gradients.get(feature);
    if (known) return known;
    const { name, channels } = this.#network.features[feature];
    const { feature: gradient } = this.#feature(`gradient of ${name}`, { feature, offset: 0, channels });
    const made = { gradient, written: new ChannelSet() };
    this.#gradients.set(feature, made);
    return made;
  }

  /** Adds a feature with a view's shape. */
  #feature(name: string, { feature, channels }: View): View {
    this.#features.push({ name, size: this.#network.features[feature].size, channels });
    return { feature: this.#features.length - 1, offset: 0, channels };
  }
}

/** A feature's gradient that is being built. */
interface Gradient {
  /** Index of the feature that holds it. */
  readonly gradient: number;
  readonly written: ChannelSet;
}

type Interval = Pick<View, "offset" | "channels">;

/** A set of channel numbers. */
class ChannelSet {
  readonly #has: boolean[] = [];

  add(offset: number, channels: number): void {
    for (let i = offset; i < offset + channels; i++) this.#has[i] = true;
  }

  /** The longest intervals of a range that are not in the set. */
  gaps(offset: number, channels: number): Interval[] {
    const gaps: { offset: number; channels: number }[] = [];
    for (let i = offset; i < offset + channels; i++) {
      if (this.#has[i]) continue;
      const last = gaps.at(-1);
      if (last && last.offset + last.channels === i) last.channels++;
      else gaps.push({ offset: i, channels: 1 });
    }
    return gaps;
  }
}

function isNormed<L extends Convolution | DepthwiseConvolution>(layer: L): layer is L & NormedConvolution {
  return layer.norm !== undefined;
}

function parametersOf({ layer, dependents }: CountedLayer): LearnedParameter[] {
  return layerParameters(layer)
    .filter(({ learned }) => learned)
    .map(({ name, shape }) => ({ name, shape, isWeight: shape.length > 1, exits: dependents }));
}
