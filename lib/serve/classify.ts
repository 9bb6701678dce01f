/**
 * Answers `/classify`: reads the body, decodes its images in workers, computes them together with those of others.
 * Everything is bounded, shared fairly among clients, and given up when its time is over.
 *
 * @module
 */

import type { DecoderPool } from "../data/decoder_pool.ts";
import { RanetError } from "../errors.ts";
import type { AdaptiveExecutor, Classification, ClassifyOptions } from "../executor/executor.ts";
import { imageResult, resultsJson } from "../executor/results.ts";
import type { RequestRecord } from "./access_log.ts";
import { Batcher } from "./batcher.ts";
import { checkPixels, type ImageFile, readImageFiles } from "./images.ts";
import type { Load } from "./metrics.ts";
import { readQuery, readThresholds } from "./query.ts";
import { busy, Refusal } from "./refusal.ts";
import { Shares } from "./shares.ts";

/** How requests are answered. */
export interface ClassifierOptions {
  /** When an image leaves, unless its request says so. */
  readonly when: ClassifyOptions;
  /** Multiply-adds per image that `when` keeps to, if it comes from a budget. */
  readonly budget?: number;
  /** Most images computed together: the executor's capacity. */
  readonly capacity: number;
  /** Milliseconds that an image waits for others. */
  readonly batchWait: number;
  /** Images that may be waited for at a time, in all requests. */
  readonly maxQueue: number;
  /** Most images of a request. */
  readonly maxImages: number;
  /** Largest body, in bytes. */
  readonly maxBody: number;
  /** Bytes of bodies that are held at a time, in all requests. */
  readonly maxHeld: number;
  /** Most pixels of an image. */
  readonly maxPixels: number;
  /** Most pixels of a request. */
  readonly maxRequestPixels: number;
  /** Milliseconds after which a body that has not come is given up. */
  readonly bodyTimeout: number;
  /** Milliseconds after which a request is given up. */
  readonly timeout: number;
  /** Where images are decoded. */
  readonly decoders: DecoderPool;
}

interface Item {
  readonly tensor: Float32Array;
  readonly since: number;
}

interface Outcome {
  readonly classification: Classification;
  /** Milliseconds. */
  readonly queue: number;
  readonly compute: number;
}

/** A model that answers requests. */
export class Classifier {
  readonly #executor: AdaptiveExecutor;
  readonly #options: ClassifierOptions;
  readonly #onBatch: (results: readonly Classification[]) => void;
  readonly #batcher: Batcher<Item, Outcome>;
  /** Images that requests wait for. */
  readonly #places: Shares;
  /** Bytes of bodies. */
  readonly #bytes: Shares;
  /** Why the last batch failed, if it did. */
  #failure?: string;
  #trying?: Promise<void>;

