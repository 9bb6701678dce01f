/**
 * The server without its socket: requests to answers.
 *
 * @module
 */

import { RanetError } from "../errors.ts";
import type { AdaptiveExecutor, Classification, ClassifyOptions } from "../executor/executor.ts";
import { imageResult, resultsJson } from "../executor/results.ts";
import { suggest } from "../suggest.ts";
import { Batcher } from "./batcher.ts";
import { type ImageFile, readImageFiles, readTensor } from "./images.ts";
import { Metrics } from "./metrics.ts";
import { openApi, type ServerLimits } from "./openapi.ts";
import { Refusal } from "./refusal.ts";

/** How a server works. */
export interface HandlerOptions extends ServerLimits {
  /** When an image leaves, unless its request says so. */
  readonly when: ClassifyOptions;
  /** Multiply-adds per image that `when` keeps to, if it comes from a budget. */
  readonly budget?: number;
  /** Most images computed together: the executor's capacity. */
  readonly capacity: number;
  /** Milliseconds that an image waits for others. */
  readonly batchWait: number;
  /** Milliseconds after which a request is given up. */
  readonly timeout: number;
  /** Told of defects of ours. */
  readonly log: (text: string) => void;
}

/** A server without its socket. */
export interface Handler {
  /** Answers a request; never throws. */
  handle(request: Request): Promise<Response>;
  /** Refuses to classify from now on. Resolves once all is answered that had come. */
  drain(): Promise<void>;
}

type Route = (request: Request, url: URL) => Response | Promise<Response>;

/** Bodies of the largest size that are held at a time. */
const BODIES = 8;
/** What the query of `/classify` may hold. */
const PARAMETERS: readonly string[] = ["threshold", "top"];
/** Classes that a result lists, unless the request says how many. */
const TOP = 5;

/** Makes the handler of a server. */
export function createHandler(executor: AdaptiveExecutor, options: HandlerOptions): Handler {
  const service = new Service(executor, options);
  const routes: Readonly<Record<string, Readonly<Record<string, Route>>>> = {
    "/": { GET: () => new Response(greeting(executor)) },
    "/classify": { POST: (request, url) => service.classify(request, url) },
    "/health": { GET: () => service.health() },
    "/metrics": { GET: () => service.metricsPage() },
    "/openapi.json": { GET: () => Response.json(openApi(executor.model, options)) },
  };
  return {
    async handle(request) {
      const began = performance.now();
      const url = URL.parse(request.url);
      const methods = url && Object.hasOwn(routes, url.pathname) ? routes[url.pathname] : undefined;
      const response = await answer(methods, request, url).catch((error) => refusalOf(error, options).response());
      service.metrics.request(methods ? url!.pathname : "other", response.status);
      if (url?.pathname === "/classify" && response.ok) service.metrics.latency((performance.now() - began) / 1000);
      // What a client sent next on this connection might be lost.
      if (service.stopping) response.headers.set("connection", "close");
      return response;
    },
    drain: () => service.drain(),
  };
}

async function answer(
  methods: Readonly<Record<string, Route>> | undefined,
  request: Request,
  url: URL | null,
): Promise<Response> {
  if (!url) throw new Refusal(400, "Cannot read the request: its host or target is malformed");
  if (!methods) throw new Refusal(404, `There is no ${url.pathname}: see /openapi.json`);
  const route = methods[request.method === "HEAD" ? "GET" : request.method];
  if (route) return await route(request, url);
  const allow = Object.keys(methods).join(", ").replace("GET", "GET, HEAD");
  throw new Refusal(405, `Cannot ${request.method} ${url.pathname}: expected ${allow}`, { allow });
}

function refusalOf(error: unknown, { log }: HandlerOptions): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof DOMException && error.name === "AbortError") return new Refusal(499, "The client has gone");
  log(error instanceof Error ? error.stack ?? error.message : String(error));
  return new Refusal(500, "Cannot answer: this is a defect of the server");
}

class Service {
  readonly metrics: Metrics;
  /** Whether nothing new is taken. */
  stopping = false;
  readonly #executor: AdaptiveExecutor;
  readonly #options: HandlerOptions;
  readonly #batcher: Batcher<Float32Array, Classification>;
  /** What is being answered. */
  readonly #active = new Set<Promise<Response>>();
  /** Images that requests wait for. */
  #pending = 0;
  /** Bytes of bodies that are held. */
  #held = 0;
  /** Why the last batch failed, if it did. */
  #failure?: string;

