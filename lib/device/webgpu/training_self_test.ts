/**
 * Tests whether a device computes the kernels of training correctly: a small network is trained for a few steps there
 * and on the CPU, and losses, gradients and weights are compared.
 *
 * @module
 */

import type { Tensor } from "../../weights/tensor.ts";
import type { Kernel } from "./kernels.ts";
import { tileOf } from "./self_test.ts";
import type { AdapterTraits } from "./tiles.ts";
import { type OpenTraining, WebGpuTrainer } from "./trainer.ts";
import { TRAINING_TEXT } from "./training_kernels.ts";
import { makeTrainingExercises, takeSteps, type TrainingExercise } from "./training_exercise.ts";
import { difference, isCorrect, type Outcome, tileName, type Trial, trustKernels } from "./trust.ts";

/** Samples per micro-batch: an exercise's batch is split, like large ones are. */
const MICRO_BATCH = 3;

/**
 * A number near a threshold, for example before a ReLU, may be rounded to either side, and then gradients differ. A
 * correct device agrees with the CPU for at least one of these seeds, a wrong one for none.
 */
const SEEDS = [1, 2, 3];

/**
 * Tests the kernels that a trainer is about to use, unless they have passed before.
 *
 * @throws {SelfTestError} If the results of one of them differ from the CPU's.
 */
export async function trainingSelfTest(on: OpenTraining, kernels: readonly Kernel<string>[]): Promise<void> {
  await trustKernels(on.device, kernels, {
    text: TRAINING_TEXT,
    trials: (untried) => Promise.resolve(trainingTrials(on, untried)),
  });
}

/** Exercises that use these kernels, and all kernels that have no tiles. */
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
    return { title: trainingName(own), run: () => firstCorrect(on, own, (seed) => exercises.get(seed)!()) };
  });
}

/** The kernels that are chosen by these traits, as shown to users. */
export function trainingName({ tiles: [tile], weightTiles: [weightTile] = [] }: AdapterTraits): string {
  const weights = weightTile ? `, weight-gradient in tiles of ${weightTile.ins} × ${weightTile.outs} quads` : "";
  return `training by ${tileName(tile)}${weights}`;
}

/** The outcome of the first exercise that passes, or of the last one if none passes. */
export async function firstCorrect(
  on: OpenTraining,
  traits: AdapterTraits,
  make: (seed: number) => Promise<readonly TrainingExercise[]>,
): Promise<Outcome> {
  let outcome: Outcome = { error: Infinity };
  for (const seed of SEEDS) {
    outcome = await tryTraining(on, traits, await make(seed));
    if (isCorrect(outcome)) break;
  }
  return outcome;
}

/** Runs exercises on an open device, with kernels chosen by these traits. */
export async function tryTraining(
  on: OpenTraining,
  traits: AdapterTraits,
  exercises: readonly TrainingExercise[],
): Promise<Outcome> {
  let error = 0;
  let fault: string | undefined;
  for (const { network, start, options, batches, wanted } of exercises) {
    const trainer = await WebGpuTrainer.on(on, network, start, { ...options, traits, microBatchSize: MICRO_BATCH });
    const { losses, state } = await takeSteps(trainer, batches);
    trainer.release();
    for (const [step, { losses: own, correct }] of wanted.losses.entries()) {
      error = Math.max(error, difference(losses[step].losses, own));
      if (correct.some((count, exit) => count !== losses[step].correct[exit])) {
        fault = "different predictions count as correct";
      }
    }
    error = Math.max(
      error,
      changes(state.tensors, wanted.state.tensors),
      changes(state.ema!, wanted.state.ema!),
      changes(state.momentum, wanted.state.momentum),
      ...wanted.state.squares ? [changes(state.squares!, wanted.state.squares)] : [],
    );
  }
  return { error, fault };
}

/**
 * The largest difference of any tensor, relative to the largest number of all tensors: small sums have larger relative
 * errors.
 */
function changes(found: ReadonlyMap<string, Tensor>, wanted: ReadonlyMap<string, Tensor>): number {
  const all = (tensors: ReadonlyMap<string, Tensor>) =>
    Array.from(wanted.keys(), (name) => Array.from(tensors.get(name)!.data)).flat();
  return difference(all(found), all(wanted));
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => made ??= make();
}
