/// <reference lib="dom" />
/// <reference lib="dom.iterable" />

import { assert, assertEquals, assertGreater, assertStringIncludes } from "@std/assert";
import type { Page } from "puppeteer-core";
import { loadModel, readCalibrations, readSpec } from "../../mod.ts";
import { changeRecipe, openDataset, readRecipe, splitDataset, train as teach } from "../../train.ts";
import { digestTensors } from "../../lib/weights/digest.ts";
import { exportOnnx } from "../../lib/onnx/export.ts";
import { ranet } from "../cli/ranet.ts";
import { LONG, times } from "../long.ts";
import { assertAccessible } from "./accessible.ts";
import { chromiumTest, longChromiumTest, openSite, press } from "./browser.ts";
import { answerOf, fill, give, openTeach, type Photos, said, setName, train, writePhotos } from "./teach_page.ts";

/** Photos of a class; where long tests run, enough that those set aside suffice for calibration. */
const COUNT = times(10, 50);
/** How many of those are set aside. */
const ASIDE = COUNT / 5;

/** Adds two classes in the page. */
async function fillTwo(page: Page, { files }: Photos): Promise<void> {
  await fill(page, 0, "level", files.level);
  await fill(page, 1, "upright", files.upright);
}

/** The file that a click saves. */
async function saved(page: Page, selector: string, name: string): Promise<string> {
  const folder = await Deno.makeTempDir();
  const session = await page.createCDPSession();
  await session.send("Browser.setDownloadBehavior", {
    behavior: "allow",
    downloadPath: folder,
    eventsEnabled: true,
  });
  const done = new Promise<void>((resolve) =>
    session.on("Browser.downloadProgress", ({ state }) => state === "completed" && resolve())
  );
  await press(page, selector);
  await done;
  return `${folder}/${name}`;
}

const isThere = (page: Page, selector: string) => page.$eval(selector, (element) => !(element as HTMLElement).hidden);
const text = (page: Page, selector: string) => page.$eval(selector, (element) => element.textContent!.trim());
const counts = (page: Page) => page.$$eval(".class-head .count", (all) => all.map((one) => one.textContent));

