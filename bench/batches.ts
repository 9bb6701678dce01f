/**
 * Times all exits at several batch sizes.
 *
 * @module
 */

import { inputLength } from "../lib/network/common.ts";
import type { Model } from "../mod.ts";
import { type Contestant, LARGEST_BATCH, type Session } from "./contestants.ts";
import { attempt, type Effort, type Failure, inTurn, isFailure, type Timing } from "./measure.ts";

/** The batch sizes. */
export const BATCHES = [1, 16, LARGEST_BATCH] as const;

/** A contestant's time for one batch size. */
export type BatchTiming = (Timing & { readonly msPerImage: number }) | Failure;

/** A contestant's times. */
export interface BatchResult {
  /** The contestant's id. */
  readonly id: string;
  /** Name and version of the runtime. */
  readonly version?: string;
  /** By batch size. */
  readonly batches: Readonly<Record<number, BatchTiming>>;
}

/** Times all exits. Contestants take turns. */
export async function benchBatches(
  model: Model,
  contestants: readonly Contestant[],
  images: Float32Array,
  effort: Effort,
): Promise<BatchResult[]> {
  const sessions: (Session | Failure)[] = [];
  for (const contestant of contestants) {
    sessions.push(
      await attempt(async () => {
        const session = await contestant.open(model);
        // The first run compiles kernels and allocates memory.
        await session.run(images.subarray(0, inputLength(model.spec.input)), 1);
        return session;
      }),
    );
  }
  const timings: Record<number, BatchTiming>[] = contestants.map(() => ({}));
  for (const batch of BATCHES) {
    const part = images.subarray(0, batch * inputLength(model.spec.input));
    const tasks = sessions.map((session) => async () => {
      if (isFailure(session)) throw new Error(session.failed);
      return await session.run(part, batch);
    });
    (await inTurn(tasks, effort)).forEach((timing, i) => {
      timings[i][batch] = isFailure(timing) ? timing : { ...timing, msPerImage: timing.ms / batch };
    });
  }
  const results = contestants.map(({ id }, i) => {
    const session = sessions[i];
    return { id, version: isFailure(session) ? undefined : session.version, batches: timings[i] };
  });
  for (const session of sessions) if (!isFailure(session)) await session[Symbol.asyncDispose]();
  return results;
}
