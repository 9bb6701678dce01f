import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { basename } from "node:path";
import { readCalibrations } from "../../lib/calibration/calibration_file.ts";
import { loadModel } from "../../lib/model/model.ts";
import { ranet, withFolder } from "./ranet.ts";

const EXAMPLES = new URL("../../examples/", import.meta.url).pathname;
const WEIGHTS = new URL("../../weights/ranet-cifar10.safetensors", import.meta.url).pathname;

/** Creates a data set of the examples and a folder for results, and removes both afterwards. */
async function withDataset(use: (paths: { csv: string; directory: string }) => Promise<void>): Promise<void> {
  await withFolder(async (directory) => {
    const labels = ["airplane", "cat", "frog", "horse", "ship", "truck"];
    const csv = `${directory}/data/examples.csv`;
    await Deno.mkdir(`${directory}/data`);
    for (const label of labels) await Deno.copyFile(`${EXAMPLES}${label}.jpg`, `${directory}/data/${label}.jpg`);
    const lines = Array.from({ length: 4 }, () => labels.map((label) => `${label}.jpg,${label}`)).flat();
    await Deno.writeTextFile(csv, ["path,label", ...lines].join("\n"));
    await use({ csv, directory });
  });
}

const cpu = ["--device", "cpu"];
const micro = "ranet-cifar10-micro";

Deno.test("calibrate stores thresholds in a file, and classify --budget uses them", async () => {
  await withDataset(async ({ csv, directory }) => {
    const file = `${directory}/c.json`;
    const made = await ranet("calibrate", csv, "--budget", "20M", "--out", file, ...cpu);
    assertEquals([made.code, made.notes], [
      0,
      `Calibrating on the 24 images of ${
        basename(csv)
      }, into ${file}\n24 images are few, so thresholds are imprecise. ` +
      "Use 200 or more",
    ]);
    assertStringIncludes(made.out, "a budget of 20.00 M per image, on 24 samples");
    const [calibration] = await readCalibrations(file);
    assert(calibration.expectedCost <= 20e6);

    const images = ["cat", "frog", "ship"].map((name) => `${EXAMPLES}${name}.jpg`);
    const text = await ranet("classify", ...images, "--budget", "20M", "--calibration", file, ...cpu);
    assertEquals(text.code, 0);
    assertMatch(text.out, /average [\d.]+ M of a budget of 20\.00 M/);
    const json = await ranet("classify", ...images, "--budget", "20M", "--calibration", file, "--json", ...cpu);
    const { budget, averageFlops, exits, images: found } = JSON.parse(json.out);
    assertEquals([budget, found.length, exits.length], [20e6, 3, 6]);
    assertEquals(averageFlops, found.reduce((sum: number, { flops }: { flops: number }) => sum + flops, 0) / 3);
  });
});

Deno.test("calibrate keeps one calibration per target in a file", async () => {
  await withDataset(async ({ csv, directory }) => {
    const file = `${directory}/c.json`;
    for (const target of [["--budget", "2M"], ["--budget", "1M"], ["--accuracy", "0.5"], ["--budget", "1M"]]) {
      const { code } = await ranet("calibrate", csv, ...target, "--model", micro, "--out", file, "--json", ...cpu);
      assertEquals(code, 0);
    }
    const { out } = await ranet(
      "calibrate",
      csv,
      "--accuracy",
      "0.5",
      "--model",
      micro,
      "--out",
      file,
      ...cpu,
    );
    const [, options] = out.match(/use them with: ranet classify …(.*)/)!;
    const used = await ranet("classify", `${EXAMPLES}cat.jpg`, ...options.trim().split(" "), ...cpu);
    assertEquals(used.code, 0);
    const all = await readCalibrations(file);
    const targets = all.map(({ target }) => JSON.stringify(target)).sort();
    assertEquals(targets, ['{"accuracy":0.5}', '{"budget":1000000}', '{"budget":2000000}']);
    assertEquals((await Array.fromAsync(Deno.readDir(directory))).length, 2);
  });
});

