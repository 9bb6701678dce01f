/// <reference lib="dom" />

import { assertAlmostEquals, assertEquals } from "@std/assert";
import { loadClassifier } from "../../mod.ts";
import { longChromiumTest, openSite } from "./browser.ts";

const file = (path: string) => new URL(`../../${path}`, import.meta.url);
/** One file for each of our decoders. */
const IMAGES = [
  "examples/cat.jpg",
  ...["photo.png", "photo.webp", "photo.avif", "photo.gif", "grey.jpg"].map((name) => `tests/fixtures/images/${name}`),
];

/** Removes features that Chrome 113, Firefox 121 or Safari 17 do not have. It runs in the page before our scripts. */
function takeAway(): string[] {
  // deno-lint-ignore no-explicit-any -- of newer JavaScript than types know
  const all = globalThis as any;
  const iterator = Object.getPrototypeOf(Object.getPrototypeOf([].values()));
  const missing: readonly (readonly [object: object | undefined, ...names: string[]])[] = [
    [all.Promise, "withResolvers", "try"],
    [all.Array, "fromAsync"],
    [all.Map, "groupBy"],
    [all.Map.prototype, "getOrInsert", "getOrInsertComputed"],
    [all.Object, "groupBy"],
    [all.Uint8Array, "fromBase64", "fromHex"],
    [all.Uint8Array.prototype, "toBase64", "toHex", "setFromBase64", "setFromHex"],
    [all.RegExp, "escape"],
    [all.Blob.prototype, "bytes"],
    [all.Response.prototype, "bytes"],
    [all.Request.prototype, "bytes"],
    [all.DataView.prototype, "getFloat16", "setFloat16"],
    [all.Math, "f16round", "sumPrecise"],
    [all.Error, "isError"],
    [all.URL, "canParse", "parse"],
    [all.AbortSignal, "any"],
    [all.ArrayBuffer.prototype, "transfer", "transferToFixedLength"],
    [all.Atomics, "waitAsync", "pause"],
    [all.ReadableStream, "from"],
    [
      all.Set.prototype,
      ...["union", "intersection", "difference", "symmetricDifference", "isSubsetOf", "isSupersetOf", "isDisjointFrom"],
    ],
    [
      iterator,
      ...["map", "filter", "take", "drop", "flatMap", "reduce", "toArray", "forEach", "some", "every", "find"],
    ],
    [all, "Iterator", "Float16Array", "DisposableStack", "AsyncDisposableStack", "SuppressedError", "Temporal"],
  ];
  const left: string[] = [];
  for (const [object, ...names] of missing) {
    for (const name of names) {
      // deno-lint-ignore no-explicit-any -- the same
      if (object) delete (object as any)[name];
      if (object && name in object) left.push(name);
    }
  }
  delete all.ReadableStream.prototype[Symbol.asyncIterator];
  return left;
}

longChromiumTest("ranet.js runs in the oldest browsers of docs/browser.md, on WebGPU and the CPU", async (t) => {
  await using site = await openSite();
  const bundles = ["ranet.js", "ranet-train.js", "page.js", "worker.js"];
  const text = (await Promise.all(bundles.map((name) => Deno.readTextFile(new URL(name, site.folder))))).join("");
  await t.step("the bundle uses no newer browser API without a polyfill", () => {
    const newer = ["getFloat16", "setFloat16", "f16round", "sumPrecise", "fromHex", "toBase64", "setFromBase64"];
    const others = ["URL.parse", "AbortSignal.any", "transferToFixedLength", "isError(", "Iterator.from"];
    const more = ["Object.groupBy", "getOrInsert", ".symmetricDifference(", ".isSubsetOf(", "waitAsync", "Temporal."];
    assertEquals([...newer, ...others, ...more].filter((name) => text.includes(name)), []);
  });
  for (const device of ["cpu", "gpu"] as const) {
    await t.step(device, async () => {
      const precision = "float16";
      using classifier = await loadClassifier("ranet-cifar10-micro", { device: "cpu", precision });
      const bytes = await Promise.all(IMAGES.map((path) => Deno.readFile(file(path))));
      const expected = await classifier.classify(bytes, { budget: 2e6 });
      const { page, complaints } = await site.open("specs/ranet-cifar10-micro.yaml"); // without our scripts
      const left = await page.evaluate(takeAway);
      const found = await page.evaluate(
        async (bytes, url, options) => {
          const { loadClassifier } = await import(url);
          const classifier = await loadClassifier("ranet-cifar10-micro", options);
          const images = bytes.map((one) => new Blob([new Uint8Array(one)]));
          const results = await classifier.classify(images, { budget: 2e6 });
          return results.map(({ label, confidence, exit }: { label: string; confidence: number; exit: number }) => ({
            label,
            confidence,
            exit,
          }));
        },
        bytes.map((one) => [...one]),
        `${site.url}ranet.js`,
        { device, precision },
      );
      assertEquals(left, []);
      assertEquals(
        found.map(({ label, exit }: { label: string; exit: number }) => [label, exit]),
        expected.map(({ label, exit }) => [label, exit]),
      );
      found.forEach(({ confidence }: { confidence: number }, i: number) =>
        assertAlmostEquals(confidence, expected[i].confidence, 1e-4)
      );
      assertEquals(complaints.filter((one) => !one.includes("404")), []); // the icon that a browser requests
      await page.close();
    });
  }
});
