/**
 * A process of its own: runs all exits of one batch on one contestant, and prints the most memory that it has needed.
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

/** Linux keeps the highest resident set; elsewhere the present one has to do. */
async function peakBytes(): Promise<number> {
  if (Deno.build.os !== "linux") return Deno.memoryUsage().rss;
  const status = await Deno.readTextFile("/proc/self/status");
  return 1024 * Number(/VmHWM:\s*(\d+)/.exec(status)![1]);
}
