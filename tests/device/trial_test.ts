import { assertEquals } from "@std/assert";
import type { Runner, StageRange } from "../../lib/device/runner.ts";
import { TrialRunner } from "../../lib/device/trial.ts";

/** Says what runs on it, and takes so many milliseconds a batch. */
function runner(kind: "cpu" | "gpu", ms: number, log: string[]): Runner {
  return {
    device: { kind, name: kind },
    capacity: 8,
    load: () => {},
    run: async ({ to }: StageRange) => {
      await new Promise((resolve) => setTimeout(resolve, ms));
      return { logits: [], exits: [to - 1] };
    },
    [Symbol.dispose]: () => log.push(`${kind} disposed`),
  };
}

async function devices(cpuMs: number, gpuMs: number | undefined): Promise<string[]> {
  const log: string[] = [];
  {
    using trial = new TrialRunner(runner("cpu", cpuMs, log), {
      flops: [1, 2],
      open: () => Promise.resolve(gpuMs === undefined ? undefined : runner("gpu", gpuMs, log)),
    });
    for (let batch = 0; batch < 8; batch++) {
      await trial.load(new Float32Array(1), 1);
      await trial.run({ from: 0, to: 2 });
      log.push(trial.device.kind);
    }
  }
  return log;
}

Deno.test("batches that take long take turns, then run on the faster", async () => {
  const turns = ["cpu", "gpu", "cpu", "gpu", "cpu", "gpu"];
  const end = ["cpu disposed", "gpu disposed"];
  assertEquals(await devices(150, 20), [...turns, "gpu", "gpu", ...end]);
  assertEquals(await devices(120, 200), [...turns, "cpu", "cpu", ...end]);
});

Deno.test("short batches stay where they are, and so do all if there is no second runner", async () => {
  assertEquals(await devices(0, 0), [...new Array(8).fill("cpu"), "cpu disposed"]);
  assertEquals(await devices(110, undefined), [...new Array(8).fill("cpu"), "cpu disposed"]);
});
