import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { Batcher } from "../../lib/serve/batcher.ts";

/** Longer than any test takes. */
const LONG = 2 ** 30;
const never = new AbortController().signal;
const plain = { group: "", signal: never };

/** A batcher that doubles numbers, and its batches. */
function doubling(options: { batchSize: number; wait: number }, before: () => Promise<void> = async () => {}) {
  const batches: (readonly number[])[] = [];
  const batcher = new Batcher<number, number>(async (items) => {
    batches.push(items);
    await before();
    return items.map((item) => 2 * item);
  }, options);
  return { batcher, batches };
}

Deno.test("Batcher starts a full batch without waiting", async () => {
  const { batcher, batches } = doubling({ batchSize: 3, wait: LONG });
  const results = await Promise.all([1, 2, 3].map((item) => batcher.submit(item, plain)));
  assertEquals([results, batches], [[2, 4, 6], [[1, 2, 3]]]);
});

Deno.test("Batcher combines images that arrive within the wait", async () => {
  const { batcher, batches } = doubling({ batchSize: 10, wait: 5 });
  const waiting = [1, 2].map((item) => batcher.submit(item, plain));
  assertEquals([batcher.queued, batches], [2, []]);
  assertEquals(await Promise.all(waiting), [2, 4]);
  assertEquals([batcher.queued, batches], [0, [[1, 2]]]);
});

Deno.test("Batcher runs one batch at a time, and collects the next one meanwhile", async () => {
  const gate = Promise.withResolvers<void>();
  const { batcher, batches } = doubling({ batchSize: 2, wait: 0 }, () => gate.promise);
  const waiting = [1, 2, 3, 4, 5].map((item) => batcher.submit(item, plain));
  await new Promise((resolve) => setTimeout(resolve, 5));
  assertEquals([batches, batcher.queued], [[[1]], 4]);
  gate.resolve();
  assertEquals(await Promise.all(waiting), [2, 4, 6, 8, 10]);
  assertEquals(batches, [[1], [2, 3], [4, 5]]);
});

Deno.test("Batcher reports an error to all images of the batch, and to no others", async () => {
  const batcher = new Batcher<number, number>((items) => {
    if (items.includes(13)) throw new Error("unlucky");
    return Promise.resolve(items);
  }, { batchSize: 2, wait: 0 });
  const first = batcher.submit(1, plain);
  const waiting = await Promise.allSettled([first, ...[12, 13, 14].map((item) => batcher.submit(item, plain))]);
  assertEquals(waiting.map(({ status }) => status), ["fulfilled", "rejected", "rejected", "fulfilled"]);
  await assertRejects(() => batcher.submit(13, plain), Error, "unlucky");
});

Deno.test("Batcher removes an aborted image from the queue; if its batch is running, it rejects at once", async () => {
  const gate = Promise.withResolvers<void>();
  const { batcher, batches } = doubling({ batchSize: 2, wait: LONG }, () => gate.promise);
  const [early, late] = [new AbortController(), new AbortController()];
  const gone = batcher.submit(1, { group: "", signal: early.signal });
  early.abort(new Error("early"));
  await assertRejects(() => gone, Error, "early");
  assertEquals(batcher.queued, 0);
  const running = [batcher.submit(2, plain), batcher.submit(3, { group: "", signal: late.signal })];
  late.abort(new Error("late"));
  await assertRejects(() => running[1], Error, "late");
  gate.resolve();
  assertEquals([await running[0], batches], [4, [[2, 3]]]);
  await assertRejects(() => batcher.submit(4, { group: "", signal: early.signal }), Error, "early");
});

Deno.test("Batcher gives each image its own result, from a batch of its group within the limit", async () => {
  const submissions = fc.array(fc.record({ group: fc.constantFrom("", "0.5", "0.8"), pause: fc.boolean() }));
  await fc.assert(
    fc.asyncProperty(submissions, fc.integer({ min: 1, max: 4 }), async (list, batchSize) => {
      const seen: number[] = [];
      const batcher = new Batcher<number, string>((items, group) => {
        assert(items.length >= 1 && items.length <= batchSize);
        for (const item of items) assertEquals(list[item].group, group);
        seen.push(...items);
        return Promise.resolve(items.map((item) => `${item} of ${group}`));
      }, { batchSize, wait: 1 });
      const waiting = [];
      for (const [i, { group, pause }] of list.entries()) {
        waiting.push(batcher.submit(i, { group, signal: never }));
        if (pause) await Promise.resolve();
      }
      assertEquals(await Promise.all(waiting), list.map(({ group }, i) => `${i} of ${group}`));
      assertEquals(seen.toSorted((a, b) => a - b), [...list.keys()]);
    }),
    { numRuns: 50 },
  );
});