chromiumTest("the page trains two classes, classifies a photo, and saves the model", async (t) => {
  await using site = await openSite({ webgpu: false });
  await using photos = await writePhotos(COUNT);
  const { page, complaints } = await site.open("?device=cpu");
  const requests: { method: string; url: string }[] = [];
  page.on("request", (request) => requests.push({ method: request.method(), url: request.url() }));
  await page.waitForSelector("#device[data-kind=cpu]");
  const loaded = () => requests.filter(({ url }) => /teach|train/.test(url)).length;

  await t.step("Teach loads the trainer when the tab is opened", async () => {
    await page.reload();
    await page.waitForSelector("#device[data-kind=cpu]");
    assertEquals(loaded(), 0);
    await press(page, "#tab-teach");
    await page.waitForFunction(() => document.querySelectorAll(".class-card").length === 2);
    assertGreater(loaded(), 0);
    await assertAccessible(page);
  });

  await t.step("Teach says what is missing, and accepts photos", async () => {
    assertEquals(await text(page, "#train-state"), "Add photos to Class 1, Class 2: at least 4 per class.");
    await fill(page, 0, "level", photos.files.level.slice(0, 4));
    assertStringIncludes(await text(page, ".hint"), "more photos are recommended");
    await give(page, 0, photos.files.level.slice(4));
    await fill(page, 1, "level", photos.files.upright);
    assertEquals(await text(page, "#train-state"), "Two classes are named level: rename one of them.");
    await setName(page, 1, "upright");
    assertEquals([await counts(page), await text(page, "#train-state")], [Array(2).fill(`${COUNT} photos`), ""]);
    await assertAccessible(page);
  });

  await t.step("Teach trains without blocking the page, and shows the accuracy", async () => {
    await press(page, "#train");
    await page.waitForSelector("#charts:not([hidden])");
    await assertAccessible(page);
    assertEquals(await said(page, "Trained|Cannot"), "Trained.");
    assertEquals(
      await text(page, "#outcome-line strong"),
      `${2 * ASIDE} of ${2 * ASIDE} validation photos are classified correctly.`,
    );
    assertEquals(await page.$$eval("#confusion td.right img", (all) => all.length), 2 * ASIDE);
    assertEquals(await page.$$eval("#loss-chart polyline", (lines) => lines.length), 4);
    await page.waitForSelector("#save-onnx:enabled");
    assertEquals(await text(page, "#train-state"), "Trained.");
    await assertAccessible(page);
  });

  await t.step("Teach classifies photos that it was not trained on", async () => {
    await using others = await writePhotos(COUNT + 3);
    for (const label of ["level", "upright"]) {
      const input = await page.$("#try-files");
      await page.$eval("#try-exits", (list) => list.querySelector("[data-state=left]")?.removeAttribute("data-state"));
      await (input as unknown as { uploadFile(file: string): Promise<void> }).uploadFile(others.files[label].at(-1)!);
      assertEquals(await answerOf(page), label);
    }
  });

  await t.step("Teach gives the same model as the command line with the same photos", async () => {
    const archive = await saved(page, "#save-model", "my-model.zip");
    const model = await loadModel(archive, { calibrated: false });
    assertEquals(model.spec.classes, ["level", "upright"]);
    if (LONG) {
      assertGreater((await readCalibrations(new Blob([await Deno.readFile(archive)]))).length, 1);
      assertEquals((await loadModel(archive)).temperatures?.length, 4);
    }

    // Like `ranet train`, except that it validates after every epoch.
    const command = (await text(page, "#outcome-command")).split(" ");
    const option = (name: string) => command[command.indexOf(`--${name}`) + 1];
    const { spec } = model;
    const all = await openDataset(photos.folder, { labels: spec.classes, inputSize: spec.input.size });
    const recipe = changeRecipe(await readRecipe(option("recipe")), {
      epochs: Number(option("epochs")),
      learningRate: Number(option("rate")),
      batch: Number(option("batch")),
    });
    const { training } = await splitDataset(all, { seed: recipe.seed });
    const init = await loadModel(option("init"), { calibrated: false });
    const other = await teach(await readSpec(archive), training, recipe, { init, device: "cpu" });
    assertEquals(await digestTensors(other.model.tensors), await digestTensors(model.tensors));
    const words = command.slice(1).map((word) =>
      ({ "my-model/spec.yaml": archive, photos: photos.folder })[word] ?? word
    );
    assertEquals((await ranet(...words, "--dry-run")).code, 0);

    const classified = await ranet("classify", photos.files.level[0], "--model", archive, "--device", "cpu", "--json");
    assertEquals(JSON.parse(classified.out).map(({ label }: { label: string }) => label), ["level"]);
    if (LONG) {
      const budgeted = await ranet("classify", ...photos.files.level, "--model", archive, "--budget", "2M", "--json");
      assertEquals(budgeted.code, 0, budgeted.notes);
    }
    const expected = exportOnnx(await loadModel(archive));
    const onnx = await Deno.readFile(await saved(page, "#save-onnx", "my-model.onnx"));
    assert(onnx.every((byte, at) => byte === expected[at]) && onnx.length === expected.length);
  });

  await t.step("Teach keeps its photos and model after a reload, and opens the model in Classify", async () => {
    await page.reload();
    await page.waitForSelector("#try:not([hidden])");
    assertEquals(await counts(page), Array(2).fill(`${COUNT} photos`));
    assertEquals(
      await text(page, "#outcome-line strong"),
      `${2 * ASIDE} of ${2 * ASIDE} validation photos are classified correctly.`,
    );
    await press(page, "#to-classify");
    await page.waitForSelector("#classify:not([hidden])");
    const input = await page.$("#files");
    await (input as unknown as { uploadFile(file: string): Promise<void> }).uploadFile(photos.files.upright[0]);
    await page.waitForSelector('#exits li[data-state="left"]');
    assertStringIncludes(await text(page, "#verdict strong"), "upright");
    assertStringIncludes(await text(page, "#known"), "Classes: level, upright.");
  });

  await t.step("Teach deletes everything on request", async () => {
    await press(page, "#tab-teach");
    await press(page, "#delete-all");
    await assertAccessible(page);
    await press(page, "#sure-delete");
    await page.waitForFunction(() => document.querySelector("#train-state")!.textContent === "Everything is deleted.");
    await page.reload();
    await page.waitForFunction(() => document.querySelectorAll(".class-card").length === 2);
    assertEquals([await counts(page), await isThere(page, "#try")], [["0 photos", "0 photos"], false]);
  });

  // Only files of the page were requested: nothing was sent.
  const sent = requests.filter(({ method, url }) =>
    method !== "GET" || !/^(blob:|data:)/.test(url) && !url.startsWith(site.url)
  );
  assertEquals(sent, []);
  assertEquals(complaints, []);
});

