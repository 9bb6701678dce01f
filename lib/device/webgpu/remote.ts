/**
 * Drives a GPU from a worker, under Deno: there, waiting for a GPU blocks the whole thread, including timers and
 * requests. Browsers do not block, so this is not used there.
 *
 * @module
 */

import { RanetError } from "../../errors.ts";
import type { Network } from "../../network/network.ts";
import type { Plan } from "../../planner/plan.ts";
import type { RunnableWeights } from "../../weights/runnable.ts";
import { checkBatch } from "../check_batch.ts";
import type { Precision } from "../precision.ts";
import type { DeviceInfo, Runner, StageRange, StageResults } from "../runner.ts";
import type { StepLosses, StepOptions, Trainer, TrainerOptions, TrainingState } from "../trainer.ts";
import { SelfTestError } from "./trust.ts";

/** A request to the worker. Each worker opens one runner or trainer. */
export type Request =
  | {
    readonly kind: "open-runner";
    readonly plan: Plan;
    readonly weights: RunnableWeights;
    readonly batchSize: number;
    readonly precision: Precision;
  }
  | {
    readonly kind: "open-trainer";
    readonly network: Network;
    readonly state: TrainingState;
    readonly options: TrainerOptions;
  }
  | { readonly kind: "load"; readonly images: Float32Array; readonly count: number }
  | { readonly kind: "run"; readonly range: StageRange }
  | {
    readonly kind: "step";
    readonly images: Float32Array;
    readonly labels: Uint32Array;
    readonly options: StepOptions;
  }
  | { readonly kind: "read" }
  | { readonly kind: "close" };

/** Why a request failed. */
export interface Failure {
  /** A {@linkcode SelfTestError}, another {@linkcode RanetError}, or any other error. */
  readonly kind: "self-test" | "refused" | "failed";
  /** The error's message; for other errors the stack. */
  readonly message: string;
}

/** The worker's reply. */
export type Reply = { readonly id: number } & ({ readonly result: unknown } | { readonly failure: Failure });

/** The files of this package that the worker's modules read. */
const READ = ["lib", "kernels", "deno.json"];

/**
 * Opens a runner in a worker.
 *
 * @returns The runner; undefined if no worker can be started.
 * @throws {RanetError} As {@linkcode WebGpuRunner.create}.
 */
export async function openRemoteRunner(
  plan: Plan,
  weights: RunnableWeights,
  options: { readonly batchSize: number; readonly precision: Precision },
): Promise<Runner | undefined> {
  const line = await Line.open();
  if (!line) return undefined;
  const opened = await line.open({ kind: "open-runner", plan, weights, ...options });
  return new RemoteRunner(line, opened as Pick<Runner, "device" | "batchSize">);
}

/**
 * Opens a trainer in a worker.
 *
 * @returns The trainer; undefined if no worker can be started.
 * @throws {RanetError} As {@linkcode WebGpuTrainer.create}.
 */
export async function openRemoteTrainer(
  network: Network,
  state: TrainingState,
  options: TrainerOptions,
): Promise<Trainer | undefined> {
  const line = await Line.open();
  if (!line) return undefined;
  const opened = await line.open({ kind: "open-trainer", network, state, options });
  return new RemoteTrainer(line, opened as Pick<Trainer, "device" | "bytes">, {
    network,
    batchSize: options.batchSize,
  });
}

class RemoteRunner implements Runner {
  readonly device: DeviceInfo;
  readonly batchSize: number;
  readonly #line: Line;

  constructor(line: Line, { device, batchSize }: Pick<Runner, "device" | "batchSize">) {
    this.#line = line;
    this.device = device;
    this.batchSize = batchSize;
  }

  load(images: Float32Array, count: number): void {
    const copy = images.slice();
    const loaded = this.#line.ask({ kind: "load", images: copy, count }, [copy.buffer]);
    loaded.catch(() => {}); // reported by the run that follows
  }

  async run(range: StageRange): Promise<StageResults> {
    return await this.#line.ask({ kind: "run", range }) as StageResults;
  }

  [Symbol.dispose](): void {
    this.#line[Symbol.dispose]();
  }
}

class RemoteTrainer implements Trainer {
  readonly device: DeviceInfo;
  readonly bytes: number;
  readonly #line: Line;
  readonly #network: Network;
  readonly #batchSize: number;

  constructor(
    line: Line,
    { device, bytes }: Pick<Trainer, "device" | "bytes">,
    { network, batchSize }: { readonly network: Network; readonly batchSize: number },
  ) {
    this.#line = line;
    this.device = device;
    this.bytes = bytes;
    this.#network = network;
    this.#batchSize = batchSize;
  }

