/// <reference lib="dom" />

import { assertEquals, assertLess } from "@std/assert";
import { decodeImage } from "../../lib/data/decode.ts";
import { toTensor } from "../../lib/data/preprocess.ts";
import { AdaptiveExecutor } from "../../lib/executor/executor.ts";
import { loadModel } from "../../lib/model/model.ts";
import { readSpec } from "../../lib/model/read_spec.ts";
import { quantize } from "../../lib/quantization/quantize.ts";
import { packModel } from "../../lib/training/pack_model.ts";
import { relativeError } from "../fixtures.ts";
import { longChromiumTest, openSite } from "./browser.ts";

const NAME = "ranet-cifar10-micro";
const IMAGES = ["cat", "ship", "frog"].map((name) => `examples/${name}.jpg`);
/** With this threshold, images leave at different exits. */
const THRESHOLD = 0.5;

/** The packed 8-bit model, and its results for an image in Deno. */
async function quantized() {
  const model = await loadModel(NAME, { calibrated: false });
  const tensors = await Promise.all(IMAGES.map(async (path) => {
    const bytes = await Deno.readFile(new URL(`../../${path}`, import.meta.url));
    return toTensor(await decodeImage(bytes, { source: path }), model.spec.input);
  }));
  const images = Float32Array.from(tensors.flatMap((tensor) => [...tensor]));
  const small = await quantize(model, images);
  using executor = await AdaptiveExecutor.create(small, { device: "cpu" });
  const spec = await readSpec(NAME);
  const logits = await executor.forward(images);
  const { classes } = model.spec;
  return {
    archive: await packModel(spec, small.tensors),
    tensors: small.tensors,
    whole: await packModel(spec, model.tensors),
    images,
    logits,
    /** The class of each image, for each exit. */
    labels: logits.map((exit) =>
      IMAGES.map((_, i) => {
        const row = exit.subarray(i * classes.length, (i + 1) * classes.length);
        return classes[row.indexOf(Math.max(...row))];
      })
    ),
    answers: (await executor.classify(images, { threshold: THRESHOLD })).map(({ label, exit }) => ({ label, exit })),
  };
}

Deno.test("packModel() stores an 8-bit model in half the bytes, and it is read back unchanged", async () => {
  const { archive, whole, tensors } = await quantized();
  assertLess(archive.length, whole.length / 2);
  const read = await loadModel(new Blob([archive]), { calibrated: false });
  assertEquals(read.tensors.size, tensors.size);
  for (const [name, { data, shape }] of tensors) {
    assertEquals(read.tensors.get(name)!.shape, shape);
    // The matrices of linear layers are float16.
    assertLess(relativeError(read.tensors.get(name)!.data, data), name.includes("linear") ? 1e-3 : 1e-9);
  }
});

longChromiumTest("an 8-bit model works in the browser", async (t) => {
  const { archive, images, logits, answers, labels } = await quantized();
  await using site = await openSite();

  for (const device of ["cpu", "gpu"] as const) {
    await t.step(`ranet.js computes the same integers, device ${device}`, async () => {
      const { page, complaints } = await site.open("index.html");
      const found = await page.evaluate(
        async ({ archive, images, device, threshold }) => {
          const { AdaptiveExecutor, loadModel } = await import(new URL("ranet.js", location.href).href);
          const model = await loadModel(new Blob([new Uint8Array(archive)]));
          const executor = await AdaptiveExecutor.create(model, { device });
          const given = Float32Array.from(images);
          const logits: Float32Array[] = await executor.forward(given);
          const answers: { label: string; exit: number }[] = await executor.classify(given, { threshold });
          return {
            kind: executor.device.kind,
            logits: logits.map((exit) => [...exit]),
            answers: answers.map(({ label, exit }) => ({ label, exit })),
          };
        },
        { archive: [...archive], images: [...images], device, threshold: THRESHOLD },
      );
      assertEquals(found.kind, device);
      logits.forEach((wanted, exit) => assertLess(relativeError(found.logits[exit], wanted), 1e-5));
      assertEquals(found.answers, answers);
      assertEquals(complaints, []);
      await page.close();
    });

    await t.step(`the page classifies with an 8-bit model, device ${device}`, async () => {
      const { page, complaints } = await site.open(`?device=${device}`);
      const folder = await Deno.makeTempDir();
      try {
        await Deno.writeFile(`${folder}/small.zip`, archive);
        const input = await page.$("input#files");
        await input!.uploadFile(`${folder}/small.zip`);
        await page.waitForFunction(
          (kind) => (document.querySelector("#device") as HTMLElement).dataset.kind === kind,
          {},
          device,
        );
        await input!.uploadFile(new URL(`../../${IMAGES[1]}`, import.meta.url).pathname);
        await page.waitForSelector('#exits li[data-state="left"]');
        const rows = await page.$$eval(
          "#exits li",
          (rows) => rows.map((row) => ({ state: row.dataset.state, label: row.querySelector(".label")?.textContent })),
        );
        const exit = rows.findIndex(({ state }) => state === "left");
        assertEquals(rows[exit].label, labels[exit][1]);
        assertEquals(complaints, []);
      } finally {
        await Deno.remove(folder, { recursive: true });
        await page.close();
      }
    });
  }
});
