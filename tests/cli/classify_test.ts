import { assert, assertEquals, assertLess, assertStringIncludes } from "@std/assert";
import { parse } from "csv-parse/sync";
import { main } from "../../lib/cli/main.ts";
import { loadClassifier } from "../../lib/classifier/classifier.ts";
import { buildNetwork } from "../../lib/network/build.ts";
import { parseSpec } from "../../lib/spec/parse.ts";
import { writeSafetensors } from "../../lib/weights/safetensors.ts";
import { randomTensors, TINY_SPEC } from "../fixtures.ts";
import { ranet, withFolder } from "./ranet.ts";

const EXAMPLES = new URL("../../examples/", import.meta.url).pathname;
const cpu = ["--device", "cpu"];

/** A folder of 6 photos, one of them in a subfolder, and a file that is not a photo. */
async function withPhotos(use: (folder: string) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    await Deno.mkdir(`${folder}/deep/er`, { recursive: true });
    await Deno.mkdir(`${folder}/.hidden`);
    for (const name of ["cat", "frog", "horse", "ship", "truck"]) {
      await Deno.copyFile(`${EXAMPLES}${name}.jpg`, `${folder}/${name}.jpg`);
    }
    await Deno.copyFile(`${EXAMPLES}cat.jpg`, `${folder}/deep/er/CAT, 2.JPG`);
    await Deno.copyFile(`${EXAMPLES}cat.jpg`, `${folder}/.hidden/cat.jpg`);
    await Deno.writeTextFile(`${folder}/notes.txt`, "no photo");
    await Deno.writeTextFile(`${folder}/bad.png`, "no photo");
    await use(folder);
  });
}

Deno.test("classify continues after unreadable images and exits with 1, or with 0 and --skip-bad", async () => {
  await withPhotos(async (folder) => {
    const images = [`${folder}/cat.jpg`, "nowhere.jpg", `${folder}/ship.jpg`];
    const { code, out, notes } = await ranet("classify", ...images, ...cpu);
    assertEquals(code, 1);
    assertEquals(out.match(/\| (cat|ship) /g), ["| cat ", "| ship "]);
    assertEquals(notes.split("\n"), [
      'Cannot read "nowhere.jpg": there is no such file or folder',
      "1 input could not be read; all others were classified (use --skip-bad to exit with 0 anyway)",
    ]);
    const skipped = await ranet("classify", ...images, "--skip-bad", "--json", ...cpu);
    assertEquals(skipped.code, 0);
    const results = JSON.parse(skipped.out);
    assertEquals(results.map(({ label }: { label?: string }) => label), ["cat", undefined, "ship"]);
    assertEquals(Object.keys(results[1]), ["image", "error"]);

    const none = await ranet("classify", "nowhere.jpg", "nor/here.jpg", "--skip-bad", ...cpu);
    assertEquals([none.code, none.out], [1, ""]);
    assertStringIncludes(none.notes, "Nothing was classified: 2 inputs could not be read");
    const anytime = await ranet("classify", ...images, "--anytime", "--skip-bad", "--json", ...cpu);
    assertEquals(JSON.parse(anytime.out).map(({ exits }: { exits?: unknown[] }) => exits?.length), [6, undefined, 6]);
    assertEquals(anytime.code, 0);
  });
});

Deno.test("classify accepts folders and patterns", async () => {
  await withPhotos(async (folder) => {
    const names = async (...operands: string[]) => {
      const { out } = await ranet("classify", ...operands, "--json", "--skip-bad", ...cpu);
      return (JSON.parse(out) as { image: string }[]).map(({ image }) => image.replace(`${folder}/`, ""));
    };
    await Deno.symlink(`${folder}`, `${folder}/deep/circle`);
    await Deno.symlink(`${folder}/cat.jpg`, `${folder}/deep/link.jpg`);
    const all = ["bad.png", "cat.jpg", "deep/er/CAT, 2.JPG", "deep/link.jpg", "frog.jpg", "horse.jpg", "ship.jpg"];
    assertEquals(await names(folder), [...all, "truck.jpg"]);
    assertEquals(await names(`${folder}/deep/`), ["deep/er/CAT, 2.JPG", "deep/link.jpg"]);
    assertEquals(await names(`${folder}/{c,s}*.jpg`), ["cat.jpg", "ship.jpg"]);
    assertEquals(await names(`${folder}/**/*at*`), ["cat.jpg"]);
    assertEquals(await names(`${folder}/deep/**/*.{JPG,jpg}`), ["deep/er/CAT, 2.JPG", "deep/link.jpg"]);
    await Deno.copyFile(`${EXAMPLES}cat.jpg`, `${folder}/[x]*.jpg`);
    assertEquals(await names(`${folder}/[x]*.jpg`), ["[x]*.jpg"]);
  });
});

