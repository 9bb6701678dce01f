/**
 * Times several tasks fairly: each is warmed up, then they take turns, so that other load on the machine affects all of them
 * equally. In each turn only the second run counts, except for slow tasks.
 *
 * @module
 */

/** Why something could not be measured. */
export interface Failure {
  /** The error's message. */
  readonly failed: string;
}

/** How long something takes. */
export interface Timing {
  /** Median of the runs, in milliseconds. */
  readonly ms: number;
  /** Each run, in milliseconds, without those that warmed up. */
  readonly times: readonly number[];
}

/** How thoroughly to measure. */
export interface Effort {
  /** Largest number of runs of each task. */
  readonly rounds: number;
  /** Seconds of measured runs after which a task is not run again. */
  readonly seconds: number;
  /** Seconds for which each task is run before the measurement, at least once. */
  readonly warmup: number;
}

/** Whether something could not be measured. */
export function isFailure(outcome: object): outcome is Failure {
  return "failed" in outcome;
}

/** Returns a function's result, or the reason why it failed. */
export async function attempt<T>(use: () => Promise<T>): Promise<T | Failure> {
  try {
    return await use();
  } catch (error) {
    return { failed: error instanceof Error ? error.message : String(error) };
  }
}

/** Milliseconds that a function takes. */
export async function time(run: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await run();
  return performance.now() - start;
}

/** The median of numbers. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** If the first run takes this many times `Effort.seconds`, it is the result. */
const SLOW = 4;

/** Tasks that take less than this, in milliseconds, are run once without measurement in each turn. */
const SETTLE = 1000;

/** Pause before each turn, in milliseconds: threads of the previous task spin for some time and occupy the cores. */
const REST = 60;

/** Times tasks in turn. A task that throws is a failure; the others continue. */
export async function inTurn(
  tasks: readonly (() => Promise<unknown>)[],
  { rounds, seconds, warmup }: Effort,
): Promise<(Timing | Failure)[]> {
  const times: number[][] = tasks.map(() => []);
  const failures: (Failure | undefined)[] = [];
  for (const [i, task] of tasks.entries()) {
    const start = performance.now();
    do failures[i] = await failureOf(task); while (!failures[i] && performance.now() < start + 1000 * warmup);
    const ms = performance.now() - start;
    if (ms > SLOW * 1000 * seconds) times[i].push(ms);
  }
  for (let round = 0; round < rounds; round++) {
    for (const [i, task] of tasks.entries()) {
      if (failures[i] || times[i].reduce((sum, ms) => sum + ms, 0) > 1000 * seconds) continue;
      failures[i] = await failureOf(async () => {
        await new Promise((resolve) => setTimeout(resolve, REST));
        const settle = await time(task);
        times[i].push(settle < SETTLE ? await time(task) : settle);
      });
    }
  }
  return times.map((all, i) => failures[i] ?? { ms: median(all), times: all });
}

async function failureOf(task: () => Promise<unknown>): Promise<Failure | undefined> {
  const outcome = await attempt(async () => {
    await task();
    return {};
  });
  return isFailure(outcome) ? outcome : undefined;
}
