/**
 * A bounded number of workers for tasks on untrusted input. Each task has a deadline. A worker that misses it, or that
 * reports that it is spent, is terminated and replaced. Groups of tasks are served in turn, so that no client waits for
 * all tasks of another.
 *
 * @module
 */
import { RanetError, type RanetErrorCode } from "../errors.ts";

/** Options of a {@linkcode WorkerPool}. */
export interface WorkerPoolOptions {
  /** Starts a worker. It posts any message once it is ready, then one {@linkcode Reply} per task. */
  readonly start: () => Worker;
  /** Maximum number of workers. */
  readonly size: number;
  /** Maximum total cost of tasks that run at the same time. A task that costs more runs alone. */
  readonly budget: number;
  /** Deadline of a running task in milliseconds. */
  readonly deadline: number;
}

/** Options of a task. */
export interface TaskOptions {
  /**
   * Its cost, counted against the pool's budget.
   *
   * @default {0}
   */
  readonly cost?: number;
  /**
   * Its group. Groups are served in turn.
   *
   * @default {""}
   */
  readonly group?: string;
  /**
   * Objects that are transferred to the worker, not copied, when the task starts.
   *
   * @default {[]}
   */
  readonly transfer?: readonly Transferable[];
  /** Removes the task from the queue. A running task is left to finish, and its result is dropped. */
  readonly signal?: AbortSignal;
}

/** A worker's reply to a task. */
export type Reply<Result> =
  & (
    | { readonly result: Result }
    /** The input cannot be used: becomes a `RanetError`. */
    | { readonly refused: string; readonly code?: RanetErrorCode }
    /** A bug in this package, with its stack. */
    | { readonly failed: string }
  )
  & {
    /** Whether the worker must be replaced, because it may be in a bad state or keeps much memory. */
    readonly spent?: boolean;
  };

/** A task took longer than its deadline. */
export class DeadlineError extends Error {
  /** Always `"DeadlineError"`. */
  override readonly name = "DeadlineError";
}

interface Job {
  readonly task: unknown;
  readonly transfer: readonly Transferable[];
  readonly cost: number;
  readonly resolve: (result: never) => void;
  readonly reject: (reason: unknown) => void;
}

/** Runs tasks in workers. Dispose of it to end them. */
export class WorkerPool<Task, Result> implements Disposable {
  readonly #options: WorkerPoolOptions;
  readonly #queues = new Map<string, Job[]>();
  readonly #workers = new Set<Worker>();
  readonly #idle: Worker[] = [];
  /** Workers that run a task or are about to. */
  #busy = 0;
  #cost = 0;
  #disposed = false;

  /** Creates a pool. Workers are started on demand. */
  constructor(options: WorkerPoolOptions) {
    this.#options = options;
  }

  /** Number of tasks that wait for a worker. */
  get queued(): number {
    return this.#queues.values().reduce((sum, jobs) => sum + jobs.length, 0);
  }

  /** Number of running tasks. */
  get running(): number {
    return this.#busy;
  }

  /**
   * Runs a task.
   *
   * @throws {RanetError} If the worker refuses the input, or cannot be started.
   * @throws {DeadlineError} If it takes too long.
   * @throws The signal's reason.
   */
  run(task: Task, { cost = 0, group = "", transfer = [], signal }: TaskOptions = {}): Promise<Result> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    const job: Job = { task, transfer, cost, resolve, reject };
    const abort = () => {
      this.#remove(job, group);
      reject(signal!.reason);
    };
    signal?.addEventListener("abort", abort);
    const queue = this.#queues.get(group);
    if (queue) queue.push(job);
    else this.#queues.set(group, [job]);
    this.#next();
    return promise.finally(() => signal?.removeEventListener("abort", abort));
  }

  /** Terminates all workers. Unfinished tasks never settle. */
  [Symbol.dispose](): void {
    this.#disposed = true;
    for (const worker of this.#workers) worker.terminate();
    this.#workers.clear();
  }

  #remove(job: Job, group: string): void {
    const queue = this.#queues.get(group);
    const at = queue?.indexOf(job) ?? -1;
    if (at < 0) return;
    queue!.splice(at, 1);
    if (queue!.length === 0) this.#queues.delete(group);
  }

  /** Starts tasks that may run. The group whose turn it is comes first. */
  #next(): void {
    const { size, budget } = this.#options;
    while (!this.#disposed && this.#busy < size) {
      const [turn] = this.#queues;
      if (!turn) return;
      const [group, queue] = turn;
      if (this.#cost > 0 && this.#cost + queue[0].cost > budget) return;
      const job = queue.shift()!;
      this.#queues.delete(group);
      if (queue.length > 0) this.#queues.set(group, queue);
      void this.#run(job);
    }
  }

  async #run(job: Job): Promise<void> {
    this.#busy++;
    this.#cost += job.cost;
    let worker: Worker | undefined;
    let spent = true;
    try {
      worker = this.#idle.pop() ?? await this.#start();
      const reply = await this.#ask(worker, job);
      if ("failed" in reply) throw new Error(reply.failed);
      spent = reply.spent === true;
      if ("refused" in reply) throw new RanetError(reply.refused, { code: reply.code });
      job.resolve(reply.result as never);
    } catch (error) {
      job.reject(error);
    }
    if (worker && spent) this.#end(worker);
    else if (worker) this.#idle.push(worker);
    this.#busy--;
    this.#cost -= job.cost;
    this.#next();
  }

  async #start(): Promise<Worker> {
    const worker = this.#options.start();
    this.#workers.add(worker);
    try {
      await nextMessage(worker);
      return worker;
    } catch (error) {
      this.#end(worker);
      throw new RanetError(`Cannot start a worker: ${(error as Error).message}`);
    }
  }

  async #ask(worker: Worker, { task, transfer }: Job): Promise<Reply<Result>> {
    const { deadline } = this.#options;
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new DeadlineError(`it took longer than ${deadline} ms`)), deadline);
    const answer = nextMessage(worker);
    worker.postMessage(task, [...transfer]);
    try {
      return await Promise.race([answer, late.promise]) as Reply<Result>;
    } finally {
      clearTimeout(timer);
    }
  }

  #end(worker: Worker): void {
    worker.terminate();
    this.#workers.delete(worker);
  }
}

/** A worker's next message. An error that the worker does not catch is thrown here. */
function nextMessage(worker: Worker): Promise<unknown> {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = (event) => {
      event.preventDefault(); // otherwise it would end the process
      reject(new Error(event.message));
    };
  });
}
