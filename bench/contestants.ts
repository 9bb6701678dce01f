/**
 * The runtimes that are compared: ours on each device, ONNX Runtime in several forms, which run our ONNX export, and LiteRT.js,
 * which runs the same network as TFLite.
 * Peers are loaded only when they are opened, so that one that cannot be loaded does not affect the others.
 *
 * @module
 */

import { concat } from "../lib/io/bytes.ts";
import { inputLength, inputShape } from "../lib/network/common.ts";
import { exportOnnx } from "../lib/onnx/export.ts";
import { AdaptiveExecutor, BUNDLED_MODELS, type ExecutorOptions, loadModel, type Model, quantize } from "../mod.ts";
import { openLiteRt } from "./litert.ts";
import { OrtWorker } from "./ort_worker.ts";

/** Largest batch size. */
export const LARGEST_BATCH = 64;

/** A network on a runtime. */
export interface Session extends AsyncDisposable {
  /** Name and version of the runtime, or the name of the device. */
  readonly version: string;
  /** Computes the logits of images: `count × classes` for each exit of the network. */
  run(images: Float32Array, count: number): Promise<readonly Float32Array[]>;
}

/** A runtime. */
export interface Contestant {
  /** Id, used in arguments and results. */
  readonly id: string;
  /** Name in reports. */
  readonly name: string;
  /** The device that computes. */
  readonly device: "GPU" | "CPU";
  /** Fastest number of images per call. Default: {@linkcode LARGEST_BATCH}. */
  readonly batch?: number;
  /** Prepares a model. `exit`: cuts the network at this exit (only for peers). */
  open(model: Model, options?: { readonly exit?: number }): Promise<Session>;
}

/** One of our runners, which let images leave early. */
export interface OwnContestant extends Contestant {
  /** Options of its executor. */
  readonly options: ExecutorOptions;
  /** Precision that it computes in. */
  readonly precision: BenchPrecision;
}

/** Precisions that are compared: float32, and 8-bit integers. */
export type BenchPrecision = "float32" | "int8";

type Runtime = Pick<typeof import("onnxruntime-web"), "InferenceSession" | "Tensor" | "env">;
type Provider = "webgpu" | "wasm" | "cpu";

const THREADS = navigator.hardwareConcurrency;

/** Numbers of threads to measure: one, and all. */
const COUNTS = [...new Set([1, THREADS])];

const inWords = (threads: number) => threads === 1 ? "1 thread" : `${threads} threads`;

/** Our runners. */
export const OURS: readonly OwnContestant[] = [
  own({
    id: "ranet-webgpu",
    name: "ranet, WebGPU",
    device: "GPU",
    options: { device: "gpu" },
    precision: "float32",
  }),
  ...COUNTS.flatMap((threads) =>
    (["float32", "int8"] as const).map((precision) =>
      own({
        id: idOf("ranet-cpu", precision, threads),
        name: `ranet, CPU runner, ${precision}, ${inWords(threads)}`,
        device: "CPU",
        options: { device: "cpu", threads },
        precision,
      })
    )
  ),
];

/** ONNX Runtime and LiteRT.js. */
export const PEERS: readonly Contestant[] = [
  peer({ id: "ort-webgpu", name: "ONNX Runtime Web, WebGPU", device: "GPU" }, {
    provider: "webgpu",
    load: async () => {
      const ort = await import("onnxruntime-web/webgpu");
      // Our runner requests the same adapter.
      ort.env.webgpu.powerPreference = "high-performance";
      return ort;
    },
  }),
  peer({ id: "ort-wasm", name: "ONNX Runtime Web, wasm, 1 thread", device: "CPU" }, {
    provider: "wasm",
    load: async () => {
      const ort = await import("onnxruntime-web/wasm");
      ort.env.wasm.numThreads = 1;
      return ort;
    },
  }),
  ...COUNTS.flatMap((threads) =>
    (["float32", "int8"] as const).map((precision) =>
      peer({
        id: idOf("ort-node", precision, threads),
        name: `onnxruntime-node, ${precision}, ${inWords(threads)}`,
        device: "CPU",
      }, { provider: "cpu", load: () => import("onnxruntime-node"), threads, precision })
    )
  ),
  ...THREADS > 1 ? (["float32", "int8"] as const).map(perCore) : [],
  ...(["float32", "int8"] as const).map((precision): Contestant => ({
    id: precision === "int8" ? "litert-wasm-int8" : "litert-wasm",
    name: `LiteRT.js, wasm, ${precision}, 1 thread`,
    device: "CPU",
    open: async (model, options) => await openLiteRt(await inPrecision(model, precision), options),
  })),
];

