import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { loadModel, type Model, readSpec } from "../../mod.ts";
import { changeSpec } from "../../spec.ts";
import { blobDataset, changeRecipe, type Dataset, readRecipe, splitDataset, train } from "../../train.ts";
import { declarationsOf } from "../../web/declarations.ts";
import { longChromiumTest, openSite } from "./browser.ts";
import { stripes } from "./stripes.ts";

const CLASSES = ["level", "upright"];
const COUNT = 12;
const SEED = 3;

/** A fingerprint of weights. */
async function digestOf({ tensors }: Model): Promise<string> {
  const parts = [...tensors.keys()].sort().map((name) =>
    new Uint8Array(new Float32Array(tensors.get(name)!.data).buffer)
  );
  return new Uint8Array(await crypto.subtle.digest("SHA-256", await new Blob(parts).bytes())).toHex();
}

/** The same training outside of a browser. */
async function trained(threads: number): Promise<string> {
  const spec = changeSpec(await readSpec("ranet-cifar10-micro"), { name: "stripes", classes: CLASSES });
  const blobs = stripes(COUNT);
  const photos = blobDataset({ level: blobs.level, upright: blobs.upright }, { labels: spec.classes });
  const { training } = await splitDataset(photos, { seed: SEED, least: 2 });
  const recipe = changeRecipe(await readRecipe("few-images"), { epochs: 2, batch: 8, seed: SEED });
  const init = await loadModel("ranet-cifar10-micro", { calibrated: false });
  return await digestOf((await train(spec, training, recipe, { init, device: "cpu", threads })).model);
}

const hosts = [
  { name: "on threads", isolated: true, threads: 2 },
  { name: "on one thread where memory may not be shared", isolated: false, threads: 1 },
];

for (const { name, isolated, threads } of hosts) {
  longChromiumTest(`ranet-train.js trains in a page ${name}, with the same weights as in Deno`, async () => {
    await using site = await openSite({ webgpu: false, isolated });
    const { page, complaints } = await site.open("index.html");
    const blobs = stripes(COUNT);
    const files = await Promise.all(
      CLASSES.map((label) => Promise.all(blobs[label].map(async (blob) => [...await blob.bytes()]))),
    );
    const found = await page.evaluate(
      async (files, seed, threads) => {
        const at = (name: string) => new URL(name, location.href).href;
        const { changeSpec, loadModel, readSpec, RanetError } = await import(at("ranet.js"));
        const { blobDataset, changeRecipe, openDataset, readRecipe, splitDataset, train } = await import(
          at("ranet-train.js")
        );
        const spec = changeSpec(await readSpec("ranet-cifar10-micro"), {
          name: "stripes",
          classes: ["level", "upright"],
        });
        const [level, upright] = files.map((one) => one.map((bytes) => new Blob([new Uint8Array(bytes)])));
        const photos: Dataset = blobDataset({ level, upright }, { labels: spec.classes });
        const { training, validation } = await splitDataset(photos, { seed, least: 2 });
        const recipe = changeRecipe(await readRecipe("few-images"), { epochs: 2, batch: 8, seed });
        const init = await loadModel("ranet-cifar10-micro", { calibrated: false });
        const devices: string[] = [];
        const { model, epochs } = await train(spec, training, recipe, {
          ...{ init, device: "cpu", threads, validation },
          onDevice: ({ name }: { name: string }) => devices.push(name),
        });
        const parts = [...model.tensors.keys()].sort().map((name) => new Float32Array(model.tensors.get(name).data));
        const digest = await crypto.subtle.digest("SHA-256", await new Blob(parts).arrayBuffer());
        const refused: Error = await openDataset("photos").catch((error: Error) => error);
        return {
          digest: [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join(""),
          sizes: [training.size, validation.size],
          epochs: epochs.length,
          validated: epochs.at(-1).validation.top1.length,
          devices,
          refused: [refused instanceof RanetError, refused.message] as const,
        };
      },
      files,
      SEED,
      threads,
    );
    assertEquals(found.digest, await trained(threads));
    assertEquals([found.sizes, found.epochs, found.validated], [[20, 4], 2, 4]);
    assertEquals(found.devices, [`CPU, ${threads} ${threads === 1 ? "thread" : "threads"}`]);
    assert(found.refused[0]);
    assertStringIncludes(found.refused[1], 'Cannot open data set "photos": a browser has no files');
    assertEquals(complaints, []);
  });
}

Deno.test("ranet-train.d.ts has the types of train.ts", async () => {
  const text = await declarationsOf([new URL("../../train.ts", import.meta.url)]);
  assertStringIncludes(text, "specTemplate as formatSpec");
  assertStringIncludes(text, "declare function blobDataset(");
});
