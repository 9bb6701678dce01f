import { assertEquals, assertRejects } from "@std/assert";
import type { Runner } from "../../lib/device/runner.ts";
import { TrialRunner } from "../../lib/device/trial.ts";

/** A clock that only runners move. */
let clock = 0;

/** Puts it in place of the real one. */
function stopClock(): Disposable {
  const { now } = performance;
  performance.now = () => clock;
  return { [Symbol.dispose]: () => void (performance.now = now) };
}

/** Takes so many milliseconds an image, and says when it is disposed of. */
function runner(kind: "cpu" | "gpu", msPerImage: number, log: string[]): Runner {
  let images = 0;
  return {
    device: { kind, name: kind },
    capacity: 64,
    load: (_, count) => void (images = count),
    run: ({ to }) => {
      clock += msPerImage * images;
      return Promise.resolve({ logits: [], exits: new Array<number>(images).fill(to - 1) });
    },
    [Symbol.dispose]: () => log.push(`${kind} disposed`),
  };
}

/** Runs batches of so many images; tells what each ran on, and when runners were disposed of. */
async function devices(
  batches: readonly number[],
  ms: { readonly cpu: number; readonly gpu?: number },
): Promise<string[]> {
  using _clock = stopClock();
  const log: string[] = [];
  using trial = new TrialRunner(runner("cpu", ms.cpu, log), {
    flops: [1, 2],
    open: () => Promise.resolve(ms.gpu === undefined ? undefined : runner("gpu", ms.gpu, log)),
  });
  for (const count of batches) {
    await trial.load(new Float32Array(count), count);
    // Stages of one batch stay together, whatever they take.
    const kinds = new Set<string>();
    for (const from of [0, 1]) {
      await trial.run({ from, to: from + 1 });
      kinds.add(trial.device.kind);
    }
    log.push(...kinds);
  }
  return log;
}

const TURNS = ["cpu", "gpu", "cpu", "gpu", "cpu", "gpu"];
const BATCHES = new Array<number>(8).fill(64);

Deno.test("batches that take long take turns, then run on the faster; a slower second gives its memory back", async () => {
  assertEquals(await devices(BATCHES, { cpu: 5, gpu: 2 }), [...TURNS, "gpu", "gpu", "cpu disposed", "gpu disposed"]);
  assertEquals(await devices(BATCHES, { cpu: 5, gpu: 9 }), [...TURNS, "gpu disposed", "cpu", "cpu", "cpu disposed"]);
});

Deno.test("short batches stay where they are, and so do all if there is no second runner", async () => {
  const here = [...new Array<string>(8).fill("cpu"), "cpu disposed"];
  assertEquals(await devices(BATCHES, { cpu: 1, gpu: 0.1 }), here);
  assertEquals(await devices(BATCHES, { cpu: 5 }), here);
});

Deno.test("smaller batches are no part of the trial, and stay where they were short", async () => {
  const batches = BATCHES.flatMap((count) => [count, 1]);
  const log = await devices(batches, { cpu: 5, gpu: 2 });
  assertEquals(log.filter((_, i) => i % 2 === 0), [...TURNS, "gpu", "gpu", "cpu disposed"]);
  assertEquals(log.filter((_, i) => i % 2 === 1), [...new Array<string>(8).fill("cpu"), "gpu disposed"]);
});

Deno.test("a runner that is disposed of while it opens the second disposes of that too", async () => {
  using _clock = stopClock();
  const log: string[] = [];
  const { promise, resolve } = Promise.withResolvers<Runner>();
  const trial = new TrialRunner(runner("cpu", 5, log), { flops: [1], open: () => promise });
  await trial.load(new Float32Array(64), 64);
  await trial.run({ from: 0, to: 1 });
  const loading = trial.load(new Float32Array(64), 64);
  trial[Symbol.dispose]();
  resolve(runner("gpu", 2, log));
  await loading;
  assertEquals(log, ["cpu disposed", "gpu disposed"]);
});

Deno.test("a second runner that fails is given up: its batch, and all others, run on the first", async () => {
  using _clock = stopClock();
  const log: string[] = [];
  const broken: Runner = {
    ...runner("gpu", 2, log),
    run: (range) => range.from === 0 ? runner("gpu", 2, log).run(range) : Promise.reject(new Error("lost")),
  };
  using trial = new TrialRunner(runner("cpu", 5, log), { flops: [1, 2], open: () => Promise.resolve(broken) });
  for (const kind of ["cpu", "gpu", "cpu", "cpu"]) {
    await trial.load(new Float32Array(64), 64);
    await trial.run({ from: 0, to: 1 });
    assertEquals(trial.device.kind, kind);
    assertEquals((await trial.run({ from: 1, to: 2 })).exits, new Array<number>(64).fill(1));
    assertEquals(trial.device.kind, "cpu");
  }
  assertEquals(log, ["gpu disposed"]);
});

Deno.test("a second runner's failure is told once all is disposed of", async () => {
  using _clock = stopClock();
  const broken: Runner = { ...runner("gpu", 2, []), run: () => Promise.reject(new Error("disposed")) };
  const trial = new TrialRunner(runner("cpu", 5, []), { flops: [1], open: () => Promise.resolve(broken) });
  await trial.load(new Float32Array(64), 64);
  await trial.run({ from: 0, to: 1 });
  await trial.load(new Float32Array(64), 64);
  trial[Symbol.dispose]();
  await assertRejects(() => trial.run({ from: 0, to: 1 }), Error, "disposed");
});
