import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { RanetError } from "../../lib/errors.ts";
import { isInShard, readShard, shardSize } from "../../lib/results/shard.ts";

const none = () => undefined;
const from = (variables: Readonly<Record<string, string>>) => (name: string) => variables[name];

Deno.test("isInShard() puts every entry into one shard; sizes differ by at most one", () => {
  fc.assert(fc.property(fc.nat(200), fc.integer({ min: 1, max: 20 }), (total, count) => {
    const shards = Array.from({ length: count }, (_, i) => ({ index: i + 1, count }));
    const sizes = shards.map((shard) => Array.from({ length: total }).filter((_, at) => isInShard(at, shard)).length);
    assertEquals(sizes, shards.map((shard) => shardSize(total, shard)));
    assertEquals(sizes.reduce((a, b) => a + b), total);
    assertEquals(Math.max(...sizes) - Math.min(...sizes) <= 1, true);
  }));
  assertEquals([isInShard(5, undefined), shardSize(5, undefined)], [true, 5]);
});

Deno.test("readShard() reads I/N and the variables of schedulers", () => {
  assertEquals(readShard("2/8", none), { index: 2, count: 8 });
  const slurm = { SLURM_ARRAY_TASK_ID: "7", SLURM_ARRAY_TASK_MIN: "4", SLURM_ARRAY_TASK_COUNT: "4" };
  assertEquals(readShard("auto", from(slurm)), { index: 4, count: 4 });
  const kubernetes = { JOB_COMPLETION_INDEX: "0", JOB_COMPLETIONS: "3" };
  assertEquals(readShard("auto", from(kubernetes)), { index: 1, count: 3 });
});

Deno.test("readShard() refuses invalid shards", () => {
  for (const text of ["0/2", "3/2", "1", "a/b", "1/0", "-1/2", "1/1000000", ""]) {
    assertThrows(() => readShard(text, none), RanetError, "expected I/N");
  }
  assertThrows(() => readShard("auto", none), RanetError, "neither SLURM_ARRAY_TASK_ID nor JOB_COMPLETION_INDEX");
  assertThrows(() => readShard("auto", from({ JOB_COMPLETION_INDEX: "1" })), RanetError, "JOB_COMPLETIONS is not set");
  const gaps = { SLURM_ARRAY_TASK_ID: "9", SLURM_ARRAY_TASK_MIN: "1", SLURM_ARRAY_TASK_COUNT: "3" };
  assertThrows(() => readShard("auto", from(gaps)), RanetError, "Expected consecutive task numbers");
});
