/**
 * Tests whether a device computes the kernels of inference correctly: a small fixed network runs there and on the CPU.
 *
 * @module
 */

import type { OpenAdapter } from "./device.ts";
import { type Exercise, makeExercise } from "./exercise.ts";
import { type Kernel, KERNEL_TEXT } from "./kernels.ts";
import { WebGpuRunner } from "./runner.ts";
import type { AdapterTraits, TileCost } from "./tiles.ts";
import { difference, type Outcome, tileName, trustKernels } from "./trust.ts";

/**
 * Tests the kernels that a runner is about to use, unless they have passed before.
 *
 * @throws {SelfTestError} If the results of one of them differ from the CPU runner's.
 */
export async function selfTest(device: OpenAdapter, kernels: readonly Kernel[]): Promise<void> {
  await trustKernels(device, kernels, {
    text: KERNEL_TEXT,
    trials: async (untried) => {
      // Either all kernels of a runner are for 8 bits, or none is.
      const isInt8 = untried.some(({ arithmetic = "floats" }) => arithmetic !== "floats");
      const exercise = await makeExercise(isInt8 ? "int8" : device.precision);
      const tiles = untried.map(tileOf).filter((tile) => tile !== undefined);
      const trials = tiles.map((tile): AdapterTraits => ({ ...device.adapter.traits, parallelism: 1, tiles: [tile] }));
      // Every exercise also uses all kernels that have no tiles.
      if (trials.length === 0) trials.push(device.adapter.traits);
      return trials.map((traits) => ({
        title: tileName(traits.tiles[0]),
        run: () => tryKernels(device, traits, exercise),
      }));
    },
  });
}

/** Runs an exercise on an open device, with kernels chosen by these traits. */
export async function tryKernels(device: OpenAdapter, traits: AdapterTraits, exercise: Exercise): Promise<Outcome> {
  const { plan, weights, images, count, thresholds, exits } = exercise;
  const runner = await WebGpuRunner.on(device, plan, weights, { batchSize: count, traits });
  runner.load(images, count);
  const found = await runner.run({ from: 0, to: plan.stages.length, thresholds });
  runner.release();
  const classes = plan.network.spec.classes.length;
  /** The logits of images that reached the exit; the others are undefined. */
  const reached = (logits: Float32Array, exit: number) =>
    logits.map((value, i) => exits[Math.floor(i / classes)] >= exit ? value : 0);
  const errors = exercise.logits.map((wanted, k) => difference(reached(found.logits[k], k), reached(wanted, k)));
  const sameExits = exits.every((exit, i) => exit === found.exits[i]);
  return { error: Math.max(...errors), ...!sameExits && { fault: "samples take the wrong exit" } };
}

/** The tile of a kernel that computes convolutions; undefined for another kind of kernel. */
export function tileOf({ kernel, constants: { PIXELS: pixels, QUADS: quads, ACROSS: across } }: Kernel<string>):
  | TileCost
  | undefined {
  if (kernel !== "convolution" && kernel !== "convolution-shared") return undefined;
  return { kernel, pixels, quads, across, cost: 1 };
}
