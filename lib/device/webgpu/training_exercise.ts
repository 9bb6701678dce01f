/**
 * A few steps of training a small network that use every kernel, and the CPU's results for them.
 *
 * @module
 */

import { layerParameters } from "../../network/cost.ts";
import type { Layer, Network, Parameter } from "../../network/network.ts";
import { areaOf } from "../../network/size.ts";
import type { Tensor } from "../../weights/tensor.ts";
import { CpuTrainer } from "../cpu/trainer.ts";
import type { OptimizerOptions, SecondLabels, StepLosses, Trainer, TrainerOptions, TrainingState } from "../trainer.ts";
import { exerciseNetwork, QUICK, randomNumbers, type Shape } from "./exercise.ts";

/** A computation for a device, and its expected results. */
export interface TrainingExercise {
  /** The network to train. */
  readonly network: Network;
  /** How to train it. */
  readonly options: TrainerOptions;
  /** Its initial state. */
  readonly start: TrainingState;
  /** The batch of each step. */
  readonly batches: readonly {
    readonly images: Float32Array;
    readonly labels: Uint32Array;
    readonly second: SecondLabels;
  }[];
  /** The expected results. */
  readonly wanted: TrainingOutcome;
}

/** Results of training for some steps. */
export interface TrainingOutcome {
  /** Losses of each step except the last, whose images are NaN. */
  readonly losses: readonly StepLosses[];
  /** The state after the last step. */
  readonly state: TrainingState;
}

/** Samples of each batch. The last batch is NaN and must not change anything. */
const COUNTS = [6, 4, 2];
const RATE = 0.1;

const OPTIONS = {
  batchSize: Math.max(...COUNTS),
  emaDecay: 0.5,
  gradients: "equilibrium",
} as const;

/** With AdamW's usual epsilon, the sign of a gradient that is only rounding error would count as much as any other. */
const OPTIMIZERS: { readonly [Kind in OptimizerOptions["kind"]]: OptimizerOptions } = {
  sgd: { kind: "sgd", momentum: 0.9, nesterov: true, weightDecay: 0.01, decay: "weights" },
  adamw: { kind: "adamw", betas: [0.8, 0.9], epsilon: 0.1, weightDecay: 0.1, decay: "weights" },
};

/**
 * Creates exercises: training all layers with SGD, and only the classifiers with AdamW.
 *
 * @param seed Seed of all random numbers.
 */
export async function makeTrainingExercises(seed: number, shape: Shape = QUICK): Promise<TrainingExercise[]> {
  const network = trainingNetwork(shape);
  const next = randomNumbers(seed);
  const parameters = new Map(
    network.exits.flatMap(({ layers }) => layers.flatMap(layerParameters)).map((
      parameter,
    ) => [parameter.name, parameter]),
  );
  const start: TrainingState = {
    tensors: new Map(Array.from(parameters.values(), (parameter) => [parameter.name, randomTensor(parameter, next)])),
    momentum: new Map(),
  };
  const batches = COUNTS.map((count, step) => ({
    images: new Float32Array(count * 3 * areaOf(network.features[0].size)).map(
      step === COUNTS.length - 1 ? () => NaN : next,
    ),
    labels: Uint32Array.from({ length: count }, (_, i) => (i + step) % shape.classes),
    second: {
      labels: Uint32Array.from({ length: count }, (_, i) => (2 * i + step) % shape.classes),
      shares: Float32Array.from({ length: count }, (_, i) => i / 2 / count),
    },
  }));
  const distillation = { teacher: "last-exit", weight: 0.5, temperature: 2 } as const;
  const loss = { exits: network.exits.map((_, exit) => 1 - exit / 8), labelSmoothing: 0.1, distillation };
  const kinds = [["all", "sgd"], ["classifiers", "adamw"]] as const;
  return await Promise.all(kinds.map(async ([train, kind]): Promise<TrainingExercise> => {
    const options = { ...OPTIONS, optimizer: OPTIMIZERS[kind], loss, train };
    using cpu = await CpuTrainer.create(network, start, { ...options, threads: 1 });
    return { network, options, start, batches, wanted: await takeSteps(cpu, batches) };
  }));
}

/**
 * The exercises' network, changed so that training takes every kernel: its stem has no batch norm, and the last
 * classifier does not read one channel, whose gradient must be zero.
 */
function trainingNetwork(shape: Shape): Network {
  const network = exerciseNetwork(shape);
  const changed = new Map<Layer, Layer>();
  const [stem] = network.exits[0].layers;
  const last = network.exits.at(-1)!.layers.at(-1)!;
  if (last.kind === "classifier") {
    const [{ channels, ...view }] = last.reads;
    changed.set(last, { ...last, reads: [{ ...view, channels: channels - 1 }] });
  }
  if (stem.kind === "convolution") changed.set(stem, { ...stem, norm: undefined });
  const change = (layer: Layer) => changed.get(layer) ?? layer;
  return { ...network, exits: network.exits.map((exit) => ({ ...exit, layers: exit.layers.map(change) })) };
}

/** Runs an exercise's steps. */
export async function takeSteps(trainer: Trainer, batches: TrainingExercise["batches"]): Promise<TrainingOutcome> {
  const losses: StepLosses[] = [];
  for (const [step, { images, labels, second }] of batches.entries()) {
    losses.push(await trainer.step(images, labels, { learningRate: RATE, step, second }));
  }
  return { losses: losses.slice(0, -1), state: await trainer.read() };
}

/** Random numbers of a realistic size for this kind of tensor. */
function randomTensor({ name, shape }: Parameter, next: () => number): Tensor {
  const length = shape.reduce((product, side) => product * side, 1);
  const [middle, spread] = shape.length > 1
    ? [0, 2 / Math.sqrt(length / shape[0])]
    : /\.running_var$/.test(name)
    ? [1, 0.5]
    : [/bias$|mean$/.test(name) ? 0 : 1, 0.3];
  return { shape, data: new Float32Array(length).map(() => middle + spread * next()) };
}
