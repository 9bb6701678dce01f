import { assert, assertEquals, assertRejects } from "@std/assert";
import * as fc from "fast-check";
import { classifyStream, type Outcome } from "../../lib/classifier/stream.ts";
import { RanetError } from "../../lib/errors.ts";
import type { Classification } from "../../lib/executor/classification.ts";
import type { AdaptiveExecutor } from "../../lib/executor/executor.ts";

/** Returns the first number of each image as its class, and records the sizes of batches. */
function fakeExecutor(length: number): { executor: AdaptiveExecutor; batches: number[] } {
  const batches: number[] = [];
  const classify = async (images: Float32Array): Promise<Classification[]> => {
    await Promise.resolve();
    const count = images.length / length;
    batches.push(count);
    return Array.from({ length: count }, (_, i) => ({ index: images[i * length] }) as Classification);
  };
  return { executor: { classify } as unknown as AdaptiveExecutor, batches };
}

Deno.test("classifyStream() yields results in input order, with bounded batches and memory", async () => {
  const inputs = fc.array(fc.record({ ms: fc.integer({ min: 0, max: 3 }), bad: fc.boolean() }), { maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(inputs, fc.integer({ min: 1, max: 5 }), async (inputs, batch) => {
      const { executor, batches } = fakeExecutor(2);
      let taken = 0;
      let answered = 0;
      const source = function* () {
        for (const [index, input] of inputs.entries()) {
          taken++;
          assert(taken - answered <= 3 * batch, `${taken} taken, ${answered} answered`);
          yield { index, ...input };
        }
      };
      const outcomes: Outcome<{ index: number; bad: boolean }>[] = [];
      const read = async ({ index, ms, bad }: { index: number; ms: number; bad: boolean }) => {
        await new Promise((resolve) => setTimeout(resolve, ms));
        if (bad) throw new RanetError(`bad ${index}`);
        return new Float32Array([index, 0]);
      };
      for await (const outcome of classifyStream(executor, source(), { read, batch })) {
        outcomes.push(outcome);
        answered++;
      }
      const said = outcomes.map(({ result, error }) => result?.index ?? error!.message);
      assertEquals(said, inputs.map(({ bad }, i) => bad ? `bad ${i}` : i));
      assert(batches.every((size) => size <= batch));
    }),
    { numRuns: 50 },
  );
});

Deno.test("classifyStream() yields the first result after it has read a few of many inputs", async () => {
  const { executor, batches } = fakeExecutor(1);
  const read = () => Promise.resolve(new Float32Array(1));
  const outcomes = classifyStream(executor, Array(1000).keys(), { read, batch: 64 });
  await outcomes.next();
  assertEquals(batches, [1]);
  for await (const _ of outcomes);
  assertEquals(batches.slice(0, 8), [1, 2, 4, 8, 16, 32, 64, 64]);
});

Deno.test("classifyStream() throws errors that are not caused by an input", async () => {
  const { executor } = fakeExecutor(1);
  const read = () => Promise.reject(new TypeError("a defect"));
  await assertRejects(() => Array.fromAsync(classifyStream(executor, [1, 2], { read, batch: 4 })), TypeError, "defect");
});

/** An endless source of numbers, and whether it has been closed. */
function endless(): { readonly source: Generator<number>; readonly closed: () => boolean } {
  let closed = false;
  const source = function* () {
    try {
      for (let i = 0;; i++) yield i;
    } finally {
      closed = true; // for example a database cursor or an open folder
    }
  };
  return { source: source(), closed: () => closed };
}

Deno.test("classifyStream() closes its source and waits for pending reads, however the loop ends", async () => {
  const { executor } = fakeExecutor(1);
  let reading = 0;
  const read = async () => {
    reading++;
    await new Promise((resolve) => setTimeout(resolve, 1));
    reading--;
    return new Float32Array(1);
  };
  const left = endless();
  for await (const _ of classifyStream(executor, left.source, { read, batch: 4 })) break;
  assertEquals([left.closed(), reading], [true, 0]);

  const thrown = endless();
  await assertRejects(
    async () => {
      for await (const _ of classifyStream(executor, thrown.source, { read, batch: 4 })) throw new Error("mine");
    },
    Error,
    "mine",
  );
  assertEquals([thrown.closed(), reading], [true, 0]);

  const refusing = { classify: () => Promise.reject(new RanetError("threshold 3")) } as unknown as AdaptiveExecutor;
  const wrong = endless();
  await assertRejects(
    () => Array.fromAsync(classifyStream(refusing, wrong.source, { read, batch: 4 })),
    RanetError,
    "3",
  );
  assertEquals([wrong.closed(), reading], [true, 0]);
});

Deno.test("classifyStream() yields the results of all inputs before it throws an error of the source", async () => {
  const { executor } = fakeExecutor(1);
  const source = function* () {
    yield* Array(10).keys();
    throw new TypeError("the list broke off");
  };
  const found: number[] = [];
  await assertRejects(
    async () => {
      const read = (i: number) => Promise.resolve(new Float32Array([i]));
      for await (const { input } of classifyStream(executor, source(), { read, batch: 4 })) found.push(input);
    },
    TypeError,
    "the list broke off",
  );
  assertEquals(found, [...Array(10).keys()]);
});