Deno.test("calibrate writes calibrations next to the weights", async () => {
  await withDataset(async ({ csv, directory }) => {
    const weights = `${directory}/mine.safetensors`;
    await Deno.copyFile(WEIGHTS, weights);
    const images = [`${EXAMPLES}cat.jpg`, "--weights", weights, "--budget", "20M", ...cpu];
    const before = await ranet("classify", ...images);
    assertEquals(before.code, 1);
    assertStringIncludes(before.notes, `Create one: ranet calibrate DATASET --weights ${weights} --budget 20M`);
    await ranet("calibrate", csv, "--weights", weights, "--budget", "20M", ...cpu);
    assertEquals((await readCalibrations(`${directory}/mine.calibration.json`)).length, 1);
    assertEquals((await ranet("classify", ...images)).code, 0);
  });
});

Deno.test("the bundled model has calibrations", async () => {
  const { code, out } = await ranet("classify", `${EXAMPLES}cat.jpg`, "--budget", "25M", ...cpu);
  assertEquals(code, 0);
  assertStringIncludes(out, "from 5000 samples of cifar10-val");
});

Deno.test("calibrate stops at an unreadable sample; --skip-bad leaves such samples out and names them", async () => {
  await withDataset(async ({ csv, directory }) => {
    await Deno.writeTextFile(`${directory}/broken.jpg`, "no image");
    await Deno.writeTextFile(csv, `\n${directory}/broken.jpg,cat\n`, { append: true });
    const args = ["calibrate", csv, "--budget", "20M", "--out", `${directory}/c.json`, ...cpu];
    const refused = await ranet(...args);
    assertEquals(refused.code, 1);
    assertStringIncludes(refused.notes, "broken.jpg");
    await Deno.writeTextFile(`${directory}/data/cat.jpg`, "no image");
    const unread = await ranet(...args, "--skip-bad"); // 4 of 24 images are left out; the remaining 20 are enough
    assertEquals(unread.code, 0, unread.notes);
    const named = await ranet("calibrate", `${directory}/data/examples.csv`, "--allow-outside", ...args.slice(2));
    assertStringIncludes(named.notes, "Try: --skip-bad");
    await Deno.copyFile(`${EXAMPLES}cat.jpg`, `${directory}/data/cat.jpg`);
    const skipped = await ranet(...args, "--skip-bad", "--json");
    assertEquals(skipped.code, 0);
    assertMatch(skipped.notes, /^Skipped: .*broken\.jpg/m);
    const { samples, skipped: count } = JSON.parse(skipped.out);
    assertEquals([samples, count], [24, 1]);
  });
});

Deno.test("calibrate refuses invalid options before it starts, and writes nothing", async () => {
  await withDataset(async ({ csv, directory }) => {
    const out = ["--out", `${directory}/c.json`, ...cpu];
    const refuse = async (code: number, message: string, ...args: string[]) => {
      const result = await ranet("calibrate", csv, ...args, ...out);
      assertEquals(result.code, code);
      assertStringIncludes(result.notes, message);
    };
    await refuse(1, "expected 8360714", "--budget", "1M");
    await refuse(1, "to 58921020", "--budget", "1G");
    for (const amount of ["nonsense", "0", "0.4", "-5M", "5T", "1e400"]) {
      await refuse(1, "such as 25M", "--budget", amount);
    }
    for (const share of ["0", "88", "x"]) await refuse(1, "such as 0.88", "--accuracy", share);
    await refuse(2, "one of --budget, --accuracy and --max-drop");
    await refuse(2, "one of --budget, --accuracy and --max-drop", "--budget", "20M", "--accuracy", "0.8");
    await refuse(2, "--confidence without --max-drop", "--budget", "20M", "--confidence", "90%");
    await refuse(2, "expected accuracy or disagreement", "--max-drop", "1%", "--risk", "x");
    await refuse(1, "too few to test it on", "--max-drop", "1%");
    await Deno.writeTextFile(`${directory}/c.json`, "not JSON");
    await refuse(1, "it is not JSON", "--budget", "20M");
    assertEquals((await Array.fromAsync(Deno.readDir(directory))).length, 2);
  });
});

