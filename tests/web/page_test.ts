/// <reference lib="dom" />
/// <reference lib="dom.iterable" />

import { assert, assertAlmostEquals, assertEquals, assertGreater, assertStringIncludes } from "@std/assert";
import type { Page } from "puppeteer-core";
import { decodeImage } from "../../lib/data/decode.ts";
import { ranet } from "../cli/ranet.ts";
import { longStep } from "../long.ts";
import { bmp } from "../data/bmp.ts";
import { assertAccessible } from "./accessible.ts";
import { chromiumTest, longChromiumTest, openSite, press, type Site } from "./browser.ts";

const root = new URL("../../", import.meta.url);
const path = (file: string): string => new URL(file, root).pathname;
const IMAGES = ["examples/cat.jpg", "tests/fixtures/images/photo.jpg", "tests/fixtures/images/alpha.png"].map(path);

/** The result for an image. */
interface Left {
  readonly exit: number;
  readonly label: string;
  readonly confidence: number;
}

/** The result of the command line. */
async function expected(threshold: number): Promise<Left[]> {
  const { out } = await ranet("classify", ...IMAGES, "--json", "--device", "cpu", "--threshold", String(threshold));
  return JSON.parse(out);
}

/** Text of all elements that a selector finds. */
function texts(page: Page, selector: string): Promise<string[]> {
  return page.$$eval(selector, (elements) => elements.map((element) => element.textContent!.trim()));
}

/** Gives image files to the page, and waits for the result of the selected one. */
async function give(page: Page, files: readonly string[]): Promise<void> {
  const input = await page.$("input#files");
  await input!.uploadFile(...files);
  await left(page);
}

/** Waits for the result of the selected image. */
async function left(page: Page): Promise<void> {
  await page.waitForSelector('#exits li[data-state="left"]');
}

/** The result that the page shows for the selected image. */
function shown(page: Page): Promise<Left> {
  return page.$$eval("#exits li", (rows) => {
    const exit = rows.findIndex((row) => (row as HTMLElement).dataset.state === "left");
    const text = (name: string) => rows[exit].querySelector(name)!.textContent!;
    return { exit: exit + 1, label: text(".label"), confidence: parseFloat(text(".confidence")) / 100 };
  });
}

async function setThreshold(page: Page, value: number): Promise<void> {
  await page.$eval("#threshold", (element, value) => {
    (element as HTMLInputElement).value = String(value);
    element.dispatchEvent(new Event("input"));
  }, value);
  await left(page);
}

async function setSpec(page: Page, edit: (text: string) => string): Promise<void> {
  const text = edit(await page.$eval("#spec", (element) => (element as HTMLTextAreaElement).value));
  await page.$eval("#spec", (element, text) => {
    (element as HTMLTextAreaElement).value = text;
    element.dispatchEvent(new Event("input"));
  }, text);
}

async function answersLikeTheCommandLine(site: Site, query: string, device: RegExp): Promise<void> {
  const { page, complaints } = await site.open(query);
  for (const [i, image] of IMAGES.entries()) {
    await give(page, [image]);
    for (const threshold of [0.9, 0.95]) {
      await setThreshold(page, threshold);
      const [found, { exit, label, confidence }] = [await shown(page), (await expected(threshold))[i]];
      assertEquals([found.exit, found.label], [exit, label]);
      assertAlmostEquals(found.confidence, confidence, 1e-2);
    }
  }
  assert(device.test((await texts(page, "#device"))[0]), (await texts(page, "#device"))[0]);
  assertEquals(complaints, []);
  await page.close();
}

