/**
 * A bounded number of workers, for work on what strangers send: each task has a deadline, and a worker that misses it, or
 * says that it is spent, is ended and replaced. Tasks of several groups take turns, so that no client waits for all that
 * another has sent.
 *
 * @module
 */
import { RanetError, type RanetErrorCode } from "../errors.ts";

/** How a pool works. */
export interface WorkerPoolOptions {
  /** Starts a worker, which posts anything once it is ready, then one {@linkcode Reply} to each task. */
  readonly start: () => Worker;
  /** Most workers at a time. */
  readonly size: number;
  /** What tasks that run at the same time may cost together; one that costs more runs alone. */
  readonly budget: number;
  /** Milliseconds that a task may take, once it runs. */
  readonly deadline: number;
}

/** How a task is run. */
export interface TaskOptions {
  /**
   * Its share of the pool's budget.
   *
   * @default {0}
   */
  readonly cost?: number;
  /**
   * Groups take turns.
   *
   * @default {""}
   */
  readonly group?: string;
  /**
   * What of the task is moved to the worker, not copied, once it runs.
   *
   * @default {[]}
   */
  readonly transfer?: readonly Transferable[];
  /** Takes the task out of the queue. One that runs already is left to finish, and its result dropped. */
  readonly signal?: AbortSignal;
}

/** What a worker answers to a task. */
export type Reply<Result> =
  & (
    | { readonly result: Result }
    /** What was given cannot be used: becomes a `RanetError`. */
    | { readonly refused: string; readonly code?: RanetErrorCode }
    /** A defect of ours, with its stack. */
    | { readonly failed: string }
  )
  & {
    /** Whether the worker is to be replaced: its state is not to be trusted, or it keeps much memory. */
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
  /** Workers that run a task, or are about to. */
  #busy = 0;
  #cost = 0;
  #disposed = false;

  /** Makes a pool; workers are started when they are wanted. */
  constructor(options: WorkerPoolOptions) {
    this.#options = options;
  }

  /** How many tasks wait for a worker. */
  get queued(): number {
    return this.#queues.values().reduce((sum, jobs) => sum + jobs.length, 0);
  }

  /** How many tasks run. */
  get running(): number {
    return this.#busy;
  }

  /**
   * Runs a task.
   *
   * @throws {RanetError} If the worker refuses what it was given, or cannot be started.
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

  /** Ends all workers; tasks that have not finished never do. */
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

  /** Starts what may run. The group whose turn it is stands first. */
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

/** What a worker says next; an error that it does not catch is thrown here. */
function nextMessage(worker: Worker): Promise<unknown> {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = (event) => {
      event.preventDefault(); // else it would end the process
      reject(new Error(event.message));
    };
  });
}
