import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { ranet, withFolder } from "./ranet.ts";

const examples = new URL("../../examples/", import.meta.url).pathname;
const micro = ["--model", "ranet-cifar10-micro", "--device", "cpu"];

/** Creates a data set of the examples and a folder for reports. */
async function withDataset(use: (dataset: string, folder: string) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    for (const label of ["cat", "ship", "truck"]) {
      await Deno.mkdir(`${folder}/data/${label}`, { recursive: true });
      await Deno.copyFile(`${examples}${label}.jpg`, `${folder}/data/${label}/0.jpg`);
    }
    await use(`${folder}/data`, folder);
  });
}

Deno.test("eval writes a report, tables and plots", () =>
  withDataset(async (dataset, folder) => {
    const out = `${folder}/report`;
    const { code, out: text } = await ranet(
      "eval",
      dataset,
      "--val",
      dataset,
      "--out",
      out,
      "--device",
      "cpu",
      "--json",
    );
    assertEquals(code, 0);
    const results = JSON.parse(await Deno.readTextFile(`${out}/results.json`));
    assertEquals(JSON.parse(text), results);
    const names = [...Deno.readDirSync(out)].map(({ name }) => name);
    for (const ending of ["report.html", ".csv", ".svg"]) assert(names.some((name) => name.endsWith(ending)), ending);
    assertEquals(names.filter((name) => name.endsWith(".tmp")), []);
    const page = await Deno.readTextFile(`${out}/report.html`);
    assertStringIncludes(page, "ranet-cifar10");
    assertEquals(page.match(/(src|href)="https?:/), null);
  }));

Deno.test("eval compares models of two families in one plot, and says which is more accurate", () =>
  withDataset(async (dataset, folder) => {
    const [model, out] = [`${folder}/msdnet`, `${folder}/report`];
    const flags = "--arch msdnet --data cifar10 --nBlocks 5 --step 1 --base 1 --nChannels 8 --prune min";
    const checkpoint = new URL("../fixtures/reference/msdnet-cifar10-lin/checkpoint.pth.tar", import.meta.url).pathname;
    assertEquals((await ranet("import", checkpoint, "--args", flags, "--out", model)).code, 0);
    const models = ["--model", "ranet-cifar10", "--model", model];
    const { code, out: text } = await ranet("eval", dataset, ...models, "--out", out, "--device", "cpu");
    assertEquals(code, 0);
    const plot = await Deno.readTextFile(`${out}/accuracy.svg`);
    for (const name of ["ranet-cifar10, anytime", "msdnet, anytime"]) assertStringIncludes(plot, name);
    const { comparison } = JSON.parse(await Deno.readTextFile(`${out}/results.json`));
    assertStringIncludes(comparison, "from 3.67 M to 8.36 M only msdnet is available");
    assertStringIncludes(text, comparison);
    assertStringIncludes(await Deno.readTextFile(`${out}/report.html`), comparison);
  }));

Deno.test("eval refuses wrong data sets before it computes or writes anything", () =>
  withDataset(async (dataset, folder) => {
    const out = `${folder}/report`;
    const missing = await ranet("eval", dataset, "--val", `${folder}/nowhere`, "--out", out, "--device", "cpu");
    assertEquals(missing.code, 1);
    assertStringIncludes(missing.notes, "nowhere");
    await Deno.mkdir(`${dataset}/unicorn`);
    await Deno.copyFile(`${examples}cat.jpg`, `${dataset}/unicorn/0.jpg`);
    const unknown = await ranet("eval", dataset, "--out", out, "--device", "cpu");
    assertEquals(unknown.code, 1);
    assertStringIncludes(unknown.notes, "unicorn");
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["data"]);
    const skipped = await ranet("eval", dataset, "--out", out, "--device", "cpu", "--skip-bad");
    assertEquals(skipped.code, 0);
    assertStringIncludes(skipped.notes, "unicorn");
  }));

Deno.test("eval requires --out", async () => {
  const { code, notes } = await ranet("eval", examples);
  assertEquals(code, 2);
  assertStringIncludes(notes, "--out");
});

Deno.test("merged shards of eval give the same report, and calibrate --logits accepts them", () =>
  withDataset(async (dataset, folder) => {
    const at = (name: string) => `${folder}/${name}`;
    const run = async (...args: string[]) => {
      const { code, notes, out } = await ranet(...args);
      assertEquals(code, 0, notes);
      return out;
    };
    const common = ["--val", dataset, ...micro];
    await run("eval", dataset, ...common, "--out", at("whole"));
    for (const i of [1, 2]) await run("eval", dataset, ...common, "--out", at(`part-${i}`), "--shard", `${i}/2`);
    const { code, notes } = await ranet("merge", at("part-1"), "--out", at("merged"));
    assertEquals(code, 1);
    assertStringIncludes(notes, "missing 2");
    await run("merge", at("part-?"), "--out", at("merged"));
    await run("eval", dataset, ...common, "--out", at("merged"));
    // Class names in plots contain a counter of the process.
    const names = [...Deno.readDirSync(at("whole"))].map(({ name }) => name).filter((name) =>
      /\.(json|csv)$/.test(name)
    );
    assert(names.length > 1);
    for (const name of names) {
      const read = (folder: string) => Deno.readTextFile(`${at(folder)}/${name}`);
      assert(await read("merged") === await read("whole"), name);
    }
    const target = ["--budget", "2M", ...micro];
    for (const label of ["cat", "ship", "truck"]) { // as many as calibrate needs
      for (let i = 1; i < 7; i++) await Deno.copyFile(`${dataset}/${label}/0.jpg`, `${dataset}/${label}/${i}.jpg`);
    }
    await run("eval", dataset, ...common, "--out", at("merged"));
    await run("calibrate", dataset, ...target, "--out", at("own.json"));
    await run("calibrate", dataset, ...target, "--out", at("merged.json"), "--logits", at("merged"));
    assertEquals(await Deno.readTextFile(at("merged.json")), await Deno.readTextFile(at("own.json")));
  }));

Deno.test("merge refuses a mixture of files and folders", () =>
  withDataset(async (dataset, folder) => {
    const { code, notes } = await ranet("merge", dataset, `${dataset}/cat/0.jpg`, "--out", `${folder}/x`);
    assertEquals(code, 1);
    assertStringIncludes(notes, "files together with folders");
    const missing = await ranet("merge", dataset, `${folder}/none`, "--out", `${folder}/x`);
    assertEquals([missing.code, missing.notes], [1, `Cannot read "${folder}/none": there is no such file or folder`]);
  }));