longChromiumTest("training in the page can be stopped and resumed, also with one thread", async () => {
  await using site = await openSite({ webgpu: false, isolated: false });
  await using photos = await writePhotos(12);
  const { page, complaints } = await openTeach(site);
  await fillTwo(page, photos);
  await press(page, "#train");
  await page.waitForSelector("#charts:not([hidden])");
  assertEquals(await page.$eval("#class-cards .class-card", (card) => (card as HTMLElement).inert), true);
  await press(page, "#train-stop");
  assertEquals(await said(page, "Stopped\\.|Trained"), "Stopped. The state so far is kept.");
  await page.waitForSelector("#try:not([hidden])");
  await assertAccessible(page);
  await press(page, "#train-continue");
  assertEquals(await said(page, "Trained|Cannot"), "Trained.");
  assertEquals(await isThere(page, "#train-continue"), false);
  assertEquals(complaints, []);
});

longChromiumTest("training in the page continues on the CPU if the GPU is lost", async () => {
  // Software GPUs are not used, unless they are reported as a GPU.
  const disguise =
    `for (const [name, value] of [["isFallbackAdapter", false], ["description", "test GPU"], ["device", ""],
    ["architecture", ""]]) Object.defineProperty(GPUAdapterInfo.prototype, name, { get: () => value });\n`;
  await using site = await openSite({ prefix: { "/teach-worker.js": disguise } });
  await using photos = await writePhotos(8);
  const { page } = await openTeach(site, "");
  await fillTwo(page, photos);
  await press(page, "#train");
  await page.waitForSelector("#charts:not([hidden])");
  assertStringIncludes(await said(page, "Epoch"), "test GPU");
  const session = await site.browser.target().createCDPSession();
  await session.send("Browser.crashGpuProcess");
  assertStringIncludes(await said(page, "Training continues|Epoch .*CPU"), "CPU");
  assertEquals(await said(page, "Trained|Cannot"), "Trained.");
  assertStringIncludes(await text(page, "#outcome-line strong"), "4 of 4 ");
  assertStringIncludes(await text(page, "#outcome-line"), "leaves at the first exit with a confidence of 90 %");
});

longChromiumTest("Teach ignores and names files that are not photos, and makes classes of folders", async () => {
  await using site = await openSite({ webgpu: false });
  await using photos = await writePhotos(5);
  const { page, complaints } = await openTeach(site);
  const broken = `${photos.folder}/broken.jpg`;
  await Deno.writeFile(broken, (await Deno.readFile("examples/cat.jpg")).subarray(0, 300));
  const heic = `${photos.folder}/IMG_1.HEIC`;
  await Deno.writeFile(heic, new TextEncoder().encode("\0\0\0\x18ftypheic\0\0\0\0mif1heic"));
  await give(page, 0, [broken, heic, photos.files.level[0]]);
  assertEquals(await counts(page), ["1 photo", "0 photos"]);
  const told = await page.$$eval("#teach-problems li", (all) => all.map((one) => one.textContent));
  assertStringIncludes(told[0], 'Cannot read image "broken.jpg": it is truncated or damaged');
  assertStringIncludes(told[1], "to convert it: heif-convert");
  await assertAccessible(page);

  await press(page, "#teach-problems button");
  await press(page, ".photo-button");
  assertEquals(await counts(page), ["0 photos", "0 photos"]);
  const { x, y, width, height } = (await (await page.$(".class-card"))!.boundingBox())!;
  const session = await page.createCDPSession();
  const data = {
    items: [],
    files: [`${photos.folder}/level`, `${photos.folder}/upright`],
    dragOperationsMask: 1,
  };
  for (const type of ["dragEnter", "dragOver", "drop"] as const) {
    await session.send("Input.dispatchDragEvent", { type, x: x + width / 2, y: y + height / 2, data });
  }
  await page.waitForFunction(() =>
    [...document.querySelectorAll(".class-head .count")].every((count) => count.textContent === "5 photos")
  );
  const names = await page.$$eval(".class-name", (fields) => fields.map((field) => (field as HTMLInputElement).value));
  assertEquals(names, ["level", "upright"]);
  assertEquals(complaints, []);
});

