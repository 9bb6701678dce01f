/**
 * Answers `/classify`: reads the body, decodes its images in workers, computes them together with those of others.
 * Everything is bounded, shared fairly among clients, and given up when its time is over.
 *
 * @module
 */

import type { Calibration } from "../calibration/calibration.ts";
import { calibrationWithin } from "../calibration/calibration_file.ts";
import type { DecoderPool } from "../data/decoder_pool.ts";
import { inputLength, inputShape } from "../network/common.ts";
import { toTensor } from "../data/preprocess.ts";
import { DeadlineError } from "../data/worker_pool.ts";
import { RanetError } from "../errors.ts";
import type { AdaptiveExecutor } from "../executor/executor.ts";
import { imageResult, resultsJson } from "../executor/results.ts";
import type { RequestRecord } from "./access_log.ts";
import { Batcher } from "./batcher.ts";
import { checkPixels, type ImageFile, readBody, readImageFiles, type ReadOptions } from "./images.ts";
import { type LoadedModel, MODEL_VERSION } from "./loaded_model.ts";
import type { ModelMetrics } from "./metrics.ts";
import { inferenceAnswer, type InferenceResult } from "./open_inference/outputs.ts";
import { type InferenceInput, readInferenceRequest } from "./open_inference/request.ts";
import { readQuery, readThresholds } from "./query.ts";
import { busy, Refusal } from "./refusal.ts";
import type { Shares } from "./shares.ts";

/** What bounds requests. */
export interface ClassifierLimits {
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

/** What all models have together. */
export interface SharedBounds {
  /** Images that requests wait for. */
  readonly places: Shares;
  /** Bytes of bodies. */
  readonly bytes: Shares;
}

/** What a request asks of the batch that its images are in. */
interface Asked {
  readonly threshold?: number | readonly number[];
  readonly budget?: number;
  /** Whether every exit's logits are wanted. */
  readonly logits?: boolean;
}

interface Item {
  readonly tensor: Float32Array;
  readonly since: number;
}

interface Outcome extends InferenceResult {
  /** Milliseconds. */
  readonly queue: number;
  readonly compute: number;
}

/** A loaded model that answers requests. */
export class RequestClassifier {
  /** What clients call it. */
  readonly name: string;
  /** What runs it. */
  readonly executor: AdaptiveExecutor;
  /** Most images computed together. */
  readonly batchSize: number;
  /** Multiply-adds per image that it keeps to by itself, if it is to. */
  readonly budget?: number;
  readonly #model: LoadedModel;
  readonly #limits: ClassifierLimits;
  readonly #bounds: SharedBounds;
  readonly #metrics: ModelMetrics;
  readonly #batcher: Batcher<Item, Outcome>;
  /** Why the last batch failed, if it did. */
  #failure?: string;
  #trying?: Promise<void>;

