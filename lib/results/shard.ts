/**
 * Sharing work out: of N shards, each takes every N-th entry, whatever the others do.
 *
 * @module
 */

import { RanetError } from "../errors.ts";

/** One of several shares of the same work. */
export interface Shard {
  /** Which one, counted from 1. */
  readonly index: number;
  /** How many there are. */
  readonly count: number;
}

/** Most shards: as many as Slurm and Kubernetes have tasks in a job by default, and more. */
const MAX_SHARDS = 100_000;

/** Variables that tell a task of a job which one it is. */
const SCHEDULERS = [
  {
    name: "Slurm",
    index: "SLURM_ARRAY_TASK_ID",
    first: "SLURM_ARRAY_TASK_MIN",
    count: "SLURM_ARRAY_TASK_COUNT",
  },
  { name: "Kubernetes", index: "JOB_COMPLETION_INDEX", first: undefined, count: "JOB_COMPLETIONS" },
] as const;

/** The variables that {@linkcode readShard} may ask for. */
export const SHARD_VARIABLES: readonly string[] = SCHEDULERS.flatMap(({ index, first, count }) =>
  [index, first, count].filter((name) => name !== undefined)
);

/**
 * Reads `2/8`, or `auto`: the shard of this task in a Slurm array or an indexed Kubernetes job.
 *
 * @param text The shard, as people write it.
 * @param variable Gives a variable of the environment.
 * @throws {RanetError} If it is neither, or the variables are not there.
 */
export function readShard(text: string, variable: (name: string) => string | undefined): Shard {
  if (text === "auto") return scheduledShard(variable);
  const [, index, count] = /^(\d{1,6})\/(\d{1,6})$/.exec(text) ?? [];
  const shard = { index: Number(index), count: Number(count) };
  if (shard.index >= 1 && shard.index <= shard.count && shard.count <= MAX_SHARDS) return shard;
  throw new RanetError(
    `Cannot use shard ${JSON.stringify(text)}: expected I/N with I from 1 to N and N up to ${MAX_SHARDS}, such as ` +
      "2/8; or auto",
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
      `Cannot use shard "auto": ${scheduler.name} says ${scheduler.index}=${index}, and ${scheduler.count} is ` +
        `${count ?? "not set"}. Expected consecutive task numbers, and ${scheduler.count} of them.`,
    );
  }
  throw new RanetError(
    `Cannot use shard "auto": neither ${SCHEDULERS.map(({ index }) => index).join(" nor ")} is set. Name the shard`,
    { remedy: { shard: "2/8" } },
  );
}

/** Whether an entry, counted from 0, is a shard's; every entry is where there are none. */
export function isInShard(position: number, shard: Shard | undefined): boolean {
  return !shard || position % shard.count === shard.index - 1;
}

/** How many of `total` entries are a shard's. */
export function shardSize(total: number, shard: Shard | undefined): number {
  return shard ? Math.ceil((total - shard.index + 1) / shard.count) : total;
}

/**
 * Makes sure that shards make up the whole.
 *
 * @param shards By ascending index, with where they are.
 * @throws {RanetError} If one is missing, there twice, or of another number of shards.
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
