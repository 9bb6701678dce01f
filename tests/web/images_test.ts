/// <reference lib="dom" />
/// <reference lib="dom.iterable" />

import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Page } from "puppeteer-core";
import { decodeImage } from "../../lib/data/decode.ts";
import { RanetError } from "../../lib/errors.ts";
import { fixture, IMAGES } from "../data/fixtures.ts";
import { longChromiumTest, openSite } from "./browser.ts";

/** A picture, or the reason why it was refused. */
type Seen = { readonly size: readonly number[]; readonly rgb: string } | { readonly refused: string };

const FOLDERS = ["tiff", "turned", "bmp", "gif", "other"];

/** All fixtures, by path. */
async function everyFixture(): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const paths = ["animated.webp", "alpha.png", "alpha.webp", "grey16.png", "photo.avif", "cmyk.jpg", "progressive.jpg"];
  for (const folder of FOLDERS) {
    for await (const { name } of Deno.readDir(new URL(`${folder}/`, IMAGES))) paths.push(`${folder}/${name}`);
  }
  return new Map(await Promise.all(paths.sort().map(async (path) => [path, await fixture(path)] as const)));
}

async function inDeno(path: string, bytes: Uint8Array): Promise<Seen> {
  try {
    const { width, height, data } = await decodeImage(bytes, { source: path, onNote: () => {} });
    return { size: [width, height], rgb: Uint8Array.from(data.filter((_, i) => i % 4 !== 3)).toBase64() };
  } catch (error) {
    if (!(error instanceof RanetError)) throw error;
    return { refused: error.message };
  }
}

/** The same, decoded by `ranet.js`. */
async function inBrowser(page: Page, files: ReadonlyMap<string, Uint8Array>): Promise<Map<string, Seen>> {
  const given = [...files].map(([path, bytes]) => [path, bytes.toBase64()] as const);
  const found = await page.evaluate(async (given) => {
    const { decodeImage } = await import(new URL("ranet.js", location.href).href);
    const seen: [string, Seen][] = [];
    for (const [source, base64] of given) {
      try {
        const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
        const { width, height, data } = await decodeImage(bytes, { source, onNote: () => {} });
        const rgb = [...data as Uint8Array].filter((_, i) => i % 4 !== 3);
        seen.push([source, { size: [width, height], rgb: btoa(String.fromCharCode(...rgb)) }]);
      } catch (error) {
        seen.push([source, { refused: (error as Error).message }]);
      }
    }
    return seen;
  }, given);
  return new Map(found);
}

/** Largest difference between the samples of two pictures. */
function difference(a: Seen, b: Seen): number {
  if ("refused" in a || "refused" in b) return Infinity;
  assertEquals(a.size, b.size);
  const other = Uint8Array.fromBase64(b.rgb);
  return Uint8Array.fromBase64(a.rgb).reduce((most, value, i) => Math.max(most, Math.abs(value - other[i])), 0);
}

/** Formats that only Chromium decodes; there are no pixels of ours to compare with. */
const LEFT_TO_BROWSER = ["other/arithmetic.jpg"];

longChromiumTest(
  "ranet.js decodes images to the same pixels as Deno, and other formats with the browser",
  async (t) => {
    await using site = await openSite({ webgpu: false });
    const { page, complaints } = await site.open("index.html");
    const files = await everyFixture();
    const seen = await inBrowser(page, files);

    await t.step("ranet.js decodes images to the same pixels as Deno, or throws the same error", async () => {
      for (const [path, bytes] of files) {
        if (LEFT_TO_BROWSER.includes(path)) continue;
        const [here, there] = [await inDeno(path, bytes), seen.get(path)!];
        if ("refused" in here) assertEquals(there, here, path);
        else assertEquals(difference(there, here), 0, path);
      }
    });

    await t.step("ranet.js decodes other formats with the browser", async () => {
      const plain = { size: [20, 14] };
      for (const path of LEFT_TO_BROWSER) {
        assertEquals({ ...seen.get(path), rgb: undefined }, { ...plain, rgb: undefined });
      }
      const png = await fixture("photo.png");
      const icon = new Uint8Array(22 + png.length);
      icon.set([0, 0, 1, 0, 1, 0, 20, 14, 0, 0, 1, 0, 32, 0]);
      new DataView(icon.buffer).setUint32(14, png.length, true);
      icon[18] = 22;
      icon.set(png, 22);
      const text = new TextEncoder().encode("hello");
      const others = await inBrowser(page, new Map([["photo.ico", icon], ["hello.txt", text]]));
      assertEquals(difference(others.get("photo.ico")!, await inDeno("photo.png", png)), 0);
      assertEquals(others.get("hello.txt"), await inDeno("hello.txt", text));
      const refused = await inDeno("photo.ico", icon);
      assertStringIncludes("refused" in refused ? refused.refused : "", "ICO is not supported");
    });

    await t.step(
      "ranet.js accepts elements of a page, and lists of files",
      async () => {
        const labels = await page.evaluate(async () => {
          const { loadClassifier } = await import(new URL("ranet.js", location.href).href);
          const classifier = await loadClassifier("ranet-cifar10", { device: "cpu" });
          const blob = await (await fetch("examples/ship.jpg")).blob();
          const img = new Image();
          img.src = URL.createObjectURL(blob);
          await img.decode();
          const canvas = document.createElement("canvas");
          [canvas.width, canvas.height] = [img.width, img.height];
          const context = canvas.getContext("2d")!;
          context.drawImage(img, 0, 0);
          const bitmap = await createImageBitmap(blob);
          const offscreen = new OffscreenCanvas(img.width, img.height);
          offscreen.getContext("2d")!.drawImage(img, 0, 0);
          const pixels = context.getImageData(0, 0, img.width, img.height);
          const transfer = new DataTransfer();
          transfer.items.add(new File([blob], "ship.jpg"));
          const images: Record<string, unknown> = {
            img,
            canvas,
            offscreen,
            bitmap,
            pixels,
            frame: new VideoFrame(bitmap, { timestamp: 0 }),
            response: await fetch("examples/ship.jpg"),
            half: "Float16Array" in globalThis
              ? { width: img.width, height: img.height, data: Float16Array.from(pixels.data, (value) => value / 255) }
              : pixels,
          };
          const found: Record<string, string> = {};
          for (const [name, image] of Object.entries(images)) found[name] = (await classifier.classify(image)).label;
          const list = await classifier.classify(transfer.files);
          found.list = list.map(({ source, label }: Record<string, string>) => `${source} ${label}`).join();
          found.bitmapAgain = (await classifier.classify(bitmap)).label; // it can be read again
          const empty = await classifier.classify(new Image()).catch(({ message }: Error) => message);
          return { found, empty };
        });
        const { list, ...others } = labels.found;
        assertEquals(Object.entries(others).filter(([, label]) => label !== "ship"), []);
        assertEquals(list, "ship.jpg ship");
        assertStringIncludes(labels.empty, "its pixels cannot be read");
        assertEquals(complaints, []);
      },
    );

    await t.step("the page decodes images like ranet.js", async () => {
      const { page } = await site.open("?device=cpu");
      for (const path of ["other/arithmetic.jpg", "tiff/rgb-planes-tiles-lzw-predictor.tif"]) {
        const input = await page.$("input#files");
        await input!.uploadFile(new URL(path, IMAGES).pathname);
      }
      await page.waitForFunction(() => document.querySelectorAll(".card").length === 2);
      assertEquals(await page.$$eval("#problems li", (items) => items.map((item) => item.textContent)), []);
    });
  },
);
