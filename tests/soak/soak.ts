/**
 * `./ranet soak [MINUTES]`: a server under every attack in turn, while others have images classified. At the end it must
 * take no more than after the first minute (the first third, of less than three), have answered everybody else rightly,
 * and said that it is well in time.
 *
 * @module
 */
import { ATTACKS } from "./attacks.ts";
import type { Experience } from "./bystander.ts";
import { ServerProcess, type Usage } from "./server_process.ts";

/** Most memory at any time. */
const MAX_RSS = 700e6;
/** How much more the server may take at the end. */
const GROWTH = 1.1;
/** Most milliseconds until `/health` answers, but for one in a hundred. */
const MAX_HEALTH = 100;
const CUSTOMERS = 4;

const minutes = Number(Deno.args[0] ?? 10);
if (!(minutes > 0)) {
  console.error(`Cannot soak for ${JSON.stringify(Deno.args[0])} minutes: expected a number above 0`);
  Deno.exit(2);
}

await using server = await ServerProcess.start(["--device", "cpu", "--log-level", "error", ...Deno.args.slice(1)]);
const others = new Worker(new URL("./bystander.ts", import.meta.url), { type: "module" });
const next = () => new Promise<unknown>((resolve) => others.onmessage = ({ data }) => resolve(data));
const ask = async (message: unknown) => {
  const answer = next();
  others.postMessage(message);
  return await answer;
};
await ask({ url: server.url.href.replace(/\/$/, ""), clients: CUSTOMERS });

const usages: Usage[] = [];
const watch = setInterval(async () => usages.push(await server.usage()), 500);
const problems: string[] = [];
const percentile = (values: readonly number[], share: number) =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(share * values.length))] ?? 0;

const end = performance.now() + 60_000 * minutes;
const names = Object.keys(ATTACKS);
console.log(
  "attack              seconds  health p50  p99  max ms  answers  max ms   busy  RSS MB  descriptors  threads",
);
for (let i = 0; performance.now() < end; i++) {
  const name = names[i % names.length];
  const began = performance.now();
  const first = usages.length;
  await ATTACKS[name](server.url, `127.0.1.${i % names.length + 1}`);
  await new Promise((resolve) => setTimeout(resolve, 500)); // so that each has its answers
  const { health, answers, wrong, busy } = await ask("report") as Experience;
  const during = usages.slice(first);
  const most = (key: keyof Usage) => Math.max(...during.map((usage) => usage[key]));
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
  if (percentile(health, 0.99) > MAX_HEALTH) problems.push(`${name}: /health took ${percentile(health, 0.99)} ms`);
  if (answers.length === 0) problems.push(`${name}: nobody else was answered`);
  problems.push(...wrong.map((what) => `${name}: ${what}`));
}
clearInterval(watch);
await ask("stop");
others.terminate();

/** The median of a span, in samples from the start: the end of a round differs from its middle. */
const median = (key: keyof Usage, from: number, to: number) =>
  percentile(usages.slice(from, to).map((usage) => usage[key]), 0.5);
const span = Math.min(120, Math.floor(usages.length / 3));
for (const key of ["rss", "descriptors", "threads"] as const) {
  const before = median(key, span, 2 * span);
  const after = median(key, usages.length - span, usages.length);
  console.log(`${key}: median ${before} after the start, ${after} at the end`);
  if (after > GROWTH * before) problems.push(`${key} grew from ${before} to ${after}`);
}
const highest = Math.max(...usages.map(({ rss }) => rss));
if (highest > MAX_RSS) problems.push(`memory reached ${highest} bytes, more than ${MAX_RSS}`);
const { code, log } = await server.stop();
if (code !== 0 || log !== "") problems.push(`the server ended with ${code}: ${log.slice(0, 2000)}`);
for (const problem of problems.slice(0, 50)) console.log(`! ${problem}`);
console.log(problems.length === 0 ? "ok" : `${problems.length} problems`);
Deno.exit(problems.length === 0 ? 0 : 1);
