/**
 * Runs exported files in ONNX Runtime Web, in a headless Chromium.
 *
 * @module
 */

/// <reference lib="dom" />

import { assertEquals, assertLess } from "@std/assert";
import puppeteer from "puppeteer-core";
import { AdaptiveExecutor } from "../../lib/executor/executor.ts";
import type { Model } from "../../lib/model/model.ts";
import { inputShape } from "../../lib/network/common.ts";
import { exportOnnx } from "../../lib/onnx/export.ts";
import { randomArray, relativeError } from "../fixtures.ts";
import { chromium, WEBGPU } from "../web/browser.ts";

/** Largest error, relative to the largest logit. */
const TOLERANCE = 1e-5;
/** Batch size. */
const IMAGES = 2;
/** ONNX Runtime's names of execution providers. */
const PROVIDERS = ["wasm", "webgpu"] as const;

/** A file, and the provider to run it with. */
interface Run {
  readonly file: string;
  readonly provider: string;
  readonly images: readonly number[];
  readonly shape: readonly number[];
}

/** Compares the logits of every exit, with WebAssembly and WebGPU, with the CPU runner's. */
export async function checkInBrowser(t: Deno.TestContext, models: readonly Model[]): Promise<void> {
  const files = new Map(models.map((model) => [`/${model.name}.onnx`, new Uint8Array(exportOnnx(model))]));
  const folder = await runtimeFolder();
  await using server = Deno.serve({ port: 0, hostname: "localhost", onListen: () => {} }, async (request) => {
    const { pathname } = new URL(request.url);
    const type = (type: string) => ({ headers: { "content-type": type } });
    if (files.has(pathname)) return new Response(files.get(pathname), type("application/octet-stream"));
    if (!pathname.startsWith("/dist/")) return new Response("<!doctype html>", type("text/html"));
    const file = await Deno.readFile(folder + pathname.slice("/dist/".length));
    return new Response(file, type(pathname.endsWith(".wasm") ? "application/wasm" : "text/javascript"));
  });
  const browser = await puppeteer.launch({
    executablePath: chromium!,
    args: ["--headless", "--no-sandbox", ...WEBGPU],
    protocolTimeout: 600_000, // allows for other load on the machine
  });
  try {
    const page = await browser.newPage();
    await page.goto(`http://localhost:${server.addr.port}/`);
    for (const provider of PROVIDERS) {
      for (const model of models) {
        await t.step(`${model.name} on ${provider}`, async () => {
          const shape = [IMAGES, ...inputShape(model.spec.input)];
          const images = randomArray(shape.reduce((product, side) => product * side), 7);
          using executor = await AdaptiveExecutor.create(model, { device: "cpu", batchSize: IMAGES });
          const expected = await executor.forward(images);
          const run = { file: `/${model.name}.onnx`, provider, images: [...images], shape };
          const found = await page.evaluate(runInPage, run);
          assertEquals(Object.keys(found), expected.map((_, k) => `exit${k + 1}`));
          expected.forEach((logits, k) => {
            const error = relativeError(found[`exit${k + 1}`], logits);
            assertLess(error, TOLERANCE, `exit ${k + 1} is off by ${error} of its largest logit`);
          });
        });
      }
    }
  } finally {
    await browser.close();
  }
}

/** Returns the logits of each exit. It runs in the page. */
async function runInPage({ file, provider, images, shape }: Run): Promise<Record<string, number[]>> {
  const name = "/dist/ort.webgpu.min.mjs";
  const ort = await import(name);
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = "error";
  const session = await ort.InferenceSession.create(file, { executionProviders: [provider] });
  const outputs = await session.run({ image: new ort.Tensor("float32", Float32Array.from(images), shape) });
  const logits = session.outputNames.map((name: string) => [name, Array.from(outputs[name].data)]);
  await session.release();
  return Object.fromEntries(logits);
}

/** The folder in which Deno stores ONNX Runtime Web. */
async function runtimeFolder(): Promise<string> {
  const bench = new URL("../../bench/bench.ts", import.meta.url).href; // imports it
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json", bench] }).output();
  const packages: Record<string, { readonly name: string; readonly localPath: string }> =
    JSON.parse(new TextDecoder().decode(stdout)).npmPackages;
  return `${Object.values(packages).find(({ name }) => name === "onnxruntime-web")!.localPath}/dist/`;
}