Deno.test("classify follows links to folders, and reports the files that it ignores", async () => {
  await withFolder(async (folder) => {
    await Deno.mkdir(`${folder}/real`);
    await Deno.mkdir(`${folder}/phone`);
    await Deno.copyFile(`${EXAMPLES}cat.jpg`, `${folder}/real/IMG_1.jfif`);
    await Deno.symlink("../real", `${folder}/phone/album`);
    await Deno.symlink("..", `${folder}/phone/up`);
    for (const name of ["2.HEIC", "3.heic", "4.jxl", "README", ".hidden"]) await Deno.create(`${folder}/phone/${name}`);
    const { code, out, notes } = await ranet("classify", `${folder}/phone`, "--json", ...cpu);
    assertEquals([code, notes], [0, "ignored 4 files: .heic, .jxl, without an extension"]);
    const [{ image, label }] = JSON.parse(out);
    assertEquals([image, label], [`${folder}/phone/album/IMG_1.jfif`, "cat"]);
    const anytime = await ranet("classify", `${folder}/phone`, "--json", "--anytime", ...cpu);
    const file = await ranet("classify", `${folder}/phone`, "--out", `${folder}/out.jsonl`, ...cpu);
    for (const { notes } of [anytime, file]) assertStringIncludes(notes, "ignored 4 files: .heic, .jxl");
    await Deno.remove(`${folder}/real/IMG_1.jfif`);
    const none = await ranet("classify", `${folder}/phone`, ...cpu);
    assertEquals([none.code, none.notes], [
      1,
      `ignored 4 files: .heic, .jxl, without an extension\nCannot classify "${folder}/phone": it contains no images`,
    ]);
  });
});

Deno.test("classify reads arrays and TIFF bands for networks with other numbers of channels", async () => {
  await withFolder(async (folder) => {
    const yaml = TINY_SPEC.replace("size: 20", "size: 20, channels: 5");
    await Deno.mkdir(`${folder}/model`);
    await Deno.mkdir(`${folder}/samples`);
    await Deno.writeTextFile(`${folder}/model/spec.yaml`, yaml);
    const tensors = randomTensors(buildNetwork(parseSpec(yaml)));
    await Deno.writeFile(`${folder}/model/weights.safetensors`, writeSafetensors(tensors, { metadata: {} }));
    const bands = new URL("../fixtures/bands/", import.meta.url).pathname;
    const [npy, tif] = [`${folder}/samples/a.npy`, `${folder}/samples/b.tif`];
    await Deno.copyFile(`${bands}numbers-short.npy`, npy);
    await Deno.copyFile(`${bands}short-big-endian.tif`, tif);
    await Deno.copyFile(`${EXAMPLES}cat.jpg`, `${folder}/samples/c.jpg`);

    const model = ["--model", `${folder}/model`, ...cpu];
    const { code, out, notes } = await ranet("classify", `${folder}/samples`, "--json", ...model);
    assertEquals([code, notes], [0, "ignored 1 file: .jpg"]);
    const [a, b, ...others] = JSON.parse(out);
    assertEquals([a.image, { ...a, image: tif }, others], [npy, b, []]);
    const anytime = await ranet("classify", `${folder}/samples`, "--anytime", "--json", ...model);
    const file = await ranet("classify", `${folder}/samples`, "--out", `${folder}/out.jsonl`, ...model);
    assertEquals([anytime.code, file.code], [0, 0], anytime.notes + file.notes);

    using classifier = await loadClassifier(`${folder}/model`, { device: "cpu" });
    const found = await classifier.classify([npy, tif, await Deno.readFile(tif)]);
    assertEquals(found.map(({ label, confidence }) => [label, confidence]), Array(3).fill([a.label, a.confidence]));

    await Deno.remove(npy);
    await Deno.remove(tif);
    const none = await ranet("classify", `${folder}/samples`, ...model);
    assertStringIncludes(none.notes, "it contains no .npy or TIFF files");
  });
});

Deno.test("classify --csv prints CSV", async () => {
  await withPhotos(async (folder) => {
    const { code, out } = await ranet("classify", folder, "--csv", "--top", "2", "--skip-bad", ...cpu);
    assertEquals(code, 0);
    const rows = parse(out, { columns: true }) as Record<string, string>[];
    assertEquals(rows.length, 7);
    const [bad, cat, other] = rows;
    assertEquals([bad.image, bad.label], [`${folder}/bad.png`, ""]);
    assertStringIncludes(bad.error, "it is not an image");
    assertEquals([cat.label, cat.exit, cat.exit_label, cat.flops, cat.error], [
      "cat",
      "2",
      "sub-network 1, block 2",
      "21765140",
      "",
    ]);
    assertLess(Number(cat.confidence_2), Number(cat.confidence));
    assertEquals([other.image, other.label_2], [`${folder}/deep/er/CAT, 2.JPG`, cat.label_2]);
  });
});

Deno.test("classify fits its table to the terminal, and shortens paths in the middle", async () => {
  await withPhotos(async (folder) => {
    for (const columns of [72, 80, 120]) {
      const lines: string[] = [];
      const terminal = { stdout: (text: string) => lines.push(...text.split("\n")), stderr: () => {}, columns };
      const images = [`${folder}/deep/er/CAT, 2.JPG`, `${folder}/frog.jpg`];
      const stdin = new Blob().stream();
      assertEquals(await main(["classify", ...images, ...cpu], { ...terminal, stdin }), 0);
      const rows = lines.filter((line) => line.startsWith("|"));
      assertEquals(rows.length, 4);
      for (const row of rows) assert([...row].length <= columns, row);
      assertEquals(new Set(rows.map((row) => [...row].length)).size, 1);
      if (columns === 72) assertStringIncludes(rows[2], "…");
      assertStringIncludes(rows[2], "2.JPG |");
    }
  });
});

Deno.test("classify --budget says that the budget is an average", async () => {
  const { out } = await ranet("classify", `${EXAMPLES}cat.jpg`, "--budget", "10M", ...cpu);
  assertStringIncludes(out, "a budget is an average over many images");
});
