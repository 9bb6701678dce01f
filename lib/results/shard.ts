/**
 * Divides work into N shards. Each takes every N-th entry, independently of the others.
 *
 * @module
 */

import { RanetError } from "../errors.ts";

/** One of several parts of the same work. */
export interface Shard {
  /** Number of the shard, from 1. */
  readonly index: number;
  /** Total number of shards. */
  readonly count: number;
}

/** Maximum number of shards: more than Slurm and Kubernetes allow per job by default. */
const MAX_SHARDS = 100_000;

/** Environment variables that give the number of a task in a job. */
const SCHEDULERS = [
  {
    name: "Slurm",
    index: "SLURM_ARRAY_TASK_ID",
    first: "SLURM_ARRAY_TASK_MIN",
    count: "SLURM_ARRAY_TASK_COUNT",
  },
  { name: "Kubernetes", index: "JOB_COMPLETION_INDEX", first: undefined, count: "JOB_COMPLETIONS" },
] as const;

/** The variables that {@linkcode readShard} may read. */
export const SHARD_VARIABLES: readonly string[] = SCHEDULERS.flatMap(({ index, first, count }) =>
  [index, first, count].filter((name) => name !== undefined)
);

/**
 * Reads `2/8`, or `auto`: the shard of this task in a Slurm array or an indexed Kubernetes job.
 *
 * @param text The shard, as given on the command line.
 * @param variable Returns an environment variable.
 * @throws {RanetError} If it is neither, or the variables are not set.
 */
export function readShard(text: string, variable: (name: string) => string | undefined): Shard {
  if (text === "auto") return scheduledShard(variable);
  const [, index, count] = /^(\d{1,6})\/(\d{1,6})$/.exec(text) ?? [];
  const shard = { index: Number(index), count: Number(count) };
  if (shard.index >= 1 && shard.index <= shard.count && shard.count <= MAX_SHARDS) return shard;
  throw new RanetError(
    `Cannot use shard ${JSON.stringify(text)}: expected I/N with I from 1 to N and N up to ${MAX_SHARDS}, such as ` +
      "2/8, or auto",
  );
}

function scheduledShard(variable: (name: string) => string | undefined): Shard {
  for (const scheduler of SCHEDULERS) {
    const [index, count] = [variable(scheduler.index), variable(scheduler.count)];
    if (index === undefined) continue;
    const first = scheduler.first === undefined ? 0 : Number(variable(scheduler.first) ?? 0);
    const shard = { index: Number(index) - first + 1, count: Number(count) };
    if (Number.isInteger(shard.index) && shard.index >= 1 && shard.index <= shard.count) return shard;
    throw new RanetError(
      `Cannot use shard "auto": ${scheduler.name} sets ${scheduler.index}=${index}, but ${scheduler.count} is ` +
        `${count ?? "not set"}. Expected consecutive task numbers, and ${scheduler.count} of them.`,
    );
  }
  throw new RanetError(
    `Cannot use shard "auto": neither ${SCHEDULERS.map(({ index }) => index).join(" nor ")} is set. Specify the shard`,
    { remedy: { shard: "2/8" } },
  );
}

/** Whether an entry, counted from 0, belongs to a shard. Without a shard, every entry does. */
export function isInShard(position: number, shard: Shard | undefined): boolean {
  return !shard || position % shard.count === shard.index - 1;
}

/** Number of entries of a shard, out of `total`. */
export function shardSize(total: number, shard: Shard | undefined): number {
  return shard ? Math.ceil((total - shard.index + 1) / shard.count) : total;
}

/**
 * Checks that shards are complete.
 *
 * @param shards The shards by ascending index, with their paths.
 * @throws {RanetError} If one is missing, duplicated, or has another total number.
 */
export function checkComplete(shards: readonly { readonly shard: Shard; readonly path: string }[]): void {
  const { count } = shards[0].shard;
  for (const [i, { shard, path }] of shards.entries()) {
    if (shard.count !== count) {
      throw new RanetError(
        `Cannot merge ${JSON.stringify(path)}, shard ${shard.index} of ${shard.count}: the others are of ${count}`,
      );
    }
    if (shard.index === shards[i - 1]?.shard.index) {
      throw new RanetError(
        `Cannot merge shard ${shard.index} of ${count} twice: ${JSON.stringify(shards[i - 1].path)} and ` +
          JSON.stringify(path),
      );
    }
  }
  const there = new Set(shards.map(({ shard }) => shard.index));
  const missing = Array.from({ length: count }, (_, i) => i + 1).filter((index) => !there.has(index));
  if (missing.length === 0) return;
  const some = missing.slice(0, 20).join(", ") + (missing.length > 20 ? ", …" : "");
  throw new RanetError(`Cannot merge ${there.size} of ${count} shards: missing ${some}`);
}