  step(images: Float32Array, labels: Uint32Array, options: StepOptions): Promise<StepLosses> {
    checkBatch(this.#network, { images, labels, batchSize: this.#batchSize, second: options.second });
    const own = { images: images.slice(), labels: labels.slice() };
    const step = this.#line.ask({ kind: "step", ...own, options }, [own.images.buffer, own.labels.buffer]);
    return step as Promise<StepLosses>;
  }

  async read(): Promise<TrainingState> {
    return await this.#line.ask({ kind: "read" }) as TrainingState;
  }

  [Symbol.dispose](): void {
    this.#line[Symbol.dispose]();
  }
}

/** The part of Node's Worker that is used. Deno's own Worker would keep the process alive even when it is idle. */
interface NodeWorker {
  on(event: "message" | "error", listener: (value: never) => void): void;
  postMessage(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  ref(): void;
  unref(): void;
  terminate(): unknown;
}

interface Asked {
  resolve(result: unknown): void;
  reject(reason: Error): void;
}

/** The connection to a worker. An idle worker does not keep the process alive. */
class Line implements Disposable {
  readonly #worker: NodeWorker;
  readonly #asked = new Map<number, Asked>();
  #next = 0;
  /** Why no request can succeed any more. */
  #failure?: Error;

  private constructor(worker: NodeWorker) {
    this.#worker = worker;
    worker.on("message", (reply: Reply) => this.#settle(reply));
    worker.on("error", (error: Error) => this.#fail(error));
  }

  /** Starts a worker; undefined in browsers, and without permission to read its modules. */
  static async open(): Promise<Line | undefined> {
    if (!("Deno" in globalThis) || !mayRead()) return undefined;
    const { Worker } = await import("node:worker_threads");
    const code = `import ${JSON.stringify(new URL("./worker.ts", import.meta.url).href)};`;
    // As text, since Node's Worker does not accept a registry's URL. Without an environment of its own it would copy
    // ours, which takes permission to read it.
    const url = new URL(`data:text/javascript,${encodeURIComponent(code)}`);
    const worker = new Worker(url, { env: {} }) as unknown as NodeWorker;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    worker.on("message", (message: unknown) => message === "ready" && resolve(true));
    worker.on("error", () => resolve(false));
    return await promise ? new Line(worker) : undefined;
  }

  /** Sends the first request; if it fails, the connection ends. */
  async open(request: Request): Promise<unknown> {
    try {
      return await this.ask(request);
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  /** Sends a request at once, and waits for the answer. */
  ask(request: Request, transfer?: readonly ArrayBuffer[]): Promise<unknown> {
    if (this.#failure) return Promise.reject(this.#failure);
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const id = this.#next++;
    if (this.#asked.size === 0) this.#worker.ref();
    this.#asked.set(id, { resolve, reject });
    this.#worker.postMessage({ id, request }, transfer);
    return promise;
  }

  /** Frees the GPU, then ends the worker. */
  [Symbol.dispose](): void {
    if (this.#failure) return;
    const closed = this.ask({ kind: "close" });
    const ended = () => void this.#worker.terminate();
    closed.then(ended, ended);
    const [last] = this.#asked.keys().toArray().slice(-1);
    this.#fail(new RanetError("Cannot run on the GPU: it has been disposed of"), last);
  }

  #settle(reply: Reply): void {
    const asked = this.#asked.get(reply.id);
    if (!asked) return;
    this.#forget(reply.id);
    if ("result" in reply) asked.resolve(reply.result);
    else asked.reject(errorOf(reply.failure));
  }

  /** Fails all pending requests except one. */
  #fail(error: Error, spared?: number): void {
    this.#failure ??= error;
    for (const [id, { reject }] of this.#asked) {
      if (id === spared) continue;
      this.#forget(id);
      reject(error);
    }
  }

  #forget(id: number): void {
    this.#asked.delete(id);
    if (this.#asked.size === 0) this.#worker.unref();
  }
}

function errorOf({ kind, message }: Failure): Error {
  switch (kind) {
    case "self-test":
      return new SelfTestError(message);
    case "refused":
      return new RanetError(message);
    case "failed":
      return new Error(message);
  }
}

/** Whether the worker's modules may be read without a permission prompt; a registry's modules always may. */
function mayRead(): boolean {
  const root = new URL("../../../", import.meta.url);
  if (root.protocol !== "file:") return true;
  return READ.every((name) =>
    Deno.permissions.querySync({ name: "read", path: new URL(name, root) }).state === "granted"
  );
}
