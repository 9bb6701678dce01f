/**
 * The thorough check of an adapter (`devices --check`): every kernel and tile that may be chosen for it, for inference
 * with weights of either precision and for training, on several odd shapes.
 *
 * @module
 */

import { type Adapter, defaultTraits, requestDevice } from "./adapter.ts";
import { OpenAdapter } from "./device.ts";
import { type ExerciseKind, makeExercise, QUICK, SHAPES } from "./exercise.ts";
import { tryKernels } from "./self_test.ts";
import { type AdapterTraits, gradientTilesOf, type TileCost, weightTilesOf } from "./tiles.ts";
import { TrainingKernels } from "./training_kernels.ts";
import { makeTrainingExercises } from "./training_exercise.ts";
import { firstCorrect, trainingName } from "./training_self_test.ts";
import { isCorrect, type Outcome, tileName } from "./trust.ts";

/** The result for one kind of kernel. */
export interface KernelCheckResult extends Outcome {
  /** The kernel and its tiles. */
  readonly kernel: string;
  /** Precision of the weights. */
  readonly precision: ExerciseKind;
  /** Whether the results were correct for all shapes. */
  readonly correct: boolean;
  /** The driver's error message, if it refused the kernel. */
  readonly failure?: string;
}

/** A row of the check. */
export interface KernelCheck extends Pick<KernelCheckResult, "kernel" | "precision"> {
  /** Runs the check. */
  readonly run: () => Promise<KernelCheckResult>;
}

/** The shapes for checking training: a small one, and one that is wider than the largest tile. */
const TRAINING_SHAPES = [QUICK, SHAPES[2]];

/** Why no device can be requested from an adapter; undefined if it can. */
export async function openingFailure(adapter: Adapter): Promise<string | undefined> {
  try {
    (await requestDevice(adapter)).destroy();
  } catch (error) {
    return (error as Error).message;
  }
}

/** All checks of an adapter. */
export function checksOf(adapter: Adapter): KernelCheck[] {
  const tiles = tilesOf(adapter);
  return [
    ...(["float32", "float16", "int8"] as const).flatMap((precision) =>
      tiles.map((tile) => inferenceCheck(adapter, tile, precision))
    ),
    ...trainingTraits(adapter, tiles).map((traits) => trainingCheck(adapter, traits)),
  ];
}

function inferenceCheck(adapter: Adapter, tile: TileCost, precision: ExerciseKind): KernelCheck {
  const traits = { ...adapter.traits, tiles: [tile] };
  return checkOf(adapter, { kernel: tileName(tile), precision }, async (device) => {
    const outcomes: Outcome[] = [];
    for (const shape of SHAPES) outcomes.push(await tryKernels(device, traits, await makeExercise(precision, shape)));
    return outcomes;
  });
}

function trainingCheck(adapter: Adapter, traits: AdapterTraits): KernelCheck {
  return checkOf(adapter, { kernel: trainingName(traits), precision: "float32" }, async (device) => {
    const on = { device, kernels: new TrainingKernels(device.gpu) };
    const outcomes: Outcome[] = [];
    for (const shape of TRAINING_SHAPES) {
      outcomes.push(await firstCorrect(on, traits, (seed) => makeTrainingExercises(seed, shape)));
    }
    return outcomes;
  });
}

function checkOf(
  adapter: Adapter,
  about: Pick<KernelCheck, "kernel" | "precision">,
  exercise: (device: OpenAdapter) => Promise<readonly Outcome[]>,
): KernelCheck {
  return {
    ...about,
    run: async () => {
      try {
        // Each check has its own device, because a failure may lose the device.
        using device = await OpenAdapter.open(adapter, {
          precision: about.precision === "int8" ? "float32" : about.precision,
        });
        const outcomes = await exercise(device);
        const error = Math.max(...outcomes.map(({ error }) => error));
        const fault = outcomes.find(({ fault }) => fault !== undefined)?.fault;
        return { ...about, error, fault, correct: outcomes.every(isCorrect) };
      } catch (error) {
        return { ...about, error: Infinity, correct: false, failure: (error as Error).message };
      }
    },
  };
}

/** Every tile that may be chosen: those of its kind, and what `tune` has kept. */
function tilesOf({ isCpu, traits }: Adapter): TileCost[] {
  const all = [...defaultTraits(isCpu).tiles, ...traits.tiles].map((tile) => ({ ...tile, minBatch: 1 }));
  return [...new Map(all.map((tile) => [tileName(tile), tile])).values()];
}

/** Traits that lead to each tile for forward passes, gradients of inputs and gradients of weights at least once. */
function trainingTraits({ traits }: Adapter, tiles: readonly TileCost[]): AdapterTraits[] {
  const gradientTiles = gradientTilesOf({ ...traits, tiles });
  const weightTiles = weightTilesOf({ ...traits, tiles });
  return Array.from({ length: Math.max(tiles.length, weightTiles.length) }, (_, i) => ({
    ...traits,
    tiles: [tiles[i % tiles.length]],
    gradientTiles: [gradientTiles[i % gradientTiles.length]],
    weightTiles: [weightTiles[i % weightTiles.length]],
  }));
}