chromiumTest("the page", async (t) => {
  await using site = await openSite();

  // The library runs on WebGPU below.
  await longStep(
    t,
    "the page gives the same results on WebGPU as the command line",
    () => answersLikeTheCommandLine(site, "?device=gpu", /^WebGPU: .*swiftshader/i),
  );

  await t.step("the page ignores WebGPU on a software driver", async () => {
    const { page } = await site.open("");
    await page.waitForSelector("#device[data-kind=cpu]");
    assertEquals(await texts(page, "#device"), ["CPU: WebGPU has no GPU here"]);
    await page.close();
  });

  await t.step("the page gives the same results on the CPU as the command line", async () => {
    await answersLikeTheCommandLine(site, "?device=cpu", /^CPU: as asked$/);
  });

  await t.step("the page moves the exit with the threshold, and highlights the drawing up to it", async () => {
    const { page } = await site.open("?device=cpu");
    await give(page, [path("examples/cat.jpg")]);
    const lit = () =>
      page.$eval("#drawing", (element) => element.shadowRoot!.querySelectorAll("[data-exit]:not(.dim)").length);
    const found = [];
    for (const threshold of [0.1, 0.9, 1]) {
      await setThreshold(page, threshold);
      found.push({ exit: (await shown(page)).exit, lit: await lit(), spent: (await texts(page, "#spent"))[0] });
    }
    assertEquals(found.map(({ exit }) => exit), [1, 2, 6]);
    assertGreater(found[1].lit, found[0].lit);
    assertGreater(found[2].lit, found[1].lit);
    assertStringIncludes(found[1].spent, "21.77 M multiply-adds");
    await page.close();
  });

  await t.step("the page computes only the exits that are needed, unless all are requested", async () => {
    const { page } = await site.open("?device=cpu");
    await give(page, [path("examples/ship.jpg")]);
    const times = async () => (await texts(page, "#exits .time")).filter(Boolean).length;
    assertEquals([(await shown(page)).exit, await times()], [1, 1]);
    await press(page, "#others");
    await page.waitForFunction(() => document.querySelector("#exits li:last-child .time")!.textContent !== "");
    assertEquals([(await shown(page)).exit, await times()], [1, 6]);
    await page.close();
  });

  await longStep(t, "the page scrolls the result into view on a phone", async () => {
    const { page } = await site.open("?device=cpu");
    await page.emulateMediaFeatures([{ name: "prefers-reduced-motion", value: "reduce" }]);
    await page.setViewport({ width: 360, height: 740 });
    await press(page, "#examples button");
    await left(page);
    const { top, bottom } = await page.$eval("#verdict", (element) => element.getBoundingClientRect().toJSON());
    assert(top >= 0 && bottom <= 740, `${top} to ${bottom}`);
    await page.close();
  });

  await t.step("the page groups several images by exit", async () => {
    const { page } = await site.open("?device=cpu");
    await give(page, [path("examples/ship.jpg"), path("LICENSE"), path("examples/cat.jpg"), IMAGES[1]]);
    await page.waitForFunction(() => document.querySelectorAll(".card").length === 3);
    assertEquals(await texts(page, ".shelf .count"), ["1", "1", "0", "0", "0", "1"]);
    assertEquals((await texts(page, ".card span:first-of-type")).slice(0, 2), ["ship", "cat"]);
    assertEquals(await texts(page, "#problems li"), [
      'Cannot read image "LICENSE": it is not an image (JPEG, PNG, WebP, AVIF, GIF, BMP, TIFF and Netpbm are supported)',
    ]);
    await press(page, "#problems button");
    assertEquals(await page.$eval("#problems", (element) => (element as HTMLElement).hidden), true);
    await press(page, ".shelf:nth-child(2) .card");
    assertEquals((await shown(page)).label, "cat");
    await assertAccessible(page);
    await press(page, "#clear");
    assertEquals(await texts(page, ".card"), []);
    await page.close();
  });

  await t.step("the page accepts examples, dropped and pasted images, and photos from the camera", async () => {
    const { page, complaints } = await site.open("?device=cpu");
    await press(page, "#examples button");
    await page.evaluate(async () => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([await (await fetch("examples/frog.jpg")).blob()], "dropped.jpg"));
      document.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true }));
      document.dispatchEvent(new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true }));
    });
    await press(page, "#camera-open");
    await page.waitForSelector("#camera-take:enabled");
    await press(page, "#camera-take");
    await page.waitForFunction(() => document.querySelectorAll(".card").length === 4);
    const names = await page.$$eval(".card img", (images) => images.map((image) => (image as HTMLImageElement).alt));
    assertEquals(names.toSorted(), ["camera.png", "dropped.jpg", "dropped.jpg", "ship.jpg"]);
    assertEquals(complaints, []);
    await page.close();
  });

  await t.step("the page shows errors in the YAML at their lines, otherwise costs and drawing", async () => {
    const { page, complaints } = await site.open("?device=cpu#architecture");
    await page.waitForSelector("#costs td");
    assertEquals((await texts(page, "#costs tbody tr:last-child *")).slice(0, 4), [
      "6",
      "8×8×218",
      "58.92 M",
      "2.55 M",
    ]);
    await assertAccessible(page);

    await setSpec(page, (text) => text.replace("channels: 32", "channels: many"));
    await page.waitForSelector(".wrong");
    const [line] = await texts(page, ".lines .marked");
    const spec = await page.$eval("#spec", (element) => (element as HTMLTextAreaElement).value);
    assertStringIncludes(spec.split("\n")[Number(line) - 1], "channels: many");
    assertEquals(await texts(page, ".wrong li"), [
      `Line ${line} base_features[1].channels: expected a whole number from 1 to 4096, found "many"`,
    ]);
    await assertAccessible(page);

    await setSpec(page, (text) => text.replace("channels: many", "channels: 48").replace("blocks: 6", "blocks: 7"));
    await page.waitForSelector(".fine");
    assertEquals((await texts(page, "#costs tbody th")).length, 7);
    assertEquals(await texts(page, ".marked"), []);
    const exits = await page.$eval(
      "#plan-drawing",
      (element) => element.shadowRoot!.querySelectorAll(".exit[data-exit]").length,
    );
    assertEquals(exits, 7);

    await page.select("#bundled", "msdnet-imagenet-step4");
    await page.waitForFunction(() => document.querySelectorAll("#costs tbody tr").length === 5);
    assertEquals((await texts(page, "#costs tbody tr:last-child *")).slice(0, 4), [
      "5",
      "7×7×560",
      "1.36 G",
      "23.96 M",
    ]);
    const drawn = await page.$eval("#plan-drawing", (element) => element.shadowRoot!.textContent!);
    for (const part of ["scale 4", "dropped", "1.01 G"]) assertStringIncludes(drawn, part);
    await assertAccessible(page);
    assertEquals(complaints, []);
    await page.close();
  });

  await longStep(t, "the page keeps an edited spec after a reload, and in a link", async () => {
    const { page } = await site.open("?device=cpu#architecture");
    await page.waitForSelector("#costs td");
    await setSpec(page, (text) => text.replace("blocks: 6", "blocks: 7"));
    await page.waitForFunction(() => document.querySelectorAll("#costs tbody th").length === 7);
    await page.reload();
    await page.waitForFunction(() => document.querySelectorAll("#costs tbody th").length === 7);
    await press(page, "#spec-link");
    await page.waitForFunction(() => location.hash.startsWith("#architecture?spec="));
    const link = page.url();
    await page.evaluate(() => localStorage.clear());
    await page.goto("about:blank");
    await page.goto(link);
    await page.waitForFunction(() => document.querySelectorAll("#costs tbody th").length === 7);
    await page.evaluate(() => localStorage.clear());
    await page.close();
  });

  await longStep(t, "the page can be used by keyboard and on a phone", async () => {
    const { page } = await site.open("?device=cpu");
    await page.setViewport({ width: 320, height: 700 });
    await give(page, [path("examples/cat.jpg")]);
    await page.focus("#tab-classify");
    for (const view of ["classify", "architecture"]) {
      assertEquals(await page.$eval(`#${view}`, (element) => (element as HTMLElement).hidden), false);
      assertEquals(await page.evaluate(() => document.documentElement.scrollWidth), 320);
      await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "dark" }]);
      await assertAccessible(page);
      await page.keyboard.press("ArrowRight");
    }
    await page.close();
  });

  await longStep(t, "the page fits windows of any width", async () => {
    const { page } = await site.open("?device=cpu");
    await give(page, [path("examples/cat.jpg")]);
    for (const width of [360, 630, 690, 870, 1000, 1100]) {
      await page.setViewport({ width, height: 700 });
      assertEquals(await page.evaluate(() => document.documentElement.scrollWidth), width);
    }
    await page.close();
  });

  await t.step("the page's server serves only its own files", async () => {
    for (const file of ["nothing.js", "../build.ts", "%2e%2e/build.ts", "..%2fbuild.ts", "specs", "//etc/passwd"]) {
      const response = await fetch(site.url + file);
      assertEquals([file, response.status], [file, 404]);
      await response.body?.cancel();
    }
  });

  await t.step("the page's server compresses weights, and answers 304 if they have not changed", async () => {
    const url = `${site.url}weights/ranet-cifar10.safetensors`;
    const first = await fetch(url);
    assertEquals((await first.bytes()).length, (await Deno.stat(path("weights/ranet-cifar10.safetensors"))).size);
    assertEquals(first.headers.get("vary"), "accept-encoding");
    const again = await fetch(url, { headers: { "if-none-match": first.headers.get("etag")! } });
    assertEquals([again.status, (await again.bytes()).length], [304, 0]);
  });

  await t.step("ranet.js next to the page works as a plain ES module", async () => {
    const { page, complaints } = await site.open("index.html");
    const result = await page.evaluate(async (url) => {
      const { AdaptiveExecutor, decodeImage, loadModel, readCalibrations, readSpec, toTensor } = await import(
        `${url}ranet.js`
      );
      const model = await loadModel("ranet-cifar10");
      const executor = await AdaptiveExecutor.create(model, { device: "gpu" });
      const file = await (await fetch(`${url}examples/ship.jpg`)).arrayBuffer();
      const image = await decodeImage(new Uint8Array(file), { source: "ship.jpg" });
      const [{ label, exit }] = await executor.classify(toTensor(image, model.spec.input));
      const messages = await Promise.all(
        [loadModel, readSpec].map((read) => read("ship.yaml").catch(({ message }: Error) => message)),
      );
      const calibrations = (await readCalibrations("ranet-cifar10")).length;
      return { label, exit, device: executor.device.kind, calibrations, messages };
    }, site.url);
    assertEquals(result, {
      label: "ship",
      exit: 1,
      device: "gpu",
      calibrations: 10,
      messages: Array(2).fill(
        'Cannot read "ship.yaml": a browser has no files. Give a full URL, such as new URL("ship.yaml", location.href)',
      ),
    });
    assertEquals(complaints, []);
    await page.close();
  });

  await t.step("ranet.js classifies in one call every image that the browser can decode", async () => {
    const { page, complaints } = await site.open("index.html");
    const file = await Deno.readFile(path("examples/frog.jpg"));
    const frog = [...bmp(await decodeImage(file, { source: "frog.jpg" }))];
    const found = await page.evaluate(
      async (frog, jpg) => {
        const { loadClassifier } = await import(new URL("ranet.js", location.href).href);
        const classifier = await loadClassifier("ranet-cifar10", { device: "cpu" });
        const pixels = new ImageData(32, 32);
        const images = ["examples/ship.jpg", new File([new Uint8Array(frog)], "frog.bmp"), new Uint8Array(jpg), pixels];
        const results = await classifier.classify(images, { budget: 20e6 });
        const bad = await classifier.classify(new Blob(["text"])).catch(({ message }: Error) => message);
        return { results: results.map(({ source, label }: Record<string, string>) => [source, label]), bad };
      },
      frog,
      [...file],
    );
    assertEquals(found.results.slice(0, 3), [["examples/ship.jpg", "ship"], ["frog.bmp", "frog"], ["image 3", "frog"]]);
    assertEquals(found.results[3][0], "image 4");
    assertStringIncludes(found.bad, 'Cannot read image "image 1": it is not an image');
    assertEquals(complaints, []);
    await page.close();
  });
});

