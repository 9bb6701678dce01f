/**
 * Runs in its own process: computes all exits of one batch on one contestant, and prints the peak memory in bytes.
 *
 * @module
 */

import { inputLength } from "../lib/network/common.ts";
import { DEFAULT_MODEL, loadModel } from "../mod.ts";
import { OURS, PEERS } from "./contestants.ts";

const [id, batch] = Deno.args;
const contestant = [...OURS, ...PEERS].find((one) => one.id === id)!;
const model = await loadModel(DEFAULT_MODEL);
await using session = await contestant.open(model);
await session.run(new Float32Array(Number(batch) * inputLength(model.spec.input)), Number(batch));
console.log(await peakBytes());

/** Peak resident set on Linux; on other systems, the current one. */
async function peakBytes(): Promise<number> {
  if (Deno.build.os !== "linux") return Deno.memoryUsage().rss;
  const status = await Deno.readTextFile("/proc/self/status");
  return 1024 * Number(/VmHWM:\s*(\d+)/.exec(status)![1]);
}