  /** Makes one; `onBatch` is told of what was computed. */
  constructor(
    executor: AdaptiveExecutor,
    options: ClassifierOptions,
    onBatch: (results: readonly Classification[]) => void,
  ) {
    this.#executor = executor;
    this.#options = options;
    this.#onBatch = onBatch;
    this.#batcher = new Batcher((items, group) => this.#runBatch(items, group), {
      capacity: options.capacity,
      wait: options.batchWait,
    });
    this.#places = new Shares(options.maxQueue);
    this.#bytes = new Shares(options.maxHeld);
  }

  /** What there is of everything that is bounded. */
  get load(): Load {
    return { bytes: this.#bytes.total, undecoded: this.#options.decoders.queued, queued: this.#batcher.queued };
  }

  /**
   * Answers a request.
   *
   * @param request To classify.
   * @param query What its URL asks for.
   * @param record Where it is written what became of the request.
   * @throws {Refusal} If it cannot be answered.
   */
  async answer(request: Request, query: URLSearchParams, record: RequestRecord): Promise<Response> {
    const { model } = this.#executor;
    const { group, top } = readQuery(query, model.network.exits.length);
    const { client } = record;
    let places = 0;
    record.bytes = 0;
    using limit = new TimeLimit(request.signal, this.#options);
    try {
      const files = await readImageFiles(request, {
        ...this.#options,
        signal: limit.signal,
        onBytes: (count) => {
          if (!this.#bytes.take(client, count)) throw busy("bodies", "too many bodies are being read");
          record.bytes! += count;
        },
      });
      limit.bodyHasCome();
      record.images = files.length;
      checkPixels(files, this.#options);
      if (!this.#places.take(client, files.length)) {
        throw busy("queue", `${this.#places.total} images are waiting`);
      }
      places = files.length;
      const began = performance.now();
      const tensors = await this.#decode(files, client, limit.signal);
      const since = performance.now();
      record.decode = since - began;
      const outcomes = await Promise.all(
        tensors.map((tensor) => this.#batcher.submit({ tensor, since }, { group, signal: limit.signal })),
      );
      record.queue = Math.max(...outcomes.map(({ queue }) => queue));
      record.compute = Math.max(...outcomes.map(({ compute }) => compute));
      record.exits = outcomes.map(({ classification: { exit } }) => exit);
      const results = outcomes.map(({ classification }, i) =>
        imageResult(files[i].name, classification, { model, top })
      );
      const budget = group === "" ? this.#options.budget : undefined;
      return Response.json(resultsJson(results, { model, budget }));
    } finally {
      this.#bytes.give(client, record.bytes);
      this.#places.give(client, places);
    }
  }

  /** Why it cannot compute, if so. Whoever asks may send no images until all is well: so it tries by itself. */
  async failure(): Promise<string | undefined> {
    if (this.#failure !== undefined) await (this.#trying ??= this.#tryAgain());
    return this.#failure;
  }

  async #decode(files: readonly ImageFile[], group: string, signal: AbortSignal): Promise<Float32Array[]> {
    const { input } = this.#executor.model.spec;
    try {
      return await Promise.all(
        files.map(({ name, bytes }) => this.#options.decoders.tensor(bytes, { source: name, input, group, signal })),
      );
    } catch (error) {
      throw error instanceof RanetError ? new Refusal(422, error.message, { reason: "image" }) : error;
    }
  }

  async #runBatch(items: readonly Item[], group: string): Promise<Outcome[]> {
    const { model } = this.#executor;
    const began = performance.now();
    const { length } = items[0].tensor;
    const images = new Float32Array(items.length * length);
    items.forEach(({ tensor }, i) => images.set(tensor, i * length));
    const threshold = readThresholds(group, model.network.exits.length);
    const results = await this.#compute(images, threshold ? { threshold } : this.#options.when);
    this.#onBatch(results);
    const compute = performance.now() - began;
    return results.map((classification, i) => ({ classification, queue: began - items[i].since, compute }));
  }

  async #compute(images: Float32Array, when: ClassifyOptions): Promise<Classification[]> {
    try {
      const results = await this.#executor.classify(images, when);
      this.#failure = undefined;
      return results;
    } catch (error) {
      this.#failure = (error as Error).message;
      // The images are sound and so are the thresholds: it is the device.
      throw error instanceof RanetError ? new Refusal(503, error.message, { reason: "device" }) : error;
    }
  }

  /** With a blank image; the outcome stands in `#failure`. */
  async #tryAgain(): Promise<void> {
    const { size } = this.#executor.model.spec.input;
    await this.#compute(new Float32Array(3 * size ** 2), this.#options.when).catch(() => {});
    this.#trying = undefined;
  }
}

/** How long a request may take: to come, and in all. Whatever it waits for is given up when that is over. */
class TimeLimit implements Disposable {
  readonly #limit = new AbortController();
  readonly #client: AbortSignal;
  readonly #timers: readonly ReturnType<typeof setTimeout>[];
  readonly #gone = () => this.#limit.abort(this.#client.reason);

  /** Starts it; `client` is aborted when whoever asked has gone. */
  constructor(client: AbortSignal, { bodyTimeout, timeout }: Pick<ClassifierOptions, "bodyTimeout" | "timeout">) {
    const after = (ms: number, refusal: () => Refusal) => setTimeout(() => this.#limit.abort(refusal()), ms);
    this.#client = client;
    client.addEventListener("abort", this.#gone);
    this.#timers = [
      after(bodyTimeout, () => new Refusal(408, `Cannot answer: the body did not come within ${bodyTimeout} ms`)),
      after(timeout, () => busy("timeout", `there was no result within ${timeout} ms`)),
    ];
  }

  get signal(): AbortSignal {
    return this.#limit.signal;
  }

  bodyHasCome(): void {
    clearTimeout(this.#timers[0]);
  }

  /** Ends it: where a request failed, the rest of it need not be computed. */
  [Symbol.dispose](): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#client.removeEventListener("abort", this.#gone);
    this.#limit.abort();
  }
}
