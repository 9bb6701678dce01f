/**
 * `--shard`.
 *
 * @module
 */

import { readShard, type Shard, SHARD_VARIABLES } from "../results/shard.ts";
import type { Option } from "./command.ts";

/** Its help. */
export const SHARD_OPTION: Option = {
  value: "I/N",
  help: "do only the I-th of N shares of the work, for ranet merge to put together; auto: as a task of a Slurm\n" +
    "array or of an indexed Kubernetes job is told",
};

/** The shard that is asked for, if one is. */
export function shardOf({ shard }: { readonly shard?: string }): Shard | undefined {
  const variable = (name: string) => SHARD_VARIABLES.includes(name) ? Deno.env.get(name) : undefined;
  return shard === undefined ? undefined : readShard(shard, variable);
}
