/**
 * Workers that decode image files while the network trains.
 *
 * @module
 */

import { RanetError } from "../errors.ts";
import type { DecodeAnswer, DecodeRequest, StoredImage } from "./stored_image.ts";

/** Requests that a worker may have at once: it reads one file while it decodes another. */
const DEPTH = 4;

interface Waiting {
  readonly request: DecodeRequest;
  readonly resolve: (stored: StoredImage) => void;
  readonly reject: (error: Error) => void;
}

/** Threads that decode. They are started when first needed. */
export class DecodePool implements Disposable {
  readonly #threads: number;
  readonly #workers: { readonly worker: Worker; readonly busy: Map<number, Waiting> }[] = [];
  readonly #queue: Waiting[] = [];
  #next = 0;

  /** A pool of so many threads. Default: one less than there are cores, which leaves one to the network. */
  constructor(threads: number = Math.max(1, navigator.hardwareConcurrency - 1)) {
    this.#threads = threads;
  }

  /** Images that are worth asking for at once. */
  get depth(): number {
    return DEPTH * this.#threads;
  }

  /**
   * Reads and decodes a file.
   *
   * @throws {RanetError} If it is missing, or no image that can be used.
   */
  decode(request: DecodeRequest): Promise<StoredImage> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ request, resolve, reject });
      this.#send();
    });
  }

  #send(): void {
    while (this.#queue.length > 0) {
      let free = this.#workers.find(({ busy }) => busy.size === 0);
      if (!free && this.#workers.length < this.#threads) free = this.#start();
      free ??= this.#workers.find(({ busy }) => busy.size < DEPTH);
      if (!free) return;
      const waiting = this.#queue.shift()!;
      const id = this.#next++;
      free.busy.set(id, waiting);
      free.worker.postMessage({ id, ...waiting.request });
    }
  }

  #start() {
    const worker = new Worker(new URL("./decode_worker.ts", import.meta.url), { type: "module" });
    const started = { worker, busy: new Map<number, Waiting>() };
    worker.onmessage = ({ data: { id, ...answer } }: MessageEvent<DecodeAnswer & { readonly id: number }>) => {
      const waiting = started.busy.get(id)!;
      started.busy.delete(id);
      if ("stored" in answer) waiting.resolve(answer.stored);
      else waiting.reject("bad" in answer ? new RanetError(answer.bad) : new Error(answer.defect));
      this.#send();
    };
    worker.onerror = (event) => {
      event.preventDefault();
      for (const { reject } of started.busy.values()) reject(new Error(`a decoding thread failed: ${event.message}`));
      started.busy.clear();
    };
    this.#workers.push(started);
    return started;
  }

  /** Ends the threads. */
  [Symbol.dispose](): void {
    for (const { worker } of this.#workers) worker.terminate();
  }
}