longChromiumTest("the page still answers if the GPU is lost", async () => {
  await using site = await openSite();
  const { page } = await site.open("?device=gpu");
  await give(page, [path("examples/cat.jpg")]);
  const browser = await page.browser().target().createCDPSession();
  await browser.send("Browser.crashGpuProcess");
  await give(page, [path("examples/ship.jpg")]);
  await page.waitForFunction(() => document.querySelector("#photo-caption")!.textContent!.startsWith("ship"));
  await page.waitForFunction(() => document.querySelectorAll(".card").length === 2);
  assertEquals((await shown(page)).label, "ship");
  assertEquals(await texts(page, "#problems li"), []);
});

for (const isolated of [true, false]) {
  longChromiumTest(
    `the page without WebGPU runs on the CPU, ${isolated ? "with threads" : "without threads"}`,
    async () => {
      await using site = await openSite({ webgpu: false, isolated });
      const { page, complaints } = await site.open("");
      await give(page, [path("examples/ship.jpg")]);
      assertEquals(await texts(page, "#device"), ["CPU: this browser has no WebGPU"]);
      assertEquals((await shown(page)).label, "ship");
      assertEquals(complaints, []);
    },
  );
}

const hosts = [
  { name: "on threads", site: {}, threads: 2 },
  { name: "without threads where a policy forbids them", site: { policy: "worker-src 'self'" }, threads: 0 },
  { name: "without threads where it may share no memory", site: { isolated: false }, threads: 0 },
];

for (const { name, site: options, threads } of hosts) {
  longChromiumTest(`ranet.js computes on the CPU in a page, ${name}`, async () => {
    await using site = await openSite({ webgpu: false, ...options });
    const { page } = await site.open("");
    const [finite, answered] = await page.evaluate(async (url) => {
      let answered = 0;
      globalThis.Worker = class extends Worker {
        constructor(url: string | URL, options?: WorkerOptions) {
          super(url, options);
          this.addEventListener("message", () => answered++, { once: true });
        }
      };
      const { AdaptiveExecutor, loadModel } = await import(`${url}ranet.js`);
      const executor = await AdaptiveExecutor.create(await loadModel("ranet-cifar10"), { device: "cpu", threads: 2 });
      const logits: Float32Array[] = await executor.forward(new Float32Array(2 * 3 * 32 * 32));
      executor[Symbol.dispose]();
      return [logits.every((values) => values.every(Number.isFinite)), answered];
    }, site.url);
    assertEquals([finite, answered], [true, threads]);
  });
}
