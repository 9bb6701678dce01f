/**
 * Measures process starts and the peak memory of each runtime, each in a separate process.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import type { Contestant } from "./contestants.ts";
import { attempt, type Failure, isFailure, median } from "./measure.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));

/** Milliseconds from the start to the end of a process, unless noted otherwise. */
export interface Starts {
  /** `classify` of one image, with an empty shader cache (only Mesa's cache is emptied). */
  readonly coldCacheMs: number | Failure;
  /** The same, with the cache from the previous run. */
  readonly warmCacheMs: number | Failure;
  /** The same on the CPU runner. */
  readonly cpuMs: number | Failure;
  /** Import of the library in a running process. */
  readonly importMs: number | Failure;
}

/** Measures starts: medians of `rounds`. Without `gpu`, only those on the CPU. */
export async function benchStarts(rounds: number, { gpu: hasGpu }: { readonly gpu: boolean }): Promise<Starts> {
  const cache = await Deno.makeTempDir();
  const classify = (device: string) =>
    timed(["run", "--quiet", "--no-prompt", "-P=cli", "cli.ts", "classify", "examples/cat.jpg", "--device", device], {
      MESA_SHADER_CACHE_DIR: cache,
    });
  const load = `const start = performance.now(); await import("./mod.ts"); console.log(performance.now() - start)`;
  const [cold, warm, cpu, imports]: number[][] = [[], [], [], []];
  try {
    const gpu = await attempt(async () => {
      if (!hasGpu) throw new Error("no WebGPU adapter");
      for (let round = 0; round < rounds; round++) {
        await Deno.remove(cache, { recursive: true });
        cold.push(await classify("gpu"));
        warm.push(await classify("gpu"));
      }
      return { coldCacheMs: median(cold), warmCacheMs: median(warm) };
    });
    return {
      ...(isFailure(gpu) ? { coldCacheMs: gpu, warmCacheMs: gpu } : gpu),
      cpuMs: await medianOf(cpu, rounds, () => classify("cpu")),
      importMs: await medianOf(imports, rounds, async () => Number(await deno(["eval", load]))),
    };
  } finally {
    await Deno.remove(cache, { recursive: true }).catch(() => {});
  }
}

/** Peak memory of a process that computes all exits of one batch, by contestant. */
export async function benchMemory(
  contestants: readonly Contestant[],
  batch: number,
): Promise<{ readonly id: string; readonly bytes: number | Failure }[]> {
  const results = [];
  for (const { id } of contestants) {
    const bytes = await attempt(async () =>
      Number(await deno(["run", "--quiet", "--allow-all", "bench/memory.ts", id, String(batch)]))
    );
    results.push({ id, bytes });
  }
  return results;
}

async function medianOf(times: number[], rounds: number, run: () => Promise<number>): Promise<number | Failure> {
  return await attempt(async () => {
    for (let round = 0; round < rounds; round++) times.push(await run());
    return median(times);
  });
}

async function timed(args: readonly string[], env: Record<string, string>): Promise<number> {
  const start = performance.now();
  await deno(args, env);
  return performance.now() - start;
}

/** Runs Deno in the repository and returns its output. */
async function deno(args: readonly string[], env: Record<string, string> = {}): Promise<string> {
  const command = new Deno.Command(Deno.execPath(), { args: [...args], cwd: ROOT, env });
  const { success, stdout, stderr } = await command.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
  if (!success) throw new Error(text(stderr) || "the process failed");
  return text(stdout);
}