  /** Makes one. */
  constructor(
    name: string,
    model: LoadedModel,
    options: { readonly limits: ClassifierLimits; readonly bounds: SharedBounds; readonly metrics: ModelMetrics },
  ) {
    this.name = name;
    this.executor = model.executor;
    this.budget = model.budget;
    this.batchSize = model.batchSize;
    this.#model = model;
    this.#limits = options.limits;
    this.#bounds = options.bounds;
    this.#metrics = options.metrics;
    this.#metrics.loaded(model.executor.model.network.exits.length);
    this.#batcher = new Batcher((items, group) => this.#runBatch(items, JSON.parse(group)), {
      batchSize: model.batchSize,
      wait: options.limits.batchWait,
    });
  }

  /** Images that wait for their batch. */
  get queued(): number {
    return this.#batcher.queued;
  }

  /**
   * Answers a request to `/classify`.
   *
   * @param request To classify.
   * @param query What its URL asks for.
   * @param record Where it is written what became of the request.
   * @throws {Refusal} If it cannot be answered.
   */
  async answer(request: Request, query: URLSearchParams, record: RequestRecord): Promise<Response> {
    const { model } = this.executor;
    const exits = model.network.exits.length;
    const { group, top } = readQuery(query, exits);
    return await this.#bounded(request, record, async (reading) => {
      const files = await readImageFiles(request, reading.options);
      reading.limit.bodyHasCome();
      checkPixels(files, this.#limits);
      const outcomes = await this.#outcomes(files.length, {
        ...reading,
        asked: { threshold: readThresholds(group, exits) },
        tensors: (signal) => this.#decode(files, record.client, signal),
      });
      const results = outcomes.map(({ classification }, i) =>
        imageResult(files[i].name, classification, { model, top })
      );
      const budget = group === "" ? this.budget : undefined;
      return Response.json(resultsJson(results, { model, budget }));
    });
  }

  /**
   * Answers an inference request of the Open Inference Protocol.
   *
   * @param request To answer.
   * @param record Where it is written what became of the request.
   * @throws {Refusal} If it cannot be answered.
   */
  async infer(request: Request, record: RequestRecord): Promise<Response> {
    const { spec: { input, classes: labels }, network: { exits } } = this.executor.model;
    return await this.#bounded(request, record, async (reading) => {
      const body = await readBody(request, reading.options);
      const { maxImages } = this.#limits;
      const header = request.headers.get("inference-header-content-length");
      const jsonLength = header === null ? undefined : Number(header);
      const wanted = readInferenceRequest(body, {
        shape: inputShape(input),
        exits: exits.length,
        maxImages,
        jsonLength,
      });
      reading.limit.bodyHasCome();
      if (wanted.deadline !== undefined) reading.limit.shorten(wanted.deadline);
      const { threshold, budget, outputs, id } = wanted;
      if (budget !== undefined) this.#within(budget); // refused before anything is computed
      const outcomes = await this.#outcomes(wanted.input.images.length, {
        ...reading,
        asked: { threshold, budget, logits: outputs.some(({ name }) => name === "logits") || undefined },
        tensors: (signal) => this.#tensorsOf(wanted.input, record.client, signal),
      });
      return inferenceAnswer(outcomes, { outputs, names: { model: this.name, version: MODEL_VERSION, id, labels } });
    });
  }

  /** Why it cannot compute, if so. Whoever asks may send no images until all is well: so it tries by itself. */
  async failure(): Promise<string | undefined> {
    if (this.#failure !== undefined) await (this.#trying ??= this.#tryAgain());
    return this.#failure;
  }

  /** Within the time and the room that a request has. */
  async #bounded(
    request: Request,
    record: RequestRecord,
    run: (reading: Reading) => Promise<Response>,
  ): Promise<Response> {
    const { client } = record;
    const { bytes, places } = this.#bounds;
    record.model = this.name;
    record.bytes = 0;
    using limit = new TimeLimit(request.signal, this.#limits);
    const began = performance.now();
    let taken = 0;
    let held = 0;
    let ok = false;
    try {
      held = await this.#roomForBody(request, client, limit.signal);
      const response = await run({
        limit,
        record,
        options: {
          ...this.#limits,
          signal: limit.signal,
          onBytes: (count) => {
            record.bytes! += count;
            const more = record.bytes! - held;
            if (more <= 0) return;
            if (!bytes.take(client, more)) throw busy("bodies", "too many bodies are being read");
            held += more;
          },
        },
        takePlaces: (count) => {
          if (!places.take(client, count)) throw busy("queue", `${places.total} images are waiting`);
          taken += count;
        },
      });
      ok = true;
      return response;
    } finally {
      bytes.give(client, held);
      places.give(client, taken);
      this.#metrics.inference(record, { ok, ms: performance.now() - began });
    }
  }

  /**
   * Waits until there is room for a body whose length is known: photos that come together are read in turn. It takes the
   * room before it reads, so that no two wait for each other with a part read.
   *
   * @returns How many bytes were taken.
   */
  async #roomForBody(request: Request, client: string, signal: AbortSignal): Promise<number> {
    const length = Number(request.headers.get("content-length") ?? 0);
    if (!(length > 0) || length > this.#limits.maxBody) return 0; // refused when it is read
    try {
      await this.#bounds.bytes.takeSoon(client, length, signal);
      return length;
    } catch (error) {
      throw error instanceof Refusal && error.status === 408 ? busy("bodies", "too many bodies are being read") : error;
    }
  }

  /** Decodes and computes so many images. */
  async #outcomes(
    count: number,
    { limit: { signal }, record, takePlaces, asked, tensors }: Reading & {
      readonly asked: Asked;
      readonly tensors: (signal: AbortSignal) => Promise<readonly Float32Array[]>;
    },
  ): Promise<Outcome[]> {
    record.images = count;
    takePlaces(count);
    const began = performance.now();
    const ready = await tensors(signal);
    const since = performance.now();
    record.decode = since - began;
    const group = JSON.stringify(asked);
    const outcomes = await Promise.all(
      ready.map((tensor) => this.#batcher.submit({ tensor, since }, { group, signal })),
    );
    record.queue = Math.max(...outcomes.map(({ queue }) => queue));
    record.compute = Math.max(...outcomes.map(({ compute }) => compute));
    record.exits = outcomes.map(({ classification: { exit } }) => exit);
    return outcomes;
  }

  async #tensorsOf(input: InferenceInput, group: string, signal: AbortSignal): Promise<readonly Float32Array[]> {
    const { spec } = this.executor.model;
    switch (input.kind) {
      case "tensors":
        return input.images;
      case "pixels":
        return input.images.map((image) => toTensor(image, spec.input));
      case "files": {
        const files = input.images.map((bytes, i) => ({ name: `image ${i}`, bytes }));
        checkPixels(files, this.#limits);
        return await this.#decode(files, group, signal);
      }
    }
  }

  async #decode(files: readonly ImageFile[], group: string, signal: AbortSignal): Promise<Float32Array[]> {
    const { input } = this.executor.model.spec;
    try {
      return await Promise.all(
        files.map(({ name, bytes }) =>
          this.#limits.decoders.tensor(bytes, { source: name, input, group, signal, isGiven: true })
        ),
      );
    } catch (error) {
      if (!(error instanceof RanetError)) throw error;
      // Where there is much to do, that is not the image's fault.
      if (error.cause instanceof DeadlineError) throw busy("decode", error.message);
      throw new Refusal(422, error.message, { reason: "image" });
    }
  }

  async #runBatch(items: readonly Item[], { threshold, budget, logits }: Asked): Promise<Outcome[]> {
    const began = performance.now();
    const { length } = items[0].tensor;
    const images = new Float32Array(items.length * length);
    items.forEach(({ tensor }, i) => images.set(tensor, i * length));
    const when = threshold !== undefined
      ? { threshold }
      : budget !== undefined
      ? { calibration: this.#within(budget) }
      : this.#model.when;
    const [results, all] = await this.#compute(async () => {
      if (!logits) return [await this.executor.classify(images, when)];
      const all = await this.executor.forward(images);
      return [await this.executor.decide(all, when), all];
    });
    const compute = performance.now() - began;
    this.#metrics.batch(results);
    return results.map((classification, i) => ({
      classification,
      logits: all && sampleLogits(all, i, results.length),
      queue: began - items[i].since,
      compute,
    }));
  }

  #within(budget: number): Calibration {
    try {
      return calibrationWithin(budget, this.#model.calibrations);
    } catch (error) {
      throw error instanceof RanetError ? new Refusal(400, error.message) : error;
    }
  }

  async #compute<T>(run: () => Promise<T>): Promise<T> {
    try {
      const results = await run();
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
    const blank = new Float32Array(inputLength(this.executor.model.spec.input));
    await this.#compute(() => this.executor.classify(blank, this.#model.when)).catch(() => {});
    this.#trying = undefined;
  }
}

