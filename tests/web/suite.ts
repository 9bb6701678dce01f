/**
 * Runs test files of the library in a headless Chromium: with another shader compiler, Tint, and another driver,
 * SwiftShader.
 *
 * @module
 */

import * as esbuild from "esbuild";
import puppeteer from "puppeteer-core";
import { denoPlugin } from "../../web/deno_plugin.ts";
import { chromium, WEBGPU } from "./browser.ts";
import type { Result } from "./suite_globals.ts";

const ROOT = new URL("../../", import.meta.url);
const pathOf = (name: string): string => new URL(name, ROOT).pathname;

const TYPES: Readonly<Record<string, string>> = { js: "text/javascript", wasm: "application/wasm", html: "text/html" };

/** Runs test files in the browser; returns the outcome of each test. */
export async function runInChromium(files: readonly string[]): Promise<Result[]> {
  const folder = await Deno.makeTempDir();
  try {
    await bundle(files, folder);
    await using server = Deno.serve(
      { hostname: "localhost", port: 0, onListen: () => {} },
      (request) => answer(new URL(request.url).pathname, folder),
    );
    const browser = await puppeteer.launch({
      executablePath: chromium!,
      args: ["--headless", "--no-sandbox", ...WEBGPU],
      protocolTimeout: 0,
    });
    try {
      const page = await browser.newPage();
      await page.goto(`http://localhost:${server.addr.port}/suite.html`);
      return await page.evaluate(() =>
        new Promise<Result[]>((resolve, reject) => {
          const worker = new Worker("suite.js", { type: "module" });
          const results: Result[] = [];
          worker.onmessage = ({ data }) => data === "done" ? resolve(results) : results.push(data);
          worker.onerror = ({ message }) => reject(new Error(message));
        })
      );
    } finally {
      await browser.close();
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const takeNode: esbuild.Plugin = {
  name: "node",
  setup: ({ onResolve }) =>
    onResolve({ filter: /^node:(assert|util)$/ }, () => ({ path: pathOf("tests/web/suite_node.ts") })),
};

async function bundle(files: readonly string[], folder: string): Promise<void> {
  const entry = `${folder}/suite.ts`;
  const imports = files.map((file) => `import ${JSON.stringify(pathOf(file))};\n`).join("");
  await Deno.writeTextFile(
    entry,
    `import { runTests } from ${JSON.stringify(pathOf("tests/web/suite_globals.ts"))};
${imports}for await (const result of runTests()) self.postMessage(result);
self.postMessage("done");
`,
  );
  await esbuild.build({
    bundle: true,
    format: "esm",
    target: "es2022",
    loader: { ".wgsl": "text", ".wasm": "file" },
    logLevel: "error",
    entryPoints: [entry],
    outfile: `${folder}/suite.js`,
    assetNames: "wasm/[name]",
    inject: [pathOf("tests/web/suite_globals.ts")],
    plugins: [takeNode, await denoPlugin(files.map(pathOf), ROOT.pathname)],
  });
  await esbuild.stop();
}

/** A file of the bundle, or else of the repository. */
async function answer(path: string, folder: string): Promise<Response> {
  if (path === "/suite.html") return new Response("<!doctype html>", { headers: { "content-type": "text/html" } });
  const type = TYPES[path.split(".").at(-1)!] ?? "application/octet-stream";
  for (const file of [folder + path, pathOf(path.slice(1))]) {
    try {
      return new Response(await Deno.readFile(file), { headers: { "content-type": type } });
    } catch {
      // The next free index.
    }
  }
  return new Response("", { status: 404 });
}
