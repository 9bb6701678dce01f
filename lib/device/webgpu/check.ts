/**
 * The thorough check of an adapter, for people: every kernel and tile that there is, on several odd shapes, with weights of
 * either precision.
 *
 * @module
 */

import type { Precision } from "../precision.ts";
import type { Adapter } from "./adapter.ts";
import { GpuDevice } from "./device.ts";
import { makeExercise, SHAPES } from "./exercise.ts";
import { isRight, type Outcome, tileName, tryKernels } from "./self_test.ts";
import { CPU_TILES, GPU_TILES, type TileCost } from "./tiles.ts";

/** What came of one kind of kernel. */
export interface KernelCheckResult extends Outcome {
  /** How convolutions were computed. */
  readonly kernel: string;
  /** How weights were stored. */
  readonly precision: Precision;
  /** Whether all shapes went well. */
  readonly right: boolean;
  /** What the driver refused, if it did. */
  readonly failure?: string;
}

const PRECISIONS = ["float32", "float16"] as const;

/** Rows of {@linkcode checkAdapter}. */
export const CHECKS: number = PRECISIONS.length * tilesToCheck().length;

/** Checks an adapter, kernel by kernel. */
export async function* checkAdapter(adapter: Adapter): AsyncGenerator<KernelCheckResult> {
  for (const precision of PRECISIONS) {
    const exercises = await Promise.all(SHAPES.map((shape) => makeExercise(precision, shape)));
    for (const tile of tilesToCheck()) {
      const about = { kernel: tileName(tile), precision };
      // One that fails takes its device with it.
      using device = await GpuDevice.open(adapter, { precision });
      try {
        const outcomes: Outcome[] = [];
        for (const exercise of exercises) {
          outcomes.push(await tryKernels(device, { ...adapter.traits, tiles: [{ ...tile, minBatch: 1 }] }, exercise));
        }
        const error = Math.max(...outcomes.map(({ error }) => error));
        const sameExits = outcomes.every(({ sameExits }) => sameExits);
        yield { ...about, error, sameExits, right: outcomes.every(isRight) };
      } catch (error) {
        yield { ...about, error: Infinity, sameExits: false, right: false, failure: (error as Error).message };
      }
    }
  }
}

function tilesToCheck(): TileCost[] {
  return [...new Map([...CPU_TILES, ...GPU_TILES].map((tile) => [tileName(tile), tile])).values()];
}
