/**
 * `./ranet soak [MINUTES]`: runs a server under all attacks in turn while other clients have images classified. Other
 * clients must get correct answers, and `/health` in time; memory is limited; and at the end the server must not use more
 * resources than after it had seen each attack once. Linux only. Further arguments are options of `ranet serve`.
 *
 * @module
 */
import { ATTACKS } from "./attacks.ts";
import type { Experience } from "./bystander.ts";
import { ServerProcess, type Usage } from "./server_process.ts";

/** Largest memory at any time. Memory at rest varies by 80 MB between rounds, with when V8 collects garbage. */
const MAX_RSS = 800e6;
/** Allowed growth until the end, of memory and of countable resources. */
const GROWTH = { share: 1.1, ones: 4 };
/** Limit of the median time of `/health` under an attack, in milliseconds. Other processes on this machine affect it. */
const MAX_HEALTH = 100;
/** Limit of any time of `/health`, in milliseconds. */
const MAX_HEALTH_EVER = 5000;
const CUSTOMERS = 4;
/** Attacks are scaled down if there are fewer minutes than this, so that each runs at least once. */
const SHORT = { minutes: 3, scale: 0.2 };
/** Further rounds to find out whether growth lasts. */
const MORE_ROUNDS = 3;
const KEYS = ["rss", "descriptors", "threads"] as const;
/** Pause before resources are measured, in milliseconds. */
const REST = 5000;

const minutes = Number(Deno.args[0] ?? 10);
if (!(minutes > 0)) {
  console.error(`Cannot soak for ${JSON.stringify(Deno.args[0])} minutes: expected a number above 0`);
  Deno.exit(2);
}

await using server = await ServerProcess.start(["--device", "cpu", "--log-level", "error", ...Deno.args.slice(1)]);
const others = new Worker(new URL("./bystander.ts", import.meta.url), { type: "module" });
const ask = async (message: unknown) => {
  const answer = new Promise<unknown>((resolve) => others.onmessage = ({ data }) => resolve(data));
  others.postMessage(message);
  return await answer;
};
await ask({ url: server.url.href.replace(/\/$/, ""), clients: CUSTOMERS });

const problems: string[] = [];
const usages: Usage[] = [];
const watch = setInterval(async () => usages.push(await server.usage()), 500);
const percentile = (values: readonly number[], share: number) =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(share * values.length))] ?? 0;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Runs one attack, prints the result, and collects errors. */
async function attack(name: string, from: string, scale: number): Promise<void> {
  const began = performance.now();
  const first = usages.length;
  await ATTACKS[name](server.url, from, scale);
  await pause(1000); // so that every client has received its answers
  const { health, answers, wrong, busy } = await ask("report") as Experience;
  const most = (key: keyof Usage) => Math.max(...usages.slice(first).map((usage) => usage[key]));
  const cells = [
    name.padEnd(18),
    ((performance.now() - began) / 1000).toFixed(1).padStart(8),
    ...[0.5, 0.99, 1].map((share, k) => percentile(health, share).toFixed(0).padStart([11, 4, 7][k])),
    String(answers.length).padStart(8),
    percentile(answers, 1).toFixed(0).padStart(7),
    String(busy).padStart(6),
    (most("rss") / 1e6).toFixed(0).padStart(7),
    String(most("descriptors")).padStart(12),
    String(most("threads")).padStart(8),
  ];
  console.log(cells.join(" "));
  if (percentile(health, 0.5) > MAX_HEALTH || percentile(health, 1) > MAX_HEALTH_EVER) {
    problems.push(`${name}: /health took ${percentile(health, 0.5)} ms, at most ${percentile(health, 1)} ms`);
  }
  if (answers.length === 0) problems.push(`${name}: no other client was answered`);
  problems.push(...wrong.map((what) => `${name}: ${what}`));
}

/** Resources of the server after a pause, while other clients still use it. */
async function atRest(): Promise<Usage> {
  await pause(REST);
  const few: Usage[] = [];
  for (let i = 0; i < 5; i++, await pause(200)) few.push(await server.usage());
  const median = (key: keyof Usage) => percentile(few.map((usage) => usage[key]), 0.5);
  return { rss: median("rss"), descriptors: median("descriptors"), threads: median("threads") };
}

console.log(
  "attack              seconds  health p50  p99  max ms  answers  max ms   busy  RSS MB  descriptors  threads",
);
const end = performance.now() + 60_000 * minutes;
const scale = minutes < SHORT.minutes ? SHORT.scale : 1;
// Complete rounds, at least two, because the memory in use depends on the previous attack.
const round = async (): Promise<Usage> => {
  for (const [i, name] of Object.keys(ATTACKS).entries()) await attack(name, `127.0.1.${i + 1}`, scale);
  return await atRest();
};
const before = await round();
const grown = (after: Usage) =>
  KEYS.filter((key) => after[key] > Math.max(GROWTH.share * before[key], before[key] + GROWTH.ones));
let after = await round();
while (performance.now() < end) after = await round();
// A leak grows in every round. What has not been collected yet does not, so growth has to last.
for (let more = 0; more < MORE_ROUNDS && grown(after).length > 0; more++) after = await round();
clearInterval(watch);
await ask("stop");
others.terminate();

for (const key of KEYS) console.log(`${key}: ${before[key]} after the first round, ${after[key]} at the end`);
for (const key of grown(after)) problems.push(`${key} grew from ${before[key]} to ${after[key]}`);
const highest = Math.max(...usages.map(({ rss }) => rss));
console.log(`peak memory: ${(highest / 1e6).toFixed(0)} MB`);
if (highest > MAX_RSS) problems.push(`memory reached ${highest} bytes, more than ${MAX_RSS}`);
const { code, log } = await server.stop();
if (code !== 0 || log !== "") problems.push(`the server ended with ${code}: ${log.slice(0, 2000)}`);
for (const problem of problems.slice(0, 50)) console.log(`! ${problem}`);
console.log(problems.length === 0 ? "ok" : `${problems.length} problems`);
Deno.exit(problems.length === 0 ? 0 : 1);
