/**
 * The built page in a headless Chromium.
 *
 * @module
 */

import { assert } from "@std/assert";
import puppeteer, { type Browser, type Page } from "puppeteer-core";
import { onlyLong } from "../long.ts";
import { serveFile } from "../../web/serve.ts";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];

/** Path of a Chromium; `undefined` if there is none on PATH. */
export const chromium: string | undefined = (Deno.env.get("PATH") ?? "").split(":")
  .flatMap((folder) => NAMES.map((name) => `${folder}/${name}`))
  .find(isFile);

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/**
 * Registers a test that needs Chromium: left out, and counted as ignored, where there is none, but not in CI, where its
 * lack is a failure.
 */
export function chromiumTest(name: string, test: (t: Deno.TestContext) => Promise<void>): void {
  const ignore = !chromium && Deno.env.get("CI") !== "true";
  if (ignore) console.error(`Not run, for there is no Chromium on PATH (apt-get install chromium): ${name}`);
  Deno.test({
    name: `${name} (Chromium)`,
    ignore,
    fn: async (t) => {
      assert(chromium, "CI is true, and there is no Chromium on PATH");
      await test(t);
    },
  });
}

/** As {@linkcode chromiumTest}, where long tests run. */
export const longChromiumTest: typeof chromiumTest = onlyLong(chromiumTest);

/** Builds the page and the library into a folder of its own, as several tests may at a time; to be removed in the end. */
export async function buildSite(): Promise<URL> {
  const path = await Deno.makeTempDir();
  const build = new URL("../../web/build.ts", import.meta.url).pathname;
  const args = ["run", "--quiet", "--allow-all", build, path];
  const { success, stderr } = await new Deno.Command(Deno.execPath(), { args }).output();
  if (!success) throw new Error(`web/build.ts failed: ${new TextDecoder().decode(stderr)}`);
  return new URL(`file://${path}/`);
}

/** A browser, and a server of what was built. */
export interface Site extends AsyncDisposable {
  /** The browser. */
  readonly browser: Browser;
  /** Opens a page at a path; whatever the console complains of goes into `complaints`. */
  open(path: string): Promise<{ readonly page: Page; readonly complaints: string[] }>;
  /** Where the site is, with a slash at its end. */
  readonly url: string;
  /** The folder that is served. */
  readonly folder: URL;
}

/** Arguments that give Chromium WebGPU, by SwiftShader. */
export const WEBGPU = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];

/**
 * Builds the page, serves it and starts a browser, by default one with WebGPU. Unless `isolated`, as a host does that sends
 * no headers of its own; with a policy as one that is stricter than the page. `prefix` is put before scripts, by path.
 */
export async function openSite(
  { webgpu = true, isolated = true, policy, prefix = {}, camera = "fake" }: {
    readonly webgpu?: boolean;
    readonly isolated?: boolean;
    readonly policy?: string;
    readonly prefix?: Readonly<Record<string, string>>;
    readonly camera?: "fake" | "refused" | "none";
  } = {},
): Promise<Site> {
  const folder = await buildSite();
  const server = Deno.serve({ hostname: "localhost", port: 0, onListen: () => {} }, async (request) => {
    const before = prefix[new URL(request.url).pathname];
    // Without its encoding, it can be read.
    const plain = before === undefined ? request : new Request(request.url);
    const found = await serveFile(plain, folder);
    const response = before === undefined ? found : new Response(before + await found.text(), found);
    if (!isolated) response.headers.delete("cross-origin-opener-policy");
    if (policy) response.headers.set("content-security-policy", policy);
    return response;
  });
  const browser: Browser = await puppeteer.launch({
    executablePath: chromium!,
    args: [
      "--headless",
      "--no-sandbox",
      ...(webgpu ? WEBGPU : []),
      ...(camera === "none" ? [] : ["--use-fake-device-for-media-stream"]),
      ...(camera === "refused" ? [] : ["--use-fake-ui-for-media-stream"]),
    ],
  });
  const url = `http://localhost:${server.addr.port}/`;
  return {
    browser,
    url,
    folder,
    async open(path) {
      const page = await browser.newPage();
      // Where other work keeps the processor busy, all is slower.
      page.setDefaultTimeout(120_000);
      const complaints: string[] = [];
      page.on("console", (message) => {
        if (message.type() === "error" || message.type() === "warn") complaints.push(message.text());
      });
      page.on("pageerror", (error) => complaints.push(String(error)));
      page.on("request", (request) => {
        if (!/^(blob:|data:)/.test(request.url()) && !request.url().startsWith(url)) complaints.push(request.url());
      });
      await page.goto(url + path);
      return { page, complaints };
    },
    async [Symbol.asyncDispose]() {
      await browser.close();
      await server.shutdown();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/**
 * Presses a button by keyboard. A click is sent to a place on the screen, and misses where the layout moves meanwhile, as it
 * does when an answer arrives.
 */
export async function press(page: Page, selector: string): Promise<void> {
  const button = await page.waitForSelector(`${selector}:enabled`);
  await button!.press("Enter");
}
