/**
 * A few steps of training a small network that go through every kernel, and what the CPU makes of them.
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

/** What a device is to compute, and what comes of it. */
export interface TrainingExercise {
  /** What is trained. */
  readonly network: Network;
  /** How. */
  readonly options: TrainerOptions;
  /** Where it starts. */
  readonly start: TrainingState;
  /** What steps are taken on. */
  readonly batches: readonly {
    readonly images: Float32Array;
    readonly labels: Uint32Array;
    readonly second: SecondLabels;
  }[];
  /** What comes of it. */
  readonly wanted: TrainingOutcome;
}

/** What steps found, and where they led. */
export interface TrainingOutcome {
  /** Of each step but the last, whose images are not numbers. */
  readonly losses: readonly StepLosses[];
  /** The state after all. */
  readonly state: TrainingState;
}

/** Samples of each batch; the last one is not of numbers, and must change nothing. */
const COUNTS = [6, 4, 2];
const RATE = 0.1;

const OPTIONS = {
  batch: Math.max(...COUNTS),
  average: 0.5,
  gradients: "equilibrium",
} as const;

/** With AdamW's usual epsilon, the sign of a gradient that is nothing but rounding would count as much as any other. */
const OPTIMIZERS: { readonly [Kind in OptimizerOptions["kind"]]: OptimizerOptions } = {
  sgd: { kind: "sgd", momentum: 0.9, nesterov: true, weightDecay: 0.01, decay: "weights" },
  adamw: { kind: "adamw", betas: [0.8, 0.9], epsilon: 0.1, weightDecay: 0.1, decay: "weights" },
};

/**
 * Makes exercises: of training all, by SGD, and of training classifiers alone, by AdamW.
 *
 * @param seed Of all that is random.
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
  const loss = { exits: network.exits.map((_, exit) => 1 - exit / 8), labelSmoothing: 0.1 };
  const kinds = [["all", "sgd"], ["classifiers", "adamw"]] as const;
  return await Promise.all(kinds.map(async ([train, kind]): Promise<TrainingExercise> => {
    const options = { ...OPTIONS, optimizer: OPTIMIZERS[kind], loss, train };
    using cpu = await CpuTrainer.create(network, start, { ...options, threads: 1 });
    return { network, options, start, batches, wanted: await takeSteps(cpu, batches) };
  }));
}

/**
 * The exercises' network, changed so that training takes every kernel: its stem has no batch norm, and the last classifier
 * leaves a channel unread, whose gradient is zero.
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

/** Takes an exercise's steps. */
export async function takeSteps(trainer: Trainer, batches: TrainingExercise["batches"]): Promise<TrainingOutcome> {
  const losses: StepLosses[] = [];
  for (const [step, { images, labels, second }] of batches.entries()) {
    losses.push(await trainer.step(images, labels, { rate: RATE, step, second }));
  }
  return { losses: losses.slice(0, -1), state: await trainer.read() };
}

/** As large as tensors of such a kind are. */
function randomTensor({ name, shape }: Parameter, next: () => number): Tensor {
  const length = shape.reduce((product, side) => product * side, 1);
  const [middle, spread] = shape.length > 1
    ? [0, 2 / Math.sqrt(length / shape[0])]
    : /\.running_var$/.test(name)
    ? [1, 0.5]
    : [/bias$|mean$/.test(name) ? 0 : 1, 0.3];
  return { shape, data: new Float32Array(length).map(() => middle + spread * next()) };
}