Deno.test("classify --anytime prints every exit until a budget or a deadline is reached", async () => {
  const run = async (...args: string[]) => {
    const { code, out } = await ranet("classify", `${EXAMPLES}cat.jpg`, "--anytime", ...args, "--json", ...cpu);
    assertEquals(code, 0);
    return JSON.parse(out)[0].exits.map(({ exit }: { exit: number }) => exit);
  };
  assertEquals(await run(), [1, 2, 3, 4, 5, 6]);
  assertEquals(await run("--budget", "33M"), [1, 2, 3]);
  assertEquals(await run("--deadline", "0"), [1]);
  const { out } = await ranet("classify", `${EXAMPLES}cat.jpg`, "--anytime", ...cpu);
  assertEquals(out.split("\n").length, 7);
});

Deno.test("classify refuses options that exclude each other", async () => {
  for (
    const [message, ...args] of [
      ["--threshold together with --anytime", "--anytime", "--threshold", "0.5"],
      ["--threshold together with --budget", "--budget", "20M", "--threshold", "0.5"],
      ["--deadline without --anytime", "--deadline", "5"],
      ["--calibration without --budget", "--calibration", "c.json"],
    ]
  ) {
    const { code, notes } = await ranet("classify", `${EXAMPLES}cat.jpg`, ...args, ...cpu);
    assertEquals(code, 2);
    assertStringIncludes(notes, message);
  }
  const { code, notes } = await ranet("classify", `${EXAMPLES}cat.jpg`, "--anytime", "--deadline", "soon", ...cpu);
  assertEquals(code, 1);
  assertStringIncludes(notes, "expected milliseconds");
});

Deno.test("the first calibration of a model also fits temperatures, and stores them next to its weights", async () => {
  await withDataset(async ({ csv, directory }) => {
    const weights = `${directory}/mine.safetensors`;
    const file = `${directory}/mine.temperatures.json`;
    await Deno.copyFile(WEIGHTS, weights);
    const args = [csv, "--weights", weights, "--json", ...cpu];
    const first = await ranet("calibrate", ...args, "--budget", "20M");
    assertStringIncludes(first.notes, `into ${file}, ${directory}/mine.calibration.json`);
    const { temperatures } = JSON.parse(await Deno.readTextFile(file));
    assertEquals(JSON.parse(first.out).temperatures, temperatures);
    assertEquals((await loadModel("ranet-cifar10", { weights })).temperatures, temperatures);
    // The next calibration keeps them; they are fitted again only on request.
    assertEquals(JSON.parse((await ranet("calibrate", ...args, "--budget", "30M")).out).temperatures, undefined);
    const anew = JSON.parse((await ranet("calibrate", ...args, "--temperature")).out);
    assertEquals(anew, { skipped: 0, temperatures });

    await Deno.writeTextFile(file, (await Deno.readTextFile(file)).replace(/[0-9a-f]{64}/, "0".repeat(64)));
    const refused = await ranet("classify", `${EXAMPLES}cat.jpg`, "--weights", weights, ...cpu);
    assertEquals(refused.code, 1);
    assertStringIncludes(refused.notes, "they belong to other weights");
    await Deno.writeTextFile(file, "{}");
    const damaged = await ranet("classify", `${EXAMPLES}cat.jpg`, "--weights", weights, ...cpu);
    assertStringIncludes(damaged.notes, `Cannot read temperatures ${JSON.stringify(file)}: weights: missing, expected`);
  });
  const bundled = await ranet("calibrate", "x", "--temperature");
  assertEquals(bundled.code, 2);
  assertStringIncludes(bundled.notes, "expected your own model");
});
