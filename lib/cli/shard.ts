/**
 * The option `--shard`.
 *
 * @module
 */

import { readShard, type Shard, SHARD_VARIABLES } from "../results/shard.ts";
import type { Option } from "./command.ts";

/** The option and its help. */
export const SHARD_OPTION: Option = {
  value: "I/N",
  help: "process only part I of N, for ranet merge to combine; auto: take I and N from the Slurm array or the " +
    "indexed Kubernetes job",
};

/** The requested shard, if there is one. */
export function shardOf({ shard }: { readonly shard?: string }): Shard | undefined {
  const variable = (name: string) => SHARD_VARIABLES.includes(name) ? Deno.env.get(name) : undefined;
  return shard === undefined ? undefined : readShard(shard, variable);
}