  constructor(executor: AdaptiveExecutor, options: HandlerOptions) {
    this.#executor = executor;
    this.#options = options;
    this.#batcher = new Batcher((images, group) => this.#runBatch(images, group), {
      capacity: options.capacity,
      wait: options.batchWait,
    });
    this.metrics = new Metrics(executor.model.network.exits.length, () => this.#batcher.queued);
  }

  async drain(): Promise<void> {
    this.stopping = true;
    await Promise.allSettled(this.#active);
  }

  classify(request: Request, url: URL): Promise<Response> {
    if (this.stopping) throw busy("the server is stopping");
    const answer = this.#answer(request, url);
    this.#active.add(answer);
    return answer.finally(() => this.#active.delete(answer));
  }

  async #answer(request: Request, { searchParams }: URL): Promise<Response> {
    const { model } = this.#executor;
    const { budget, timeout } = this.#options;
    checkParameters(searchParams);
    const group = searchParams.get("threshold") ?? "";
    readThresholds(group, model.network.exits.length);
    const top = readTop(searchParams.get("top"));

    const limit = new AbortController();
    const gone = () => limit.abort(request.signal.reason);
    request.signal.addEventListener("abort", gone);
    const doing = { status: 408, what: "the body did not come" };
    const timer = setTimeout(
      () => limit.abort(new Refusal(doing.status, `Cannot answer: ${doing.what} within ${timeout} ms`)),
      timeout,
    );
    const taken = { bytes: 0, images: 0 };
    try {
      const files = await readImageFiles(request, {
        ...this.#options,
        maxImages: this.#options.maxQueue,
        signal: limit.signal,
        onBytes: (count) => this.#hold(count, taken),
      });
      Object.assign(doing, { status: 504, what: "there was no result" });
      this.#admit(files.length, taken);
      const tensors = await this.#decode(files, limit.signal);
      const found = await Promise.all(
        tensors.map((tensor) => this.#batcher.submit(tensor, { group, signal: limit.signal })),
      );
      const results = found.map((classification, i) => imageResult(files[i].name, classification, { model, top }));
      return Response.json(resultsJson(results, { model, budget: group === "" ? budget : undefined }));
    } finally {
      clearTimeout(timer);
      limit.abort(); // where it failed, the rest of it need not be computed
      request.signal.removeEventListener("abort", gone);
      this.#held -= taken.bytes;
      this.#pending -= taken.images;
    }
  }

  async #decode(files: readonly ImageFile[], signal: AbortSignal): Promise<Float32Array[]> {
    const { input } = this.#executor.model.spec;
    const tensors: Float32Array[] = [];
    for (const file of files) {
      // Decoding blocks everything else: between two images, others get their turn.
      if (tensors.length > 0) await new Promise((resolve) => setTimeout(resolve));
      signal.throwIfAborted();
      tensors.push(await readTensor(file, { input, ...this.#options }));
    }
    return tensors;
  }

  async health(): Promise<Response> {
    // Whoever asks may send no images until this says that all is well: so it tries by itself.
    if (this.#failure !== undefined) await this.#tryAgain();
    const { model, device } = this.#executor;
    const status = this.stopping ? "stopping" : this.#failure === undefined ? "ok" : "failed";
    const exits = model.network.exits.map(({ subnetwork, cumulativeFlops }, k) => ({
      exit: k + 1,
      subnetwork,
      flops: cumulativeFlops,
    }));
    return Response.json(
      { status, error: this.#failure, model: model.name, device, exits },
      { status: status === "ok" ? 200 : 503 },
    );
  }

  metricsPage(): Response {
    const { metrics } = this;
    return new Response(metrics.text(), { headers: { "content-type": metrics.contentType } });
  }

  async #runBatch(images: readonly Float32Array[], group: string): Promise<Classification[]> {
    const { model } = this.#executor;
    const length = images[0].length;
    const batch = new Float32Array(images.length * length);
    images.forEach((image, i) => batch.set(image, i * length));
    const threshold = readThresholds(group, model.network.exits.length);
    const results = await this.#compute(batch, threshold ? { threshold } : this.#options.when);
    this.metrics.batch(results);
    return results;
  }

  async #compute(images: Float32Array, when: ClassifyOptions): Promise<Classification[]> {
    try {
      const results = await this.#executor.classify(images, when);
      this.#failure = undefined;
      return results;
    } catch (error) {
      this.#failure = (error as Error).message;
      // The images are sound and so are the thresholds: it is the device.
      throw error instanceof RanetError ? new Refusal(503, error.message) : error;
    }
  }

  /** With a blank image; the outcome stands in `#failure`. */
  async #tryAgain(): Promise<void> {
    const { size } = this.#executor.model.spec.input;
    await this.#compute(new Float32Array(3 * size ** 2), this.#options.when).catch(() => {});
  }

  #hold(count: number, taken: { bytes: number }): void {
    if (this.#held + count > BODIES * this.#options.maxBody) throw busy("too many bodies are being read");
    this.#held += count;
    taken.bytes += count;
  }

  #admit(count: number, taken: { images: number }): void {
    const { maxQueue } = this.#options;
    if (this.#pending + count > maxQueue) throw busy(`${this.#pending} images are waiting`);
    this.#pending += count;
    taken.images = count;
  }
}

function busy(reason: string): Refusal {
  return new Refusal(503, `Cannot classify just now: ${reason}`, { "retry-after": "1" });
}

/** `0.8`, or one per exit with commas; undefined for the server's own. */
function readThresholds(text: string, exits: number): number[] | undefined {
  if (text === "") return undefined;
  const list = text.split(",").map((value) => value.trim() === "" ? NaN : Number(value));
  if ((list.length === 1 || list.length === exits) && list.every((value) => value >= 0 && value <= 1)) {
    return list.length === 1 ? new Array<number>(exits).fill(list[0]) : list;
  }
  throw new Refusal(
    400,
    `Cannot use threshold ${JSON.stringify(text)}: expected a number from 0 to 1, or ${exits} with commas`,
  );
}

function checkParameters(given: URLSearchParams): void {
  const unknown = [...given.keys()].find((name) => !PARAMETERS.includes(name));
  if (unknown === undefined) return;
  const near = suggest(unknown, PARAMETERS);
  const advice = near === undefined ? `there are ${PARAMETERS.join(" and ")}` : `did you mean ${near}?`;
  throw new Refusal(400, `Cannot use parameter ${JSON.stringify(unknown)}: there is no such one; ${advice}`);
}

function readTop(text: string | null): number {
  if (text === null) return TOP;
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new Refusal(400, `Cannot use top ${JSON.stringify(text)}: expected a whole number of at least 1`);
}

function greeting({ model, device }: AdaptiveExecutor): string {
  return `${model.name} on ${device.name}

POST /classify       an image, or several as multipart/form-data: curl -F image=@cat.jpg …/classify
GET  /health         whether it can answer
GET  /metrics        for Prometheus
GET  /openapi.json   all of this, in detail
`;
}