/** An id such as `ort-node-int8-1`. The defaults, float32 and all threads, are not named. */
function idOf(runtime: string, precision: BenchPrecision, threads: number): string {
  return [runtime, ...precision === "int8" ? [precision] : [], ...threads < THREADS ? [threads] : []].join("-");
}

const quantized = new WeakMap<Model, Promise<Model>>();

/** A model in a contestant's precision. In int8: a bundled model's own 8-bit weights, or quantized weights. */
export function inPrecision(model: Model, precision: BenchPrecision): Promise<Model> {
  if (precision === "float32") return Promise.resolve(model);
  const found = quantized.get(model) ?? (BUNDLED_MODELS.includes(model.name)
    ? loadModel(model.name, { precision })
    // The ranges of the quantization do not affect time.
    : quantize(model, new Float32Array(inputLength(model.spec.input)).map((_, i) => Math.sin(i * i % 10007))));
  quantized.set(model, found);
  return found;
}

function own(about: Omit<OwnContestant, "open">): OwnContestant {
  return {
    ...about,
    async open(model) {
      const executor = await AdaptiveExecutor.create(await inPrecision(model, about.precision), {
        ...about.options,
        batchSize: LARGEST_BATCH,
      });
      return {
        version: executor.device.name,
        run: (images) => executor.forward(images),
        [Symbol.asyncDispose]() {
          executor[Symbol.dispose]();
          return Promise.resolve();
        },
      };
    },
  };
}

function peer(
  about: Omit<Contestant, "open">,
  { provider, load, threads = THREADS, precision = "float32" }: {
    readonly provider: Provider;
    readonly load: () => Promise<Runtime>;
    readonly threads?: number;
    readonly precision?: BenchPrecision;
  },
): Contestant {
  return {
    ...about,
    async open(model, options) {
      const { InferenceSession, Tensor, env } = await load();
      const session = await InferenceSession.create(exportOnnx(await inPrecision(model, precision), options), {
        executionProviders: [provider],
        intraOpNumThreads: threads,
        logSeverityLevel: 3,
      });
      const shape = inputShape(model.spec.input);
      const { common: _, ...versions } = env.versions;
      return {
        version: Object.entries(versions).map(([name, version]) => `onnxruntime-${name} ${version}`).join(", "),
        async run(images, count) {
          const outputs = await session.run({ image: new Tensor("float32", images, [count, ...shape]) });
          return session.outputNames.map((name) => outputs[name].data as Float32Array);
        },
        [Symbol.asyncDispose]: () => session.release(),
      };
    },
  };
}

/** One process per core, each with one thread. They divide a batch among them. */
function perCore(precision: BenchPrecision): Contestant {
  return {
    id: precision === "int8" ? "ort-node-int8-processes" : "ort-node-processes",
    name: `onnxruntime-node, ${precision}, ${THREADS} processes`,
    device: "CPU",
    batch: THREADS * LARGEST_BATCH,
    async open(model, options) {
      const bytes = exportOnnx(await inPrecision(model, precision), options);
      const shape = inputShape(model.spec.input);
      const path = await Deno.makeTempFile({ suffix: ".onnx" });
      await Deno.writeFile(path, bytes);
      const outputs = options?.exit === undefined ? model.network.exits.length : 1;
      const workers = await Promise.all(
        Array.from({ length: THREADS }, () => OrtWorker.start(path, { shape, outputs })),
      );
      await Deno.remove(path);
      return {
        version: "onnxruntime-node, in processes",
        async run(images, count) {
          const share = Math.ceil(count / workers.length);
          const length = images.length / count;
          const parts = await Promise.all(
            workers.filter((_, i) => i * share < count).map((worker, i) =>
              worker.run(images.slice(i * share * length, Math.min(count, (i + 1) * share) * length))
            ),
          );
          return parts[0].map((_, exit) => concat(parts.map((part) => part[exit]), Float32Array));
        },
        async [Symbol.asyncDispose]() {
          for (const worker of workers) await worker.end();
        },
      };
    },
  };
}
