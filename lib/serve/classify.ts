/**
 * Answers `/classify`: reads the body, decodes its images in workers, and computes them in batches with images of other
 * requests. All resources are bounded, shared fairly among clients, and released on a timeout.
 *
 * @module
 */

import type { Calibration } from "../calibration/calibration.ts";
import { calibrationWithin } from "../calibration/calibration_file.ts";
import { inputLength, inputShape } from "../network/common.ts";
import { toTensor } from "../data/preprocess.ts";
import { DeadlineError } from "../data/worker_pool.ts";
import { RanetError } from "../errors.ts";
import type { AdaptiveExecutor } from "../executor/executor.ts";
import { imageResult, resultsJson } from "../executor/results.ts";
import type { RequestRecord } from "./access_log.ts";
import { Batcher } from "./batcher.ts";
import { type Reading, type RequestLimits, type SharedBounds, withinBounds } from "./bounds.ts";
import { checkPixels, type ImageFile, readBody, readImageFiles } from "./images.ts";
import { type LoadedModel, MODEL_VERSION } from "./loaded_model.ts";
import type { ModelMetrics } from "./metrics.ts";
import { inferenceAnswer, type InferenceResult } from "./open_inference/outputs.ts";
import { type InferenceInput, readInferenceRequest } from "./open_inference/request.ts";
import { readQuery } from "./query.ts";
import { busy, Refusal } from "./refusal.ts";

/** Options of a request that all images in a batch must share. */
interface Asked {
  readonly threshold?: number | readonly number[];
  readonly budget?: number;
  /** Whether the logits of every exit are requested. */
  readonly logits?: boolean;
}

interface Item {
  readonly tensor: Float32Array;
  readonly since: number;
}

interface Outcome extends InferenceResult {
  /** Time to compute the batch in milliseconds. */
  readonly queue: number;
  readonly compute: number;
}

/** Answers requests with a loaded model. */
export class RequestClassifier {
  /** The model's name in requests. */
  readonly name: string;
  /** Runs the model. */
  readonly executor: AdaptiveExecutor;
  /** Maximum batch size. */
  readonly batchSize: number;
  /** Default budget in multiply-adds per image, if there is one. */
  readonly budget?: number;
  readonly #model: LoadedModel;
  readonly #limits: RequestLimits;
  readonly #bounds: SharedBounds;
  readonly #metrics: ModelMetrics;
  readonly #batcher: Batcher<Item, Outcome>;
  /** The error of the last batch, if it failed. */
  #failure?: string;
  #trying?: Promise<void>;

  /** Creates a classifier. */
  constructor(
    name: string,
    model: LoadedModel,
    options: { readonly limits: RequestLimits; readonly bounds: SharedBounds; readonly metrics: ModelMetrics },
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

  /** Number of images that wait for their batch. */
  get queued(): number {
    return this.#batcher.queued;
  }

  /**
   * Answers a request to `/classify`.
   *
   * @param request The request.
   * @param query The parameters of its URL.
   * @param record Receives the outcome of the request.
   * @throws {Refusal} If it cannot be answered.
   */
  async answer(request: Request, query: URLSearchParams, record: RequestRecord): Promise<Response> {
    const { model } = this.executor;
    const { threshold, budget, top } = readQuery(query, model.network.exits.length);
    if (budget !== undefined) this.#within(budget); // refused before anything is computed
    return await this.#answer(request, record, async (reading) => {
      const files = await readImageFiles(request, reading.options);
      reading.limit.bodyHasCome();
      checkPixels(files, this.#limits);
      const outcomes = await this.#outcomes(files.length, {
        ...reading,
        asked: { threshold, budget },
        tensors: (signal) => this.#decode(files, record.client, signal),
      });
      const results = outcomes.map(({ classification }, i) =>
        imageResult(files[i].name, classification, { model, top })
      );
      const kept = budget ?? (threshold ? undefined : this.budget);
      return Response.json(resultsJson(results, { model, budget: kept }));
    });
  }

  /**
   * Answers an inference request of the Open Inference Protocol.
   *
   * @param request The request.
   * @param record Receives the outcome of the request.
   * @throws {Refusal} If it cannot be answered.
   */
  async infer(request: Request, record: RequestRecord): Promise<Response> {
    const { spec: { input, classes: labels }, network: { exits } } = this.executor.model;
    return await this.#answer(request, record, async (reading) => {
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

  /**
   * Why it cannot compute; `undefined` if it can. After a failure it runs a test image, because a health check may keep
   * all requests away until it succeeds.
   */
  async failure(): Promise<string | undefined> {
    if (this.#failure !== undefined) await (this.#trying ??= this.#tryAgain());
    return this.#failure;
  }

  async #answer(
    request: Request,
    record: RequestRecord,
    run: (reading: Reading) => Promise<Response>,
  ): Promise<Response> {
    record.model = this.name;
    const began = performance.now();
    let ok = false;
    try {
      const response = await withinBounds(request, record, { limits: this.#limits, bounds: this.#bounds }, run);
      ok = true;
      return response;
    } finally {
      this.#metrics.inference(record, { ok, ms: performance.now() - began });
    }
  }

  /** Decodes and computes a request's images. */
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
      // Under load, a deadline does not mean that the image is bad.
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
      // Images and thresholds have been checked, so the device has failed.
      throw error instanceof RanetError ? new Refusal(503, error.message, { reason: "device" }) : error;
    }
  }

  /** Runs a blank image and stores the result in `#failure`. */
  async #tryAgain(): Promise<void> {
    const blank = new Float32Array(inputLength(this.executor.model.spec.input));
    await this.#compute(() => this.executor.classify(blank, this.#model.when)).catch(() => {});
    this.#trying = undefined;
  }
}

/** The logits of one sample at all exits, concatenated. */
function sampleLogits(exits: readonly Float32Array[], sample: number, samples: number): Float32Array {
  const classes = exits[0].length / samples;
  const own = new Float32Array(exits.length * classes);
  exits.forEach((logits, k) => own.set(logits.subarray(sample * classes, (sample + 1) * classes), k * classes));
  return own;
}
