/**
 * Brings together what comes in separately: a batch starts when it is full, or when its first item has waited long
 * enough. Only one runs at a time; what comes meanwhile makes up the next.
 *
 * @module
 */

/** When a batch starts. */
export interface BatcherOptions {
  /** Most items in a batch. */
  readonly batchSize: number;
  /** Milliseconds that an item waits for others. */
  readonly wait: number;
}

/** How an item is handed in. */
export interface SubmitOptions {
  /** Only items of the same group run together. */
  readonly group: string;
  /** Takes the item out of the queue. */
  readonly signal: AbortSignal;
}

interface Job<Item, Result> {
  readonly item: Item;
  readonly group: string;
  /** When it came, in milliseconds. */
  readonly since: number;
  readonly resolve: (result: Result) => void;
  readonly reject: (reason: unknown) => void;
}

/** A queue that is emptied by the batch. */
export class Batcher<Item, Result> {
  readonly #run: (items: readonly Item[], group: string) => Promise<readonly Result[]>;
  readonly #options: BatcherOptions;
  #queue: Job<Item, Result>[] = [];
  #running = false;
  #timer?: ReturnType<typeof setTimeout>;

  /**
   * Makes an empty queue.
   *
   * @param run Gives a result for each item, in order; what it throws, each of the items gets.
   * @param options When a batch starts.
   */
  constructor(
    run: (items: readonly Item[], group: string) => Promise<readonly Result[]>,
    options: BatcherOptions,
  ) {
    this.#run = run;
    this.#options = options;
  }

  /** How many items wait for their batch to start. */
  get queued(): number {
    return this.#queue.length;
  }

  /**
   * Hands an item in.
   *
   * @returns Its result.
   * @throws What its batch threw, or the signal's reason, at once.
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
