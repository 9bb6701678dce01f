import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import type { Dataset } from "../../lib/data/dataset.ts";
import { RanetError } from "../../lib/errors.ts";
import { AdaptiveExecutor } from "../../lib/executor/executor.ts";
import { loadModel } from "../../lib/model/model.ts";
import { DEFAULT_MODEL } from "../../lib/model/read_spec.ts";
import { evaluate, evaluateShard } from "../../lib/report/evaluate.ts";
import type { Outcomes } from "../../lib/report/logits_file.ts";
import { mergeLogits } from "../../lib/report/logits_shards.ts";

/** Grey images of different brightness; `read` records which were read. */
function greys(read: number[], digest = "greys"): Dataset {
  return {
    name: "greys",
    format: "CSV",
    size: 5,
    bad: [],
    digest: () => Promise.resolve(digest),
    labels: () => Promise.resolve([0, 1, 2, 3, 4]),
    origin: (index) => `/greys#${index}`,
    read(index) {
      read.push(index);
      if (index === 2) return Promise.reject(new RanetError("Cannot read image 2: it is damaged"));
      const data = new Uint8Array(4 * 32 * 32).fill(50 * index);
      return Promise.resolve({ name: `${index}`, label: index, image: { width: 32, height: 32, data } });
    },
  };
}

Deno.test("evaluate() resumes after an interruption and gives the same results", async () => {
  using executor = await AdaptiveExecutor.create(await loadModel(DEFAULT_MODEL), { device: "cpu", batchSize: 4 });
  const folder = await Deno.makeTempDir();
  try {
    const pass = async (): Promise<{ outcomes: Outcomes; read: number[]; progress: number[] }> => {
      const [read, progress]: number[][] = [[], []];
      const outcomes = await evaluate(executor, greys(read), {
        folder,
        onBad: () => {},
        onProgress: (done) => progress.push(done),
      });
      return { outcomes, read, progress };
    };
    const whole = await pass();
    assertEquals([...whole.outcomes.indexes], [0, 1, 3, 4]);
    assertEquals(whole.progress, [0, 5]);

    const [{ name }] = await Array.fromAsync(Deno.readDir(folder));
    const file = join(folder, name);
    const record = (await Deno.stat(file)).size / 4;
    await Deno.truncate(file, 3 * record - 7); // within the third line
    const resumed = await pass();
    assertEquals(resumed.outcomes, whole.outcomes);
    assertEquals(resumed.read, [2, 3, 4]);
    assertEquals(resumed.progress, [2, 5]);

    await Deno.writeFile(file, new Uint8Array(record).fill(255), { append: true });
    await assertRejects(pass, RanetError, "is damaged");
    await assertRejects(
      () => evaluate(executor, greys([]), { folder }),
      RanetError,
      "Cannot read image 2",
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("evaluate() never reuses logits of another architecture, weights, precision or data set", async () => {
  const model = await loadModel(DEFAULT_MODEL);
  const { spec } = model;
  const others = [
    { model },
    { model: { ...model, spec: { ...spec, input: { ...spec.input, mean: [0.5, 0.5, 0.5] as const } } } },
    {
      model: {
        ...model,
        tensors: new Map(
          [...model.tensors].map(([name, { shape, data }]) => [name, { shape, data: data.slice().fill(0) }]),
        ),
      },
    },
    { model, precision: "float16" as const },
    { model, digest: "other greys" },
  ];
  const folder = await Deno.makeTempDir();
  try {
    for (const { model, precision, digest } of others) {
      using executor = await AdaptiveExecutor.create(model, { device: "cpu", batchSize: 4, precision });
      const read: number[] = [];
      await evaluate(executor, greys(read, digest), { folder, onBad: () => {} });
      assertEquals(read, [0, 1, 2, 3, 4]);
    }
    assertEquals((await Array.fromAsync(Deno.readDir(folder))).length, others.length);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("mergeLogits() gives the bytes of one run, and refuses missing and duplicated shards", async () => {
  using executor = await AdaptiveExecutor.create(await loadModel(DEFAULT_MODEL), { device: "cpu", batchSize: 4 });
  const folder = await Deno.makeTempDir();
  const at = (name: string) => join(folder, name);
  try {
    await evaluate(executor, greys([]), { folder: at("whole"), onBad: () => {} });
    const [{ name }] = await Array.fromAsync(Deno.readDir(at("whole")));
    const parts = [];
    for (const index of [1, 2, 3]) {
      const read: number[] = [];
      parts.unshift(at(`${index}`));
      const shard = { index, count: 3 };
      await evaluateShard(executor, greys(read), { folder: at(`${index}`), onBad: () => {}, shard });
      assertEquals(read, [0, 1, 2, 3, 4].filter((sample) => sample % 3 === index - 1));
    }
    assertEquals(await mergeLogits(parts, at("merged")), [join(at("merged"), name)]);
    assertEquals(await Deno.readFile(join(at("merged"), name)), await Deno.readFile(join(at("whole"), name)));

    const read: number[] = [];
    await evaluate(executor, greys(read), { folder: at("merged"), onBad: () => {} });
    assertEquals(read, []);
    const refuse = (parts: string[], message: string) =>
      assertRejects(() => mergeLogits(parts, at("merged")), RanetError, message);
    await refuse(parts.slice(1), "2 of 3 shards: missing 3");
    await refuse([...parts, parts[0]], "shard 3 of 3 twice");
    await refuse([at("whole")], "no finished shard");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("evaluate() names the file if the disk is full, and resumes when there is space", async () => {
  using executor = await AdaptiveExecutor.create(await loadModel(DEFAULT_MODEL), { device: "cpu", batchSize: 4 });
  const folder = await Deno.makeTempDir();
  const { write } = Deno.FsFile.prototype;
  const run = () => evaluate(executor, greys([]), { folder, onBad: () => {} });
  try {
    Deno.FsFile.prototype.write = () =>
      Promise.reject(Object.assign(new Error("No space left on device"), { code: "ENOSPC" }));
    const { message } = await assertRejects(run, RanetError, "No space left on device");
    assertEquals(message.startsWith(`Cannot write "${folder}/ranet-cifar10-`), true, message);
    Deno.FsFile.prototype.write = write;
    assertEquals((await run()).labels.length, 4);
  } finally {
    Deno.FsFile.prototype.write = write;
    await Deno.remove(folder, { recursive: true });
  }
});
