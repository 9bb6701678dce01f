/**
 * Whether a device computes what the kernels of training say: a small network is trained for a few steps there and on the
 * CPU, and losses, gradients and weights are compared.
 *
 * @module
 */

import type { Tensor } from "../../weights/tensor.ts";
import type { Kernel } from "./kernels.ts";
import { tileOf } from "./self_test.ts";
import type { AdapterTraits } from "./tiles.ts";
import { type OpenTraining, WebGpuTrainer } from "./trainer.ts";
import { TRAINING_TEXT } from "./trainer_kernels.ts";
import { makeTrainingExercises, takeSteps, type TrainingExercise } from "./training_exercise.ts";
import { difference, isRight, type Outcome, tileName, type Trial, trustKernels } from "./trust.ts";

/** Samples of an exercise that lie together: its batch is split, as large ones are. */
const SHARD = 3;

/**
 * A number at the brink, such as before a ReLU, may be rounded to either side, and gradients then differ: what is right is
 * so with one of these seeds, what is wrong with none.
 */
const SEEDS = [1, 2, 3];

/**
 * Tries the kernels that a trainer is about to use, unless they have passed before.
 *
 * @throws {SelfTestError} If one of them does not compute what the CPU does.
 */
export async function trainingSelfTest(on: OpenTraining, kernels: readonly Kernel<string>[]): Promise<void> {
  await trustKernels(on.device, kernels, {
    text: TRAINING_TEXT,
    trials: (untried) => Promise.resolve(trainingTrials(on, untried)),
  });
}

/** Exercises that take these kernels, and all that have no tiles. */
function trainingTrials(on: OpenTraining, untried: readonly Kernel<string>[]): Trial[] {
  const { traits } = on.device.adapter;
  const named = (name: string) => untried.filter(({ kernel }) => kernel === name).map(({ constants }) => constants);
  const tiles = untried.map(tileOf).filter((tile) => tile !== undefined);
  const gradientTiles = named("input-gradient").map(({ PIXELS, QUADS }) => (
    { kernel: "convolution", pixels: PIXELS, quads: QUADS, cost: 1 } as const
  ));
  const weightTiles = named("weight-gradient").map(({ INS, OUTS }) => ({ ins: INS, outs: OUTS }));
  const count = Math.max(1, tiles.length, gradientTiles.length, weightTiles.length);
  const exercises = new Map(SEEDS.map((seed) => [seed, once(() => makeTrainingExercises(seed))]));
  return Array.from({ length: count }, (_, i) => {
    const own: AdapterTraits = {
      ...traits,
      ...tiles.length > 0 && { tiles: [tiles[i % tiles.length]] },
      gradientTiles: gradientTiles.length > 0 ? [gradientTiles[i % gradientTiles.length]] : undefined,
      weightTiles: weightTiles.length > 0 ? [weightTiles[i % weightTiles.length]] : undefined,
    };
    return { title: trainingName(own), run: () => firstRight(on, own, (seed) => exercises.get(seed)!()) };
  });
}

/** The kernels that traits lead to, for people. */
export function trainingName({ tiles: [tile], weightTiles: [weightTile] = [] }: AdapterTraits): string {
  const weights = weightTile ? `, weight-gradient in tiles of ${weightTile.ins} × ${weightTile.outs} quads` : "";
  return `training by ${tileName(tile)}${weights}`;
}

/** What came of the first exercise that went well, or else of the last. */
export async function firstRight(
  on: OpenTraining,
  traits: AdapterTraits,
  make: (seed: number) => Promise<readonly TrainingExercise[]>,
): Promise<Outcome> {
  let outcome: Outcome = { error: Infinity };
  for (const seed of SEEDS) {
    outcome = await tryTraining(on, traits, await make(seed));
    if (isRight(outcome)) break;
  }
  return outcome;
}

/** Does exercises with kernels chosen by these traits, on an open device. */
export async function tryTraining(
  on: OpenTraining,
  traits: AdapterTraits,
  exercises: readonly TrainingExercise[],
): Promise<Outcome> {
  let error = 0;
  let fault: string | undefined;
  for (const { network, start, options, batches, wanted } of exercises) {
    const trainer = await WebGpuTrainer.on(on, network, start, { ...options, traits, shard: SHARD });
    const { losses, state } = await takeSteps(trainer, batches);
    trainer.release();
    for (const [step, { losses: own, right }] of wanted.losses.entries()) {
      error = Math.max(error, difference(losses[step].losses, own));
      if (right.some((count, exit) => count !== losses[step].right[exit])) fault = "other answers are taken for right";
    }
    error = Math.max(
      error,
      changes(state.tensors, wanted.state.tensors),
      changes(state.average!, wanted.state.average!),
      changes(state.momentum, wanted.state.momentum),
      ...wanted.state.squares ? [changes(state.squares!, wanted.state.squares)] : [],
    );
  }
  return { error, fault };
}

/** The largest difference of any tensor, as a share of the largest number of all: in small sums, rounding counts for more. */
function changes(found: ReadonlyMap<string, Tensor>, wanted: ReadonlyMap<string, Tensor>): number {
  const all = (tensors: ReadonlyMap<string, Tensor>) =>
    Array.from(wanted.keys(), (name) => Array.from(tensors.get(name)!.data)).flat();
  return difference(all(found), all(wanted));
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => made ??= make();
}
