/**
 * Whether a device computes what the kernels say: a small fixed network runs there and on the CPU runner. A driver that
 * compiles a kernel wrongly gives wrong labels without a word; so each kernel is tried before its first use, on the device
 * that will use it, whose compiled kernel it shares.
 *
 * @module
 */

import { RanetError } from "../../errors.ts";
import { titleOf } from "./adapter.ts";
import type { GpuDevice } from "./device.ts";
import type { Kernel } from "./kernels.ts";
import { PassedKernels } from "./passed_kernels.ts";
import { type Exercise, makeExercise } from "./exercise.ts";
import { WebGpuRunner } from "./runner.ts";
import type { AdapterTraits, Tile } from "./tiles.ts";

/** The largest difference, as a share of the largest logit; rounding makes for 1e-6. */
const TOLERANCE = 1e-4;

/** A device computed something else than the CPU runner. */
export class SelfTestError extends RanetError {}

/** What a device made of an exercise. */
export interface Outcome {
  /** Largest difference from the CPU runner, as a share of the largest logit; infinite for what is not a number. */
  readonly error: number;
  /** Whether the same images left at the same exits. */
  readonly sameExits: boolean;
}

/** Whether an exercise went well. */
export function isRight({ error, sameExits }: Outcome): boolean {
  return error <= TOLERANCE && sameExits;
}

/**
 * Tries the kernels that a runner is about to use, unless they have passed before: in this program, or in an earlier one
 * that could keep it.
 *
 * @throws {SelfTestError} If one of them does not compute what the CPU runner does.
 */
export async function selfTest(device: GpuDevice, kernels: readonly Kernel[]): Promise<void> {
  const passed = await PassedKernels.of(device);
  const untried = passed.without(kernels);
  if (untried.length === 0) return;
  const exercise = await makeExercise(device.precision);
  const trials = untried.map(traitsOf).filter((traits) => traits !== undefined);
  // Every exercise takes every other kernel too.
  if (trials.length === 0) trials.push(device.adapter.traits);
  await Promise.all(trials.map(async (traits) => {
    const outcome = await tryKernels(device, traits, exercise);
    if (isRight(outcome)) return;
    const { error, sameExits } = outcome;
    throw new SelfTestError(
      `Cannot trust ${titleOf(device.adapter)}: in a self-test ${
        sameExits ? `results are off by ${error.toPrecision(2)} of the largest` : "images leave where they should not"
      }, with ${tileName(traits.tiles[0])}. Use --device cpu; ranet devices --check says more.`,
    );
  }));
  await passed.add(untried);
}

/** Does an exercise with kernels chosen by these traits, on an open device. */
export async function tryKernels(device: GpuDevice, traits: AdapterTraits, exercise: Exercise): Promise<Outcome> {
  const { plan, weights, images, count, thresholds, exits } = exercise;
  const runner = await WebGpuRunner.on(device, plan, weights, { capacity: count, traits });
  runner.load(images, count);
  const found = await runner.run({ from: 0, to: plan.stages.length, thresholds });
  runner.release();
  const classes = plan.network.spec.classes.length;
  /** Those of images that did not get there mean nothing. */
  const reached = (logits: Float32Array, exit: number) =>
    logits.map((value, i) => exits[Math.floor(i / classes)] >= exit ? value : 0);
  const errors = exercise.logits.map((wanted, k) => difference(reached(found.logits[k], k), reached(wanted, k)));
  return { error: Math.max(...errors), sameExits: exits.every((exit, i) => exit === found.exits[i]) };
}

/** A tile, for people. */
export function tileName({ kernel, pixels, quads }: Pick<Tile, "kernel" | "pixels" | "quads">): string {
  return `${kernel} in tiles of ${pixels} pixels × ${quads} quads`;
}

/** Of an adapter that computes convolutions by this kernel only; undefined for another kind of kernel. */
function traitsOf(
  { kernel, constants: { LANES: lanes, PIXELS: pixels, QUADS: quads, ACROSS: across } }: Kernel,
): AdapterTraits | undefined {
  if (kernel !== "convolution" && kernel !== "convolution-shared") return undefined;
  return { lanes, parallelism: 1, tiles: [{ kernel, pixels, quads, across, cost: 1 }] };
}

function difference(found: Float32Array, wanted: Float32Array): number {
  const largest = Math.max(...wanted.map(Math.abs));
  const errors = Array.from(wanted, (value, i) => Math.abs(found[i] - value) / largest);
  return errors.some(Number.isNaN) ? Infinity : Math.max(...errors);
}
