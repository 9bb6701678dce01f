/**
 * Collects separate items into batches. A batch starts when it is full or its first item has waited long enough. Only
 * one batch runs at a time; items that arrive meanwhile form the next one.
 *
 * @module
 */

/** Options of a {@linkcode Batcher}. */
export interface BatcherOptions {
  /** Maximum number of items in a batch. */
  readonly batchSize: number;
  /** Longest time in milliseconds that an item waits for others. */
  readonly wait: number;
}

/** Options of an item. */
export interface SubmitOptions {
  /** Group of the item. Only items of the same group form a batch. */
  readonly group: string;
  /** Aborting it removes the item from the queue. */
  readonly signal: AbortSignal;
}

interface Job<Item, Result> {
  readonly item: Item;
  readonly group: string;
  /** Time of arrival in milliseconds. */
  readonly since: number;
  readonly resolve: (result: Result) => void;
  readonly reject: (reason: unknown) => void;
}

/** A queue that is processed in batches. */
export class Batcher<Item, Result> {
  readonly #run: (items: readonly Item[], group: string) => Promise<readonly Result[]>;
  readonly #options: BatcherOptions;
  #queue: Job<Item, Result>[] = [];
  #running = false;
  #timer?: ReturnType<typeof setTimeout>;

  /**
   * Creates an empty queue.
   *
   * @param run Computes a result for each item, in order. If it throws, all items of the batch fail with that error.
   * @param options When batches start.
   */
  constructor(
    run: (items: readonly Item[], group: string) => Promise<readonly Result[]>,
    options: BatcherOptions,
  ) {
    this.#run = run;
    this.#options = options;
  }

  /** Number of items that wait for their batch. */
  get queued(): number {
    return this.#queue.length;
  }

  /**
   * Submits an item.
   *
   * @returns Its result.
   * @throws The error of its batch, or the signal's reason as soon as it is aborted.
   */
  submit(item: Item, { group, signal }: SubmitOptions): Promise<Result> {
    if (signal.aborted) return Promise.reject(signal.reason);
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    const job = { item, group, since: performance.now(), resolve, reject };
    const abort = () => {
      this.#queue = this.#queue.filter((other) => other !== job);
      if (this.#queue.length === 0) this.#stopTimer();
      reject(signal.reason);
    };
    signal.addEventListener("abort", abort);
    this.#queue.push(job);
    this.#schedule();
    return promise.finally(() => signal.removeEventListener("abort", abort));
  }

  #schedule(): void {
    if (this.#running || this.#queue.length === 0) return;
    const { batchSize, wait } = this.#options;
    const left = this.#queue[0].since + wait - performance.now();
    if (left <= 0 || this.#queue.length >= batchSize) return void this.#runBatch();
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#schedule();
    }, left);
  }

  async #runBatch(): Promise<void> {
    const [{ group }] = this.#queue;
    const batch = new Set(this.#queue.filter((job) => job.group === group).slice(0, this.#options.batchSize));
    this.#queue = this.#queue.filter((job) => !batch.has(job));
    this.#running = true;
    this.#stopTimer();
    const jobs = [...batch];
    try {
      const results = await this.#run(jobs.map(({ item }) => item), group);
      jobs.forEach(({ resolve }, i) => resolve(results[i]));
    } catch (error) {
      for (const { reject } of jobs) reject(error);
    }
    this.#running = false;
    this.#schedule();
  }

  #stopTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
