/**
 * Timing several things fairly: each is warmed up, then they take turns, so that whatever else the machine does meets
 * all of them alike. In each turn the second run counts, unless runs take long.
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
  /** Most runs of each task. */
  readonly rounds: number;
  /** Seconds of runs after which a task gets no further one. */
  readonly seconds: number;
  /** Seconds that each task is run before, unmeasured; once at least. */
  readonly warmup: number;
}

/** Whether something could not be measured. */
export function isFailure(outcome: object): outcome is Failure {
  return "failed" in outcome;
}

/** What a function gives, or why it does not. */
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

/** The middle one of some numbers. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** A first run that takes as many times the seconds meant for all runs is taken for the result. */
const SLOW = 4;

/** A task that takes less, in milliseconds, is run once unmeasured in each turn. */
const SETTLE = 1000;

/** Milliseconds of rest before each turn: threads of the task before spin on for some time, and take the cores. */
const REST = 60;

/** Times tasks in turn; one that throws is a failure, and the others go on. */
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
