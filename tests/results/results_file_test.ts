import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { RanetError } from "../../lib/errors.ts";
import { mergeResults, type ResultsHeader, ResultsWriter } from "../../lib/results/results_file.ts";
import { isInShard, type Shard } from "../../lib/results/shard.ts";

const HEADER: ResultsHeader = {
  ranet: "0.1.0",
  model: "m",
  weights: "abc",
  precision: "float32",
  thresholds: [0.9, "never"],
  top: 1,
  inputs: { count: 7, digest: "def" },
};

async function inFolder(run: (path: (name: string) => string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await run((name) => `${folder}/${name}`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Writes a file up to `until`, in batches, resuming if it exists. */
async function write(
  path: string,
  labels: readonly string[],
  { shard, until = Infinity, count = labels.length }: { shard?: Shard; until?: number; count?: number } = {},
): Promise<void> {
  using writer = await ResultsWriter.open(path, { ...HEADER, inputs: { ...HEADER.inputs, count }, shard });
  const own = labels.filter((_, position) => isInShard(position, shard)).slice(0, until);
  for (let at = writer.kept; at < own.length; at += 2) {
    await writer.append(own.slice(at, at + 2).map((label) => ({ image: label, label })));
  }
}

async function merged(paths: readonly string[]): Promise<string> {
  let text = "";
  await mergeResults(paths, (part) => {
    text += part;
    return Promise.resolve();
  });
  return text;
}

const labels = fc.array(fc.string(), { minLength: 1, maxLength: 12 });

Deno.test("mergeResults() gives the bytes of one run", async () => {
  await fc.assert(
    fc.asyncProperty(labels, fc.integer({ min: 1, max: 5 }), async (labels, count) => {
      await inFolder(async (path) => {
        await write(path("whole"), labels);
        const parts = [];
        for (let index = 1; index <= count; index++) {
          await write(path(`${index}`), labels, { shard: { index, count } });
          parts.unshift(path(`${index}`));
        }
        assertEquals(await merged(parts), await Deno.readTextFile(path("whole")));
      });
    }),
    { numRuns: 40 },
  );
});

Deno.test("ResultsWriter resumes after an interruption at any byte, and gives the bytes of one run", async () => {
  await fc.assert(
    fc.asyncProperty(labels, fc.nat(300), async (labels, cut) => {
      await inFolder(async (path) => {
        await write(path("whole"), labels);
        const whole = await Deno.readFile(path("whole"));
        await Deno.writeFile(path("cut"), whole.subarray(0, Math.min(cut, whole.length)));
        await write(path("cut"), labels);
        assertEquals(await Deno.readFile(path("cut")), whole);
      });
    }),
    { numRuns: 60 },
  );
});

const SEVEN = ["a", "b", "c", "d", "e", "f", "g"];

Deno.test("mergeResults() refuses missing, duplicated and unfinished shards by name", async () => {
  await inFolder(async (path) => {
    const shard = (index: number, count = 3) => ({ shard: { index, count } });
    for (const index of [1, 2, 3]) await write(path(`${index}`), SEVEN, shard(index));
    const refuse = async (message: string, ...names: string[]) => {
      const error = await assertRejects(() => merged(names.map(path)), RanetError);
      assertStringIncludes(error.message, message);
    };
    await refuse("2 of 3 shards: missing 2", "1", "3");
    await refuse("shard 1 of 3 twice", "1", "1", "2", "3");
    await write(path("of4"), SEVEN, shard(3, 4));
    await refuse("the others are of 3", "1", "2", "of4");
    await write(path("whole"), SEVEN);
    await refuse("it is a complete result, not a shard", "whole", "1", "2");
    await write(path("unfinished"), SEVEN, { ...shard(3), until: 1 });
    await refuse("it is unfinished", "1", "2", "unfinished");
    await write(path("other"), SEVEN, { ...shard(3), count: 8 });
    await refuse("its inputs is", "1", "2", "other");
    await Deno.writeTextFile(path("text"), "hello\n");
    await refuse("its first line is not a header", "1", "text");
    await Deno.writeTextFile(path("json"), '{"label":"cat"}\n');
    await refuse("not a results header: ranet: missing", "1", "json");
  });
});

Deno.test("ResultsWriter refuses files of another run, and files that another process writes", async () => {
  await inFolder(async (path) => {
    await write(path("a"), SEVEN);
    const open = (header: Partial<ResultsHeader>) => ResultsWriter.open(path("a"), { ...HEADER, ...header });
    await assertRejects(() => open({ weights: "x" }), RanetError, 'its weights is "abc", expected "x" as in this run');
    await assertRejects(() => open({ shard: { index: 1, count: 2 } }), RanetError, "its shard is none");
    for (const text of ["my notes\nand more", "my notes", "{}"]) {
      await Deno.writeTextFile(path("b"), text);
      await assertRejects(() => ResultsWriter.open(path("b"), HEADER), RanetError, "Cannot use");
      assertEquals(await Deno.readTextFile(path("b")), text);
    }
    await assertRejects(() => ResultsWriter.open(path("no/such"), HEADER), RanetError, "Cannot use");
  });
});

Deno.test("results that were rounded differently are merged and resumed with a warning", async () => {
  const [once, twice] = ["CPU, multiply-add rounded once", "CPU, multiply-add rounded twice"];
  await inFolder(async (path) => {
    const said: string[] = [];
    const warn = (message: string) => void said.push(message);
    const header = { ...HEADER, inputs: { ...HEADER.inputs, count: 2 } };
    const add = async (name: string, arithmetic: string, own: Partial<ResultsHeader> = {}) => {
      using writer = await ResultsWriter.open(path(name), { ...header, arithmetic, ...own }, { warn });
      await writer.append([{ image: name }]);
    };
    await add("1", once, { shard: { index: 1, count: 2 } });
    await add("2", twice, { shard: { index: 2, count: 2 } });
    assertEquals(said, []);
    const whole = await mergeResults([path("2"), path("1")], () => Promise.resolve(), { warn });
    assertEquals([whole.arithmetic, said.length], [`${once}; ${twice}`, 1]);
    await add("alone", once);
    await add("alone", once);
    assertEquals(said.length, 1);
    await add("alone", twice);
    assertStringIncludes(said[1], `${once}; ${twice}`);
  });
});