longChromiumTest("Teach opens a model's archive, and refuses other files", async () => {
  await using site = await openSite({ webgpu: false });
  const { page } = await openTeach(site);
  const folder = await Deno.makeTempDir();
  await Deno.writeFile(`${folder}/other.zip`, (await Deno.readFile("examples/cat.jpg")).subarray(0, 300));
  const open = async (file: string) =>
    await (await page.$("#open-model") as unknown as { uploadFile(file: string): Promise<void> }).uploadFile(file);
  await open(`${folder}/other.zip`);
  await page.waitForSelector("#teach-problems:not([hidden])");
  assertStringIncludes(await text(page, "#teach-problems summary"), "other.zip: Cannot read model");
  await Deno.remove(folder, { recursive: true });
});

for (
  const [camera, told] of [["refused", "Access to the camera was refused"], ["none", "No camera was found"]] as const
) {
  longChromiumTest(`without a camera (${camera}), the page explains what to do`, async () => {
    await using site = await openSite({ webgpu: false, camera });
    const { page } = await openTeach(site);
    await page.evaluate(() =>
      [...document.querySelectorAll<HTMLElement>(".class-card button")].find((one) => one.textContent === "Camera")!
        .click()
    );
    await page.waitForFunction(() => document.querySelector("#burst-state")!.textContent !== "");
    assertStringIncludes(await text(page, "#burst-state"), told);
    await assertAccessible(page);
  });
}

longChromiumTest("Teach takes photos while a button or key is held, and shows live predictions", async () => {
  await using site = await openSite({ webgpu: false });
  await using photos = await writePhotos(5);
  const { page, complaints } = await openTeach(site);
  await page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>(".class-card button")].find((one) => one.textContent === "Camera")!
      .click()
  );
  await page.waitForSelector("#burst-take:enabled");
  await page.hover("#burst-take");
  await page.mouse.down();
  await page.waitForFunction(() => parseInt(document.querySelector("#burst-state")!.textContent!) >= 3);
  await page.mouse.up();
  await page.focus("#burst-take");
  const before = parseInt(await text(page, "#burst-state"));
  await page.keyboard.down("Space");
  await page.waitForFunction(
    (before) => parseInt(document.querySelector("#burst-state")!.textContent!) > before,
    {},
    before,
  );
  await page.keyboard.up("Space");
  await assertAccessible(page);
  await press(page, "#burst-close");
  await page.waitForFunction(() => document.querySelector("#reading")!.textContent === "");
  await fill(page, 1, "upright", photos.files.upright);
  assertEquals(await train(page), "Trained.");
  await page.waitForSelector("#try:not([hidden])");
  await press(page, "#try-camera");
  assertEquals(await answerOf(page), "Class 1");
  await assertAccessible(page);
  assertEquals(complaints, []);
});

const storages = {
  "is denied": "Object.defineProperty(globalThis, 'indexedDB', { value: { open() { throw new Error('Denied.'); } } });",
  "is full": `IDBObjectStore.prototype.put = () => { throw new DOMException("full", "QuotaExceededError"); };`,
};

for (const [name, script] of Object.entries(storages)) {
  longChromiumTest(`if storage ${name}, the page shows a note and still works`, async () => {
    await using site = await openSite({ webgpu: false });
    await using photos = await writePhotos(4);
    const { page, complaints } = await site.open("");
    await page.evaluateOnNewDocument(script);
    await page.reload();
    await press(page, "#tab-teach");
    await page.waitForFunction(() => document.querySelectorAll(".class-card").length === 2);
    await fillTwo(page, photos);
    assertStringIncludes(await text(page, "#teach-keeping"), "This browser cannot store everything: ");
    assertEquals(await train(page), "Trained.");
    await page.waitForSelector("#try:not([hidden])");
    assertEquals(complaints, []);
  });
}

longChromiumTest("tabs and classes can be used with the keyboard alone", async () => {
  await using site = await openSite({ webgpu: false });
  const { page } = await site.open("");
  await page.focus("#tab-classify");
  await page.keyboard.press("End");
  await page.waitForFunction(() => document.querySelectorAll(".class-card").length === 2);
  assertEquals(await page.evaluate(() => document.activeElement!.id), "tab-teach");
  await page.focus("#add-class");
  await page.keyboard.press("Enter");
  await page.keyboard.type("cup");
  assertEquals(await page.$$eval(".class-name", (fields) => (fields.at(-1) as HTMLInputElement).value), "cup");
  await page.keyboard.press("Tab");
  assert(await page.evaluate(() => document.activeElement!.ariaLabel === "Remove cup"));
  await page.keyboard.press("Enter");
  assertEquals(await page.$$eval(".class-card", (cards) => cards.length), 2);
  assertEquals(await page.evaluate(() => document.activeElement!.id), "add-class");
});
