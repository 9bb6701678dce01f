import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { mapAhead } from "../../lib/io/ahead.ts";
import { Turns } from "../../lib/io/turns.ts";
import { largestBatchThat } from "../../lib/device/largest_batch.ts";

const later = () => new Promise((resolve) => setTimeout(resolve, 0));

Deno.test("mapAhead() yields results in order, and starts at most the given number of tasks ahead", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(9), { maxLength: 20 }), fc.nat(4), async (values, ahead) => {
      let running = 0;
      let most = 0;
      const results: number[] = [];
      const mapped = mapAhead(values, ahead, async (value) => {
        most = Math.max(most, ++running);
        for (let i = 0; i < value; i++) await Promise.resolve();
        running--;
        return 2 * value;
      });
      for await (const result of mapped) results.push(result);
      assertEquals(results, values.map((value) => 2 * value));
      assert(most <= ahead + 1, `${most} at a time`);
    }),
  );
});

Deno.test("mapAhead() throws an error in its turn, and reads no more values than it starts", async () => {
  const asked: number[] = [];
  const values = function* () {
    for (let i = 0;; i++) {
      asked.push(i);
      yield i;
    }
  };
  const mapped = mapAhead(values(), 2, (i) => i === 1 ? Promise.reject(new Error("one")) : Promise.resolve(i));
  assertEquals((await mapped.next()).value, 0);
  await assertRejects(() => mapped.next(), Error, "one");
  assertEquals(asked, [0, 1, 2, 3]);
});

Deno.test("Turns run one after another, also after one that throws", async () => {
  const turns = new Turns();
  const seen: string[] = [];
  const take = (name: string) =>
    turns.take(async () => {
      seen.push(`${name} begins`);
      await later();
      seen.push(`${name} ends`);
      if (name === "b") throw new Error(name);
      return name;
    });
  const [a, b, c] = [take("a"), take("b"), take("c")];
  await assertRejects(() => b, Error, "b");
  await turns.done;
  assertEquals([await a, await c], ["a", "c"]);
  assertEquals(seen, ["a", "b", "c"].flatMap((name) => [`${name} begins`, `${name} ends`]));
});

Deno.test("largestBatchThat() returns the largest batch that fits", async () => {
  await fc.assert(fc.asyncProperty(fc.nat(300), fc.integer({ min: 1, max: 50 }), async (largest, more) => {
    assertEquals(await largestBatchThat(largest + more, (batch) => batch <= largest), largest);
  }));
});
