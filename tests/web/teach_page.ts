/**
 * Actions of a person in the Teach tab, for tests.
 *
 * @module
 */

/// <reference lib="dom" />
/// <reference lib="dom.iterable" />

import type { Page } from "puppeteer-core";
import { press, type Site } from "./browser.ts";
import { stripes } from "./stripes.ts";

/** Photos on disk, to upload in a browser. Dispose of them at the end. */
export interface Photos extends AsyncDisposable {
  /** The folder, with one folder per class. */
  readonly folder: string;
  /** Paths by class. */
  readonly files: Readonly<Record<string, readonly string[]>>;
}

/** Creates a number of photos of each of two classes. */
export async function writePhotos(count: number): Promise<Photos> {
  const folder = await Deno.makeTempDir();
  const files: Record<string, string[]> = {};
  for (const [label, blobs] of Object.entries(stripes(count))) {
    await Deno.mkdir(`${folder}/${label}`);
    files[label] = [];
    for (const [at, blob] of blobs.entries()) {
      const path = `${folder}/${label}/${String(at).padStart(3, "0")}.bmp`;
      await Deno.writeFile(path, await blob.bytes());
      files[label].push(path);
    }
  }
  return { folder, files, [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }) };
}

/** Opens the tab. */
export async function openTeach(site: Site, query = "?device=cpu"): ReturnType<Site["open"]> {
  const opened = await site.open(query);
  await press(opened.page, "#tab-teach");
  await opened.page.waitForFunction(() => document.querySelectorAll(".class-card").length >= 2);
  return opened;
}

/** Names a class and adds photos to it; waits until they have been read. */
export async function fill(page: Page, at: number, name: string, files: readonly string[]): Promise<void> {
  await setName(page, at, name);
  await give(page, at, files);
}

/** Names a class. */
export async function setName(page: Page, at: number, name: string): Promise<void> {
  await page.$$eval(
    ".class-name",
    (fields, at, name) => {
      const field = fields[at] as HTMLInputElement;
      field.value = name;
      field.dispatchEvent(new Event("input"));
    },
    at,
    name,
  );
}

/** Adds photos to a class; waits until they have been read. */
export async function give(page: Page, at: number, files: readonly string[]): Promise<void> {
  const inputs = await page.$$(".class-card input[type=file]");
  await (inputs[at] as unknown as { uploadFile(...files: string[]): Promise<void> }).uploadFile(...files);
  await page.waitForFunction(() => document.querySelector("#reading")!.textContent === "");
}

/** Trains; waits for the final message and returns it. */
export async function train(page: Page): Promise<string> {
  await press(page, "#train");
  return await said(page, "Trained|Stopped|Cannot");
}

/** Waits for a message with this beginning, and returns it. */
export async function said(page: Page, start: string): Promise<string> {
  const found = await page.waitForFunction(
    (start) => {
      const text = document.querySelector("#train-state")!.textContent!;
      return new RegExp(`^(${start})`).test(text) && text;
    },
    {},
    start,
  );
  return await found.jsonValue() as string;
}

/** Waits for the result of the photo that is tried, and returns it. */
export async function answerOf(page: Page): Promise<string> {
  await page.waitForSelector('#try-exits [data-state="left"]');
  return (await page.$eval("#try-verdict strong", (element) => element.textContent!)).replace(/ [\d.]+ %$/, "");
}
