/**
 * ONNX Runtime on a thread of its own, with one thread: several of them take shares of a batch.
 *
 * @module
 */

import type { Runner } from "./ort_thread.ts";

/** A worker with a session. */
export class OrtWorker {
  /** Name and version of the runtime. */
  readonly version: string;
  readonly #worker: Worker;

  private constructor(worker: Worker, version: string) {
    this.#worker = worker;
    this.version = version;
  }

  /** Starts one, for an ONNX file. */
  static async start(bytes: Uint8Array, shape: readonly number[]): Promise<OrtWorker> {
    const worker = new Worker(new URL("./ort_thread.ts", import.meta.url), { type: "module" });
    const version = await ask<string>(worker, { bytes, shape });
    return new OrtWorker(worker, version);
  }

  /** Logits of images, for each exit. */
  async run(images: Float32Array): Promise<readonly Float32Array[]> {
    return await ask<Awaited<ReturnType<Runner>>>(this.#worker, { images });
  }

  /** Ends it. */
  end(): void {
    this.#worker.terminate();
  }
}

async function ask<Answer>(worker: Worker, message: object): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  worker.onmessage = ({ data }) => "failed" in data ? reject(new Error(data.failed)) : resolve(data.answer);
  worker.onerror = (event) => {
    event.preventDefault();
    reject(new Error(event.message));
  };
  worker.postMessage(message);
  return await promise;
}