/** What a request is read with. */
interface Reading {
  readonly limit: TimeLimit;
  readonly record: RequestRecord;
  readonly options: ReadOptions;
  /** Takes places in the queue; they are given back when the request is answered. */
  readonly takePlaces: (count: number) => void;
}

/** One sample's logits of every exit, one after another. */
function sampleLogits(exits: readonly Float32Array[], sample: number, samples: number): Float32Array {
  const classes = exits[0].length / samples;
  const own = new Float32Array(exits.length * classes);
  exits.forEach((logits, k) => own.set(logits.subarray(sample * classes, (sample + 1) * classes), k * classes));
  return own;
}

/** How long a request may take: to come, and in all. Whatever it waits for is given up when that is over. */
class TimeLimit implements Disposable {
  readonly #limit = new AbortController();
  readonly #client: AbortSignal;
  readonly #timers: ReturnType<typeof setTimeout>[];
  readonly #gone = () => this.#limit.abort(this.#client.reason);

  /** Starts it; `client` is aborted when whoever asked has gone. */
  constructor(client: AbortSignal, { bodyTimeout, timeout }: Pick<ClassifierLimits, "bodyTimeout" | "timeout">) {
    this.#client = client;
    client.addEventListener("abort", this.#gone);
    this.#timers = [
      this.#after(bodyTimeout, () => new Refusal(408, `Cannot answer: the body did not come within ${bodyTimeout} ms`)),
      this.#after(timeout, () => late(timeout)),
    ];
  }

  /** The client does not wait for as long. */
  shorten(ms: number): void {
    this.#timers.push(this.#after(ms, () => late(ms)));
  }

  #after(ms: number, refusal: () => Refusal): ReturnType<typeof setTimeout> {
    return setTimeout(() => this.#limit.abort(refusal()), ms);
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

function late(ms: number): Refusal {
  return busy("timeout", `there was no result within ${ms} ms`);
}
