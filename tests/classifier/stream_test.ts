import { assert, assertEquals, assertRejects } from "@std/assert";
import * as fc from "fast-check";
import { classifyStream, type Outcome } from "../../lib/classifier/stream.ts";
import { RanetError } from "../../lib/errors.ts";
import type { AdaptiveExecutor, Classification } from "../../lib/executor/executor.ts";

/** Says of each image its first number, and keeps the sizes of batches. */
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

Deno.test("classifyStream() answers every input in order, whichever is read first, in bounded batches and memory", async () => {
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

Deno.test("classifyStream() gives the first result after reading few of many inputs", async () => {
  const { executor, batches } = fakeExecutor(1);
  const read = () => Promise.resolve(new Float32Array(1));
  const outcomes = classifyStream(executor, Array(1000).keys(), { read, batch: 64 });
  await outcomes.next();
  assertEquals(batches, [1]);
  for await (const _ of outcomes);
  assertEquals(batches.slice(0, 8), [1, 2, 4, 8, 16, 32, 64, 64]);
});

Deno.test("classifyStream() throws what is no mistake of the input's", async () => {
  const { executor } = fakeExecutor(1);
  const read = () => Promise.reject(new TypeError("a defect"));
  await assertRejects(() => Array.fromAsync(classifyStream(executor, [1, 2], { read, batch: 4 })), TypeError, "defect");
});
