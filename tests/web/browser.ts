/**
 * Opens the built page in a headless Chromium.
 *
 * @module
 */

import { assert } from "@std/assert";
import puppeteer, { type Browser, type Page } from "puppeteer-core";
import { onlyLong } from "../long.ts";
import { serveFile } from "../../web/serve.ts";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];

/** Path of Chromium; `undefined` if there is none on PATH. */
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
 * Registers a test that needs Chromium. Without one it is ignored; in CI it fails.
 */
export function chromiumTest(name: string, test: (t: Deno.TestContext) => Promise<void>): void {
  const ignore = !chromium && Deno.env.get("CI") !== "true";
  if (ignore) console.error(`Not run: ${name}, no Chromium on PATH. To run it: apt-get install chromium`);
  Deno.test({
    name: `${name} (Chromium)`,
    ignore,
    fn: async (t) => {
      assert(chromium, "CI is true, and there is no Chromium on PATH");
      await test(t);
    },
  });
}

/** {@linkcode chromiumTest} for long tests. */
export const longChromiumTest: typeof chromiumTest = onlyLong(chromiumTest);

/**
 * Builds the page and the library into a new folder, because several tests may do so at the same time. Remove it at the end.
 */
export async function buildSite(): Promise<URL> {
  const path = await Deno.makeTempDir();
  const build = new URL("../../web/build.ts", import.meta.url).pathname;
  const args = ["run", "--quiet", "--allow-all", build, path];
  const { success, stderr } = await new Deno.Command(Deno.execPath(), { args }).output();
  if (!success) throw new Error(`web/build.ts failed: ${new TextDecoder().decode(stderr)}`);
  return new URL(`file://${path}/`);
}

/** A browser, and a server of the built page. */
export interface Site extends AsyncDisposable {
  /** The browser. */
  readonly browser: Browser;
  /** Opens a page at a path. Warnings and errors of the console are added to `complaints`. */
  open(path: string): Promise<{ readonly page: Page; readonly complaints: string[] }>;
  /** URL of the site, with a slash at the end. */
  readonly url: string;
  /** The folder that is served. */
  readonly folder: URL;
}

/** Arguments that enable WebGPU with SwiftShader in Chromium. */
export const WEBGPU = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];

/**
 * Builds the page, serves it and starts a browser, by default with WebGPU. `isolated`: whether the server sends the headers
 * for threads. `policy`: a Content-Security-Policy that is stricter than the page's. `prefix` is prepended to scripts, by
 * path.
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
    // Uncompressed, so that it can be changed.
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
      // Allows for other load on the machine.
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
 * Presses a button by keyboard. A click is sent to a position on the screen, and misses the button if the layout moves
 * meanwhile, for example when a result arrives.
 */
export async function press(page: Page, selector: string): Promise<void> {
  const button = await page.waitForSelector(`${selector}:enabled`);
  await button!.press("Enter");
}
