/**
 * A thread that instantiates one WebAssembly module over shared memory and calls its exports. The worker is created
 * from its text, so that it needs no permission and no file.
 *
 * @module
 */

/** The input of a thread when it starts. */
export interface Start {
  /** Compiled code. */
  readonly module: WebAssembly.Module;
  /** Its `env.memory`. */
  readonly memory: WebAssembly.Memory;
}

/** A module's exports. */
export type Exports = Readonly<Record<string, (...args: number[]) => void>>;

interface Call {
  readonly name: string;
  readonly args: readonly number[];
}

/** A thread's reply to its start and to every call. */
interface Answer {
  readonly error?: string;
}

/** A worker: of a browser, or of Node's `worker_threads`, which Deno also has. */
interface Line {
  send(message: Start | Call): void;
  /** Sets whether the process waits for it. */
  keepAlive(busy: boolean): void;
  terminate(): void;
}

interface Listeners {
  answer(answer: Answer): void;
  fail(error: Error): void;
}

/** The thread's own end of the connection. */
interface Port {
  onmessage: ((event: { readonly data: Start | Call }) => void) | null;
  postMessage(answer: Answer): void;
}

/** The program of a thread. Only this function's text is sent there, so it must not use anything outside of it. */
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
      }
      port.postMessage({});
    } catch (error) {
      port.postMessage({ error: String(error) });
    }
  };
}

/** A started thread. An idle thread does not keep the process alive. */
export class Thread {
  readonly #line: Line;
  #waiting?: { resolve(): void; reject(error: Error): void };

  private constructor(open: (listeners: Listeners) => Line) {
    this.#line = open({
      answer: ({ error }) => error === undefined ? this.#waiting?.resolve() : this.#waiting?.reject(new Error(error)),
      fail: (error) => this.#waiting?.reject(error),
    });
  }

  /**
   * Starts a thread.
   *
   * @throws {Error} If it cannot be started, for example because of a page's content security policy.
   */
  static async start(start: Start): Promise<Thread> {
    const thread = new Thread(isDeno() ? await denoWorkers() : openWebWorker);
    try {
      await thread.#ask(start);
    } catch (error) {
      thread.#line.terminate();
      throw error;
    }
    return thread;
  }

  /**
   * Calls an export; one call at a time.
   *
   * @throws {Error} If the export throws, or the thread is ended.
   */
  async call(name: string, args: readonly number[]): Promise<void> {
    await this.#ask({ name, args });
  }

  /** Ends the thread, even during a call, which then fails. */
  end(reason: Error): void {
    this.#line.terminate();
    this.#waiting?.reject(reason);
  }

  async #ask(message: Start | Call): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting = { resolve, reject };
    this.#line.keepAlive(true);
    try {
      this.#line.send(message);
      await promise;
    } finally {
      this.#waiting = undefined;
      this.#line.keepAlive(false);
    }
  }
}

/** Whether threads are available. In a page they can share memory only if it is cross-origin isolated. */
export function hasThreads(): boolean {
  return isDeno() || (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated === true;
}

/** Instantiates the module on the calling thread. */
export async function instantiate({ module, memory }: Start): Promise<Exports> {
  const { exp, log } = Math;
  return (await WebAssembly.instantiate(module, { env: { memory, exp, log } })).exports as Exports;
}

function isDeno(): boolean {
  return "Deno" in globalThis;
}

/** Node's workers in Deno: Deno's own Worker would keep the process alive even when it is idle. */
async function denoWorkers(): Promise<(listeners: Listeners) => Line> {
  const { Worker } = await import("node:worker_threads");
  return ({ answer, fail }) => {
    // Without an environment of its own it would copy ours, which needs permission to read it.
    const worker = new Worker(`(${serve})(require("node:worker_threads").parentPort)`, { eval: true, env: {} });
    worker.on("message", answer);
    worker.on("error", fail);
    return {
      send: (message) => worker.postMessage(message),
      keepAlive: (busy) => busy ? worker.ref() : worker.unref(),
      terminate: () => void worker.terminate(),
    };
  };
}

function openWebWorker({ answer, fail }: Listeners): Line {
  const url = URL.createObjectURL(new Blob([`(${serve})(self)`], { type: "text/javascript" }));
  const worker = new Worker(url);
  worker.onmessage = ({ data }: MessageEvent<Answer>) => answer(data);
  worker.onerror = (event) => {
    event.preventDefault();
    fail(new Error(event.message || "the worker did not start"));
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
