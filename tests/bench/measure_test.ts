import { assert, assertEquals } from "@std/assert";
import { inTurn, isFailure, median } from "../../bench/measure.ts";

Deno.test("median() returns the middle value, or the mean of the two middle values", () => {
  assertEquals(median([3, 1, 2]), 2);
  assertEquals(median([4, 1, 2, 3]), 2.5);
});

Deno.test("inTurn() warms tasks up and runs them in turn; a failing task does not affect the others", async () => {
  const calls: string[] = [];
  const task = (name: string) => () => Promise.resolve(calls.push(name));
  const fail = () => Promise.reject(new Error("no adapter"));
  const [a, failed, b] = await inTurn([task("a"), fail, task("b")], { rounds: 2, seconds: 1, warmup: 0 });
  assertEquals(calls, ["a", "b", "a", "a", "b", "b", "a", "a", "b", "b"]);
  assertEquals(failed, { failed: "no adapter" });
  for (const timing of [a, b]) {
    assert(!isFailure(timing));
    assertEquals(timing.times.length, 2);
    assertEquals(timing.ms, median(timing.times));
  }
});

Deno.test("inTurn() does not run a task again after its time limit", async () => {
  let runs = 0;
  const slow = () => {
    runs++;
    return new Promise<void>((resolve) => setTimeout(resolve, 5));
  };
  const [timing] = await inTurn([slow], { rounds: 5, seconds: 0, warmup: 0 });
  assert(!isFailure(timing));
  // The only run, because the first one was much too slow.
  assertEquals([timing.times.length, runs], [1, 1]);
});
