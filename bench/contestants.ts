/**
 * What is compared: ours on each device, and ONNX Runtime in each of its forms, which get the network from our export.
 * Peers are loaded only when opened, so that one that cannot be loaded leaves the others alone.
 *
 * @module
 */

import { AdaptiveExecutor, type DeviceChoice, type Model } from "../mod.ts";
import { inputShape } from "../lib/network/common.ts";
import { exportOnnx } from "../lib/onnx/export.ts";

/** Most images in a batch. */
export const LARGEST_BATCH = 64;

/** A network on some runtime. */
export interface Session extends AsyncDisposable {
  /** Name and version of the runtime, or of what it runs on. */
  readonly version: string;
  /** Logits of images, for each exit of the network `count × classes`. */
  run(images: Float32Array, count: number): Promise<readonly Float32Array[]>;
}

/** A runtime. */
export interface Contestant {
  /** A short name, for arguments. */
  readonly id: string;
  /** Its name, for people. */
  readonly name: string;
  /** What it computes on. */
  readonly device: "GPU" | "CPU";
  /** Gets a model ready; with `exit`, which only peers know, cut at that exit. */
  open(model: Model, options?: { readonly exit?: number }): Promise<Session>;
}

/** Our own ones: they leave at an exit by themselves. */
export interface OwnContestant extends Contestant {
  /** What an executor is to be made with. */
  readonly choice: DeviceChoice;
}

type Runtime = Pick<typeof import("onnxruntime-web"), "InferenceSession" | "Tensor" | "env">;
type Provider = "webgpu" | "wasm" | "cpu";

const THREADS = navigator.hardwareConcurrency;

/** Ours. */
export const OURS: readonly OwnContestant[] = [
  own({ id: "ranet-webgpu", name: "ranet, WebGPU", device: "GPU", choice: "gpu" }),
  own({ id: "ranet-cpu", name: `ranet, CPU runner, ${THREADS} threads`, device: "CPU", choice: "cpu" }),
];

/** Theirs. */
export const PEERS: readonly Contestant[] = [
  peer({ id: "ort-webgpu", name: "ONNX Runtime Web, WebGPU", device: "GPU" }, "webgpu", async () => {
    const ort = await import("onnxruntime-web/webgpu");
    // Ours asks for the same adapter.
    ort.env.webgpu.powerPreference = "high-performance";
    return ort;
  }),
  peer({ id: "ort-wasm", name: "ONNX Runtime Web, wasm, 1 thread", device: "CPU" }, "wasm", async () => {
    const ort = await import("onnxruntime-web/wasm");
    ort.env.wasm.numThreads = 1;
    return ort;
  }),
  peer(
    { id: "ort-node", name: `onnxruntime-node, ${THREADS} threads`, device: "CPU" },
    "cpu",
    () => import("onnxruntime-node"),
  ),
];

function own(options: Omit<OwnContestant, "open">): OwnContestant {
  return {
    ...options,
    async open(model) {
      const executor = await AdaptiveExecutor.create(model, { device: options.choice, batchSize: LARGEST_BATCH });
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

function peer(about: Omit<Contestant, "open">, provider: Provider, load: () => Promise<Runtime>): Contestant {
  return {
    ...about,
    async open(model, options) {
      const { InferenceSession, Tensor, env } = await load();
      const session = await InferenceSession.create(exportOnnx(model, options), {
        executionProviders: [provider],
        intraOpNumThreads: THREADS,
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
