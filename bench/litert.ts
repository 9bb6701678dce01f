/**
 * LiteRT.js in Deno. The library loads its WebAssembly with a classic script, which expects a browser's page or worker, so a few
 * globals are defined while it loads.
 *
 * @module
 */

import { inputLength } from "../lib/network/common.ts";
import { onnxGraph } from "../lib/onnx/graph.ts";
import { runnableWeights } from "../lib/weights/runnable.ts";
import type { Model } from "../mod.ts";
import type { Session } from "./contestants.ts";
import { writeTflite } from "./tflite.ts";

type LiteRt = typeof import("@litertjs/core");

let loading: Promise<LiteRt> | undefined;

/** Loads the library with its WebAssembly for one thread. */
async function load(): Promise<LiteRt> {
  const folder = new URL("../wasm/", import.meta.resolve("@litertjs/core"));
  const global = globalThis as unknown as Record<string, unknown>;
  // The script would recognise Deno as Node.js and call `require`.
  const hidden: Record<string, unknown> = {
    process: undefined,
    window: undefined,
    WorkerGlobalScope: Object,
    location: { href: folder.href },
  };
  const scope = new Proxy(globalThis, {
    get: (target, name) => name as string in hidden ? hidden[name as string] : Reflect.get(target, name),
  });
  const silent = () => {};
  const lent = {
    self: globalThis,
    importScripts: (url: string) => {
      const script = `${Deno.readTextFileSync(new URL(url))}; return ModuleFactory;`;
      global.ModuleFactory = new Function("globalThis", "self", "process", script)(scope, scope, undefined);
    },
    Module: {
      wasmBinary: await Deno.readFile(new URL("litert_wasm_internal.wasm", folder)),
      print: silent,
      printErr: silent,
    },
  };
  const before = Object.keys(lent).filter((name) => name in global);
  for (const [name, value] of Object.entries(lent)) if (!before.includes(name)) global[name] = value;
  try {
    const library = await import("@litertjs/core");
    await library.loadLiteRt(folder.href);
    return library;
  } finally {
    for (const name of [...Object.keys(lent), "ModuleFactory"]) if (!before.includes(name)) delete global[name];
  }
}

/** Opens a network in floats, or in 8 bits. A file has a fixed batch, so that one is written for each size of batch. */
export async function openLiteRt(model: Model, options: { readonly exit?: number } = {}): Promise<Session> {
  const { loadAndCompile, Tensor } = await (loading ??= load());
  const graph = onnxGraph(model.network, runnableWeights(model.network, model), { ...options, clip: false });
  const compiled = new Map<number, Awaited<ReturnType<typeof loadAndCompile>>>();
  const [channels, height, width] = graph.input.shape;
  const length = inputLength(model.spec.input);
  const compile = async (count: number) => {
    const found = compiled.get(count) ?? await loadAndCompile(writeTflite(graph, count), { accelerator: "wasm" });
    compiled.set(count, found);
    return found;
  };
  await compile(1);
  return {
    version: "LiteRT.js 2.5.3",
    async run(images, count) {
      const network = await compile(count);
      const turned = new Float32Array(count * length);
      const pixels = height * width;
      for (let i = 0; i < count; i++) {
        for (let channel = 0; channel < channels; channel++) {
          const from = i * length + channel * pixels;
          for (let pixel = 0; pixel < pixels; pixel++) {
            turned[i * length + pixel * channels + channel] = images[from + pixel];
          }
        }
      }
      const input = new Tensor(turned, [count, height, width, channels]);
      const outputs = await network.run([input]);
      const logits = outputs.map((output) => (output.toTypedArray() as Float32Array).slice());
      for (const tensor of [input, ...outputs]) tensor.delete();
      return logits;
    },
    [Symbol.asyncDispose]() {
      for (const network of compiled.values()) network.delete();
      return Promise.resolve();
    },
  };
}
