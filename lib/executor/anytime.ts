/**
 * Runs one image exit by exit, until a deadline has passed or a signal is aborted.
 *
 * @module
 */

import type { Network } from "../network/network.ts";
import type { Answer } from "./classification.ts";
import type { WorkingRunner } from "./working_runner.ts";

/** Where to stop. */
export interface AnytimeLimits {
  /** Number of exits within the budget. */
  readonly exits: number;
  /** Time of `performance.now()` after which no exit except the first is started. */
  readonly end: number;
  /** When aborted, no further exit is started. */
  readonly signal?: AbortSignal;
}

/**
 * Yields the prediction of each exit as soon as it is computed.
 *
 * @param image An array that no other call uses; it identifies the image that the runner holds.
 * @throws The signal's reason, if it is aborted before exit 1 is started.
 */
export async function* answersOf(
  image: Float32Array,
  runner: WorkingRunner,
  { network, limits }: { readonly network: Network; readonly limits: AnytimeLimits },
): AsyncGenerator<Answer> {
  const { exits, end, signal } = limits;
  /** Logits of exits that were computed together with an earlier one. */
  let ahead: Float32Array[] = [];
  /** Milliseconds that the last run took. */
  let spent = Infinity;
  /** Computes an exit and possibly the next ones; returns undefined if the time is over. */
  const compute = async (exit: number): Promise<Float32Array | undefined> => {
    let logits: Float32Array | undefined;
    for (let stage = runner.holds(image) ? exit : 0; stage <= exit; stage++) {
      // Timers run, and the signal changes, only between tasks; without threads the CPU runner never yields.
      if (signal) await new Promise((resolve) => setTimeout(resolve));
      if (exit === 0) signal?.throwIfAborted();
      else if (signal?.aborted || performance.now() >= end) return undefined;
      if (stage === 0) await runner.hold(image);
      const start = performance.now();
      const to = stage < exit || signal || runner.device.kind === "cpu"
        ? stage + 1
        : together(exit, network, { exits, spent, left: end - start });
      [logits, ...ahead] = (await runner.run({ from: stage, to })).logits;
      spent = performance.now() - start;
    }
    return logits;
  };
  for (let exit = 0; exit < exits; exit++) {
    const ms = exit === 0 ? Infinity : end - performance.now();
    const logits = ahead.shift() ?? await runner.inTurnWithin({ signal, ms }, () => compute(exit));
    if (!logits) {
      if (exit === 0) signal?.throwIfAborted();
      return;
    }
    yield { exit, logits, image };
  }
}

/**
 * The end of the range of exits that are computed together with this one. Reading a result from a GPU takes 10 ms under
 * Deno. Therefore all exits after the first are computed at once, unless that may exceed the deadline.
 */
function together(
  exit: number,
  network: Network,
  { exits, spent, left }: { readonly exits: number; readonly spent: number; readonly left: number },
): number {
  if (exit === 0) return 1;
  const flops = network.exits.map(({ cumulativeRunFlops }) => cumulativeRunFlops);
  const [before, now] = [exit > 1 ? flops[exit - 2] : 0, flops[exit - 1]];
  const rest = (flops[exits - 1] - now) / (now - before) * spent;
  return left === Infinity || rest <= left ? exits : exit + 1;
}
