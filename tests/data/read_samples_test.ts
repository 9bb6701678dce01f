import { assertEquals, assertRejects } from "@std/assert";
import type { Dataset } from "../../lib/data/dataset.ts";
import { readSamples } from "../../lib/data/read_samples.ts";
import { RanetError } from "../../lib/errors.ts";

/** Ten samples. Each takes longer to read than the next one; some are bad. */
function fake(bad: readonly number[] = []): Dataset & { reading: number; most: number } {
  return {
    name: "fake",
    format: "IDX",
    digest: () => Promise.resolve("digits"),
    size: 10,
    bad: [],
    reading: 0,
    most: 0,
    labels: () => Promise.resolve(Uint32Array.from({ length: 10 }, (_, index) => index)),
    origin: (index) => `/fake#${index}`,
    async read(index) {
      this.most = Math.max(this.most, ++this.reading);
      for (let turn = index; turn < 10; turn++) await Promise.resolve();
      this.reading--;
      if (bad.includes(index)) throw new RanetError(`sample ${index} is bad`);
      return { name: `${index}`, label: index, image: { width: 1, height: 1, data: new Uint8Array(4) } };
    },
  };
}
const labelsOf = (dataset: Dataset) => async (index: number): Promise<number> => (await dataset.read(index)).label;

Deno.test("readSamples() keeps the order from any start, with a bounded number of pending reads", async () => {
  for (const ahead of [0, 3, 99]) {
    for (const start of [0, 7, 10]) {
      const dataset = fake();
      const labels = await Array.fromAsync(readSamples(dataset.size, { read: labelsOf(dataset), start, ahead }));
      assertEquals(labels, Array.from({ length: 10 - start }, (_, i) => start + i));
      assertEquals(dataset.most, Math.min(ahead + 1, 10 - start));
    }
  }
});

Deno.test("readSamples() skips bad samples with onBad, and otherwise throws", async () => {
  const bad: [string, number][] = [];
  const labels = await Array.fromAsync(
    readSamples(10, { read: labelsOf(fake([0, 5, 9])), onBad: (message, index) => bad.push([message, index]) }),
  );
  assertEquals(labels, [1, 2, 3, 4, 6, 7, 8]);
  assertEquals(bad, [0, 5, 9].map((index) => [`sample ${index} is bad`, index]));
  await assertRejects(
    () => Array.fromAsync(readSamples(10, { read: labelsOf(fake([2, 3])) })),
    RanetError,
    "sample 2 is bad",
  );
});

Deno.test("readSamples() throws internal errors instead of skipping the sample, and can be stopped early", async () => {
  const fails = (): Promise<never> => {
    return Promise.reject(new TypeError("a defect"));
  };
  await assertRejects(
    () => Array.fromAsync(readSamples(10, { read: fails, onBad: () => {} })),
    TypeError,
    "a defect",
  );
  for await (const label of readSamples(10, { read: labelsOf(fake([3])), ahead: 5 })) {
    assertEquals(label, 0);
    break;
  }
});
