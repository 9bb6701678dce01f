import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { ranet, withFolder } from "./ranet.ts";

const examples = new URL("../../examples/", import.meta.url).pathname;
const CPU = ["--device", "cpu"];

/** A folder of images, one of which is damaged. */
async function withPhotos(use: (photos: string, at: (name: string) => string) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    const photos = `${folder}/photos`;
    await Deno.mkdir(`${photos}/deep`, { recursive: true });
    for (const [i, name] of ["airplane", "cat", "horse", "ship", "truck"].entries()) {
      await Deno.copyFile(`${examples}${name}.jpg`, `${photos}/${i % 2 ? "deep/" : ""}${name}.jpg`);
    }
    await Deno.writeTextFile(`${photos}/broken.jpg`, "no image");
    await use(photos, (name) => `${folder}/${name}`);
  });
}

async function run(...args: string[]): Promise<string> {
  const { code, out, notes } = await ranet("classify", ...args, ...CPU);
  assertEquals(code, 0, notes);
  return out;
}

Deno.test("classify --out writes a header, then one line per image in order, also for errors", () =>
  withPhotos(async (photos, at) => {
    assertStringIncludes(await run(photos, "--out", at("all"), "--skip-bad"), "6 results");
    const [header, ...lines] = (await Deno.readTextFile(at("all"))).trimEnd().split("\n").map((line) =>
      JSON.parse(line)
    );
    assertEquals([header.model, header.inputs.count, "label" in header], ["ranet-cifar10", 6, false]);
    const names = lines.map(({ image }) => image.slice(photos.length + 1));
    assertEquals(names, ["airplane.jpg", "broken.jpg", "deep/cat.jpg", "deep/ship.jpg", "horse.jpg", "truck.jpg"]);
    assertEquals(lines.map(({ label }) => label), ["airplane", undefined, "cat", "ship", "horse", "truck"]);
    assertStringIncludes(lines[1].error, "broken.jpg");
    const strict = await ranet("classify", photos, "--out", at("strict"), ...CPU);
    assertEquals(strict.code, 1);
    assertEquals(await Deno.readTextFile(at("strict")), await Deno.readTextFile(at("all")));
  }));

Deno.test("classify --out refuses what is not the name of a file of JSON lines", async () => {
  for (
    const [name, reason] of [["-", "expected the name of a file"], ["x/", "expected the name of a file"], [
      "x.jsonl.gz",
      "--out writes JSON lines",
    ], ["x.html", "--out writes JSON lines"]] as const
  ) {
    const { code, notes } = await ranet("classify", `${examples}cat.jpg`, "--out", name, ...CPU);
    assertEquals([code, notes.includes(reason)], [2, true], notes);
  }
});

Deno.test("merged shards of classify --out equal one run's file, also if a shard was interrupted", () =>
  withPhotos(async (photos, at) => {
    const some = [photos, "--model", "ranet-cifar10-micro", "--skip-bad"];
    await run(...some, "--out", at("all"));
    // The folder of the results does not exist before: deploy/kubernetes-job.yaml relies on this.
    for (const i of [1, 2, 3, 4]) await run(...some, "--out", at(`parts/${i}`), "--shard", `${i}/4`);
    await Deno.truncate(at("parts/2"), (await Deno.stat(at("parts/2"))).size - 5);
    const merge = () => ranet("merge", ...[3, 1, 2, 4].map((i) => at(`parts/${i}`)), "--out", at("merged"));
    const early = await merge();
    assertEquals(early.code, 1);
    assertStringIncludes(early.notes, "it is unfinished");
    const out = await run(...some, "--out", at("parts/2"), "--shard", "2/4", "--json");
    assertEquals(JSON.parse(out).earlier, 1);
    assertEquals((await merge()).code, 0);
    assertEquals(await Deno.readTextFile(at("merged")), await Deno.readTextFile(at("all")));
    // A container without a shell does not expand patterns: deploy/kubernetes-merge.yaml relies on this.
    await Deno.remove(at("merged"));
    assertEquals((await ranet("merge", at("photos/..//parts/*"), "--out", at("merged"))).code, 0);
    assertEquals(await Deno.readTextFile(at("merged")), await Deno.readTextFile(at("all")));
    assertStringIncludes(
      (await ranet("merge", at("parts/*.x"), "--out", at("x"))).notes,
      "no file matches the pattern",
    );
    assertEquals([...Deno.readDirSync(at("."))].filter(({ name }) => name.endsWith(".tmp")), []);
  }));

Deno.test("classify --from reads lists, CSV files and standard input", () =>
  withPhotos(async (photos, at) => {
    const files = ["airplane.jpg", "deep/cat.jpg"];
    const micro = ["--model", "ranet-cifar10-micro"];
    await run(...files.map((file) => `${photos}/${file}`), ...micro, "--out", at("all"));
    await Deno.writeTextFile(at("list.txt"), files.map((file) => `${photos}/${file}\r\n`).join("\n"));
    await Deno.writeTextFile(at("list.csv"), `path,label\n${files.map((file) => `photos/${file},x`).join("\n")}`);
    for (const list of ["list.txt", "list.csv"]) {
      await run("--from", at(list), ...micro, "--out", at(`${list}.out`));
      assertEquals(await Deno.readTextFile(at(`${list}.out`)), await Deno.readTextFile(at("all")));
    }
  }));

Deno.test("classify --out refuses to resume a file with another model, list of images or thresholds", () =>
  withPhotos(async (photos, at) => {
    await run(photos, "--out", at("all"), "--skip-bad");
    const before = await Deno.readTextFile(at("all"));
    for (
      const [args, key] of [[["--threshold", "0.5"], "thresholds"], [["--top", "2"], "top"], [
        [`${photos}/deep`],
        "inputs",
      ]] as const
    ) {
      const { code, notes } = await ranet("classify", photos, ...args, "--out", at("all"), "--skip-bad", ...CPU);
      assertEquals(code, 1);
      assertStringIncludes(notes, `its ${key} is`);
    }
    assert(await Deno.readTextFile(at("all")) === before);
  }));

Deno.test("classify reports contradictory options as wrong usage", async () => {
  for (
    const args of [
      ["--shard", "1/2", "x"],
      ["--from", "x"],
      [],
      ["--out", "o"],
      ["--out", "o", "-"],
      [
        "--out",
        "o",
        "x",
        "--csv",
      ],
      ["--out", "o.CSV", "x"],
      ["--out", "o.parquet", "x"],
    ]
  ) {
    assertEquals((await ranet("classify", ...args)).code, 2, args.join(" "));
  }
});
