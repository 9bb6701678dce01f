/**
 * Threads that call the exports of one WebAssembly module over one shared memory at the same time. The calling thread
 * only waits for messages: it neither computes nor blocks, unless the environment has no threads.
 *
 * @module
 */

import { type Exports, hasThreads, instantiate, type Start, Thread } from "./thread.ts";

/**
 * Threads for one module and memory. Dispose of them (`using`) to end them; idle threads do not keep the process alive.
 */
export class ThreadPool implements Disposable {
  /** Maximum number of threads of a run. */
  readonly threads: number;
  readonly #start: Start;
  readonly #threads: Thread[] = [];
  /** If no thread can be started: the exports, which run on the calling thread. */
  #exports?: Exports;
  #running = false;
  /** Why no run can succeed any more. */
  #failure?: Error;

  /**
   * Creates a pool. Threads start when they are first needed.
   *
   * @param module Compiled code, whose imports are `env.memory` and of Math `env.exp` and `env.log`. It must neither
   * have data segments nor use a stack in memory: all threads would share it.
   * @param memory Shared memory.
   * @param options `threads`: most threads to use. Default: one per core.
   */
  constructor(module: WebAssembly.Module, memory: WebAssembly.Memory, options: { readonly threads?: number } = {}) {
    this.#start = { module, memory };
    this.threads = hasThreads() ? options.threads ?? defaultThreads() : 1;
  }

  /**
   * Calls an export on several threads at once, as `name(thread, threads, …args)`. One run at a time.
   *
   * @param name The export.
   * @param args Its further arguments.
   * @param options `threads`: number of threads. Default: all.
   * @returns A promise that resolves when all have returned.
   * @throws {Error} If one throws or the pool is disposed of. Other threads may be waiting for the one that failed, so
   * all threads are ended, and every later run throws too.
   */
  async run(name: string, args: readonly number[], options: { readonly threads?: number } = {}): Promise<void> {
    if (this.#failure) throw this.#failure;
    if (this.#running) throw new Error("the pool is already running");
    this.#running = true;
    try {
      const threads = await this.#ready(Math.min(options.threads ?? this.threads, this.threads));
      if (this.#exports) this.#exports[name](0, 1, ...args);
      else await Promise.all(threads.map((thread, i) => thread.call(name, [i, threads.length, ...args])));
    } catch (error) {
      this.#fail(error as Error);
      throw this.#failure;
    } finally {
      this.#running = false;
    }
  }

  /** Ends the threads, even during a run. */
  [Symbol.dispose](): void {
    this.#fail(new Error("the pool has been disposed of"));
  }

  /** Starts up to `count` threads; an empty list if threads are not available. */
  async #ready(count: number): Promise<Thread[]> {
    const missing = this.#exports ? 0 : Math.max(0, count - this.#threads.length);
    if (missing > 0) {
      const starts = hasThreads() ? Array.from({ length: missing }, () => Thread.start(this.#start)) : [];
      const started = await Promise.allSettled(starts);
      for (const one of started) if (one.status === "fulfilled") this.#threads.push(one.value);
      if (this.#failure) this.#fail(this.#failure);
      // A page's content security policy may forbid workers.
      if (this.#threads.length === 0) this.#exports = await instantiate(this.#start);
    }
    if (this.#failure) throw this.#failure;
    return this.#threads.slice(0, count);
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const thread of this.#threads.splice(0)) thread.end(this.#failure);
  }
}

/** One per core. */
export function defaultThreads(): number {
  return Math.max(1, navigator.hardwareConcurrency);
}
