/**
 * Threads that call the exports of one WebAssembly module over one shared memory. The thread that asks only waits for
 * messages: it neither computes nor blocks, unless the environment has no threads.
 *
 * @module
 */

/** What a thread is sent first; after it come {@linkcode Call}s. */
interface Start {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
}

interface Call {
  readonly name: string;
  readonly args: readonly number[];
}

/** What a thread answers to a call. */
interface Answer {
  readonly error?: string;
}

/** A worker, of a browser or of Node's module, which Deno has too. */
interface Thread {
  send(message: Start | Call): void;
  /** Whether the process is to wait for it. */
  keepAlive(busy: boolean): void;
  terminate(): void;
}

interface Listeners {
  answer(answer: Answer): void;
  fail(error: Error): void;
}

type Exports = Record<string, (...args: number[]) => void>;

/** A thread's own end of the line to the thread that made it. */
interface Port {
  onmessage: ((event: { readonly data: Start | Call }) => void) | null;
  postMessage(answer: Answer): void;
}

/** What a thread does. Only this function's text gets there, so it uses nothing from outside. */
function serve(port: Port): void {
  let exports: Exports;
  port.onmessage = ({ data }) => {
    try {
      if ("module" in data) {
        const { module, memory } = data;
        const { exp, log } = Math;
        exports = new WebAssembly.Instance(module, { env: { memory, exp, log } }).exports as Exports;
      } else {
        exports[data.name](...data.args);
        port.postMessage({});
      }
    } catch (error) {
      port.postMessage({ error: String(error) });
    }
  };
}

/** Threads for one module and memory. Dispose of them (`using`) to end them; idle, they keep no process alive. */
export class WorkerPool implements Disposable {
  /** Most threads that a run uses. */
  readonly threads: number;
  readonly #start: Start;
  readonly #threads: Thread[] = [];
  /** Where there are no threads: the exports, called on the calling thread. */
  #exports?: Exports;
  #listeners?: Listeners;
  /** Why no run can succeed any more. */
  #failure?: Error;

  /**
   * A pool; threads start when they are first needed.
   *
   * @param module Compiled code, whose imports are `env.memory` and of Math `env.exp` and `env.log`. It must neither have data segments nor use a
   * stack in memory: all threads would share it.
   * @param memory Shared memory.
   * @param options `threads`: most threads to use. Without it, one per core.
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
   * @param options `threads`: on how many; default all.
   * @returns Once all have returned.
   * @throws {Error} If one throws or the pool is disposed of. Others may then still be waiting for it, so this ends all
   * threads: every later run throws too.
   */
  async run(name: string, args: readonly number[], options: { readonly threads?: number } = {}): Promise<void> {
    const threads = Math.min(options.threads ?? this.threads, this.threads);
    if (this.#failure) throw this.#failure;
    if (this.#listeners) throw new Error("the pool is running already");
    if (!hasThreads()) {
      this.#exports ??= await instantiate(this.#start);
      this.#exports[name](0, 1, ...args);
      return;
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    promise.catch(() => {}); // it may fail while threads start, before it is awaited
    let busy = threads;
    this.#listeners = {
      answer: ({ error }) => {
        if (error !== undefined) this.#fail(new Error(error));
        else if (--busy === 0) resolve();
      },
      fail: reject,
    };
    try {
      while (this.#threads.length < threads) this.#threads.push(await this.#startThread());
      for (const [i, thread] of this.#threads.slice(0, threads).entries()) {
        thread.keepAlive(true);
        thread.send({ name, args: [i, threads, ...args] });
      }
      await promise;
    } finally {
      this.#listeners = undefined;
      for (const thread of this.#threads) thread.keepAlive(false);
    }
  }

  /** Ends the threads, in the middle of a run too. */
  [Symbol.dispose](): void {
    this.#fail(new Error("the pool has been disposed of"));
  }

  async #startThread(): Promise<Thread> {
    const thread = await startThread({
      answer: (answer) => this.#listeners?.answer(answer),
      fail: (error) => this.#fail(error),
    });
    if (this.#failure) {
      thread.terminate();
      throw this.#failure;
    }
    thread.send(this.#start);
    return thread;
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const thread of this.#threads.splice(0)) thread.terminate();
    this.#listeners?.fail(this.#failure);
  }
}

/** One per core. */
export function defaultThreads(): number {
  return Math.max(1, navigator.hardwareConcurrency);
}

/** A page has them where it is cross-origin isolated: only there may memory be shared. */
function hasThreads(): boolean {
  return isDeno() || (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated === true;
}

function isDeno(): boolean {
  return "Deno" in globalThis;
}

async function instantiate({ module, memory }: Start): Promise<Exports> {
  const { exp, log } = Math;
  return (await WebAssembly.instantiate(module, { env: { memory, exp, log } })).exports as Exports;
}

async function startThread(listeners: Listeners): Promise<Thread> {
  return isDeno() ? await startDenoThread(listeners) : startWebThread(listeners);
}

/** Deno's own Worker would keep the process alive, idle or not. */
async function startDenoThread({ answer, fail }: Listeners): Promise<Thread> {
  const { Worker } = await import("node:worker_threads");
  const worker = new Worker(`(${serve})(require("node:worker_threads").parentPort)`, { eval: true });
  worker.unref();
  worker.on("message", answer);
  worker.on("error", fail);
  return {
    send: (message) => worker.postMessage(message),
    keepAlive: (busy) => busy ? worker.ref() : worker.unref(),
    terminate: () => void worker.terminate(),
  };
}

function startWebThread({ answer, fail }: Listeners): Thread {
  const url = URL.createObjectURL(new Blob([`(${serve})(self)`], { type: "text/javascript" }));
  const worker = new Worker(url, { type: "module" });
  worker.onmessage = ({ data }: MessageEvent<Answer>) => answer(data);
  worker.onerror = (event) => {
    event.preventDefault();
    fail(new Error(event.message || "a worker did not start"));
  };
  return {
    send: (message) => worker.postMessage(message),
    keepAlive: () => {},
    terminate: () => {
      worker.terminate();
      URL.revokeObjectURL(url);
    },
  };
}
