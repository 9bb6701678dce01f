import { assert, assertEquals, assertRejects } from "@std/assert";
import { RanetError } from "../../lib/errors.ts";
import { DeadlineError, WorkerPool, type WorkerPoolOptions } from "../../lib/data/worker_pool.ts";

/**
 * Does what a task says. `forever` ends after some time, because Deno 2.9 does not terminate a busy worker (denoland/deno
 * 35657).
 */
const WORKER = `
onmessage = async ({ data: { name, say, forever } }) => {
  for (const end = Date.now() + 3000; forever && Date.now() < end;);
  if (say === "throw") throw new Error("boom");
  await new Promise((resolve) => setTimeout(resolve, 1));
  postMessage(say ?? { result: name });
};
postMessage("ready");`;

interface Task {
  readonly name?: string;
  readonly say?: unknown;
  readonly forever?: boolean;
}

/** A pool, and the number of workers that it has started. */
function pool(options: Partial<WorkerPoolOptions> = {}): { pool: WorkerPool<Task, string>; started: () => number } {
  let started = 0;
  const start = () => {
    started++;
    return new Worker(URL.createObjectURL(new Blob([WORKER], { type: "text/javascript" })), { type: "module" });
  };
  return { pool: new WorkerPool({ start, size: 1, budget: 10, deadline: 60_000, ...options }), started: () => started };
}

Deno.test("WorkerPool serves groups in turn, and reuses workers", async () => {
  const { pool: one, started } = pool();
  using workers = one;
  const order: string[] = [];
  await Promise.all(["a1", "a2", "a3", "b1", "c1", "c2"].map(async (name) => {
    order.push(await workers.run({ name }, { group: name[0] }));
  }));
  assertEquals(order, ["a1", "a2", "b1", "c1", "a3", "c2"]);
  assertEquals(started(), 1);
});

Deno.test("WorkerPool delays tasks that exceed the free cost, and runs those above the limit alone", async () => {
  using workers = pool({ size: 3 }).pool;
  let most = 0;
  const run = async (cost: number) => {
    await workers.run({ name: "" }, { cost });
    most = Math.max(most, workers.running);
  };
  await Promise.all([run(99), run(6), run(6), run(99), run(6)]);
  assert(most <= 1, `${most} were left running`);
  await Promise.all([run(4), run(4), run(4)]);
  assert(most <= 2);
});

Deno.test("WorkerPool does not run a cancelled task", async () => {
  using workers = pool().pool;
  const first = workers.run({ name: "first" });
  const controller = new AbortController();
  const second = workers.run({ forever: true }, { signal: controller.signal });
  assertEquals(workers.queued, 1);
  controller.abort(new Error("enough"));
  await assertRejects(() => second, Error, "enough");
  assertEquals([await first, workers.queued], ["first", 0]);
  await assertRejects(() => workers.run({}, { signal: controller.signal }), Error, "enough");
});

Deno.test("WorkerPool replaces a worker that exceeds its time limit", async () => {
  const { pool: one, started } = pool({ deadline: 100 });
  using workers = one;
  for (let i = 1; i <= 2; i++) {
    await assertRejects(() => workers.run({ forever: true }), DeadlineError, "it took longer than 100 ms");
    assertEquals(started(), i);
  }
});

Deno.test("WorkerPool replaces a worker that fails or is used up", async () => {
  const { pool: one, started } = pool();
  using workers = one;
  await assertRejects(() => workers.run({ say: "throw" }), Error, "boom");
  await assertRejects(() => workers.run({ say: { failed: "a defect" } }), Error, "a defect");
  await assertRejects(() => workers.run({ say: { refused: "no", spent: true } }), RanetError, "no");
  assertEquals(started(), 3);
  await assertRejects(() => workers.run({ say: { refused: "no" } }), RanetError, "no");
  assertEquals(await workers.run({ name: "fine" }), "fine");
  assertEquals(started(), 4);
});

Deno.test("WorkerPool reports an error each time a worker cannot be started", async () => {
  const start = () => new Worker("data:text/javascript,throw new Error('not here')", { type: "module" });
  using workers = pool({ start }).pool;
  for (let i = 0; i < 2; i++) {
    await assertRejects(
      () => workers.run({}),
      RanetError,
      "Cannot start a worker: Uncaught (in promise) Error: not here",
    );
  }
});
