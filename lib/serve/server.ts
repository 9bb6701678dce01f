/**
 * The server without its socket: turns requests into responses.
 *
 * @module
 */

import type { DeviceInfo } from "../device/runner.ts";
import type { RequestRecord } from "./access_log.ts";
import type { SharedBounds } from "./bounds.ts";
import type { RequestClassifier } from "./classify.ts";
import { Metrics } from "./metrics.ts";
import { Models, type ModelsOptions, type ModelSource } from "./models.ts";
import { inferenceRoutes, type InferenceService } from "./open_inference/routes.ts";
import { openApi } from "./openapi.ts";
import { Refusal } from "./refusal.ts";
import { type Context, findRoute, type Found, type Route, route } from "./routing.ts";
import { Shares } from "./shares.ts";

/** Options of a server. */
export interface HandlerOptions extends ModelsOptions {
  /** The models; the first one answers `/classify`. */
  readonly models: readonly ModelSource[];
  /** Origin of web pages that may read responses, or `*`. Default: only the server's own origin. */
  readonly cors?: string;
  /** Called after each response. */
  readonly log: (record: RequestRecord) => void;
  /** Returns the number of log lines that could not be written. Default: none. */
  readonly linesLost?: () => number;
}

/** A server without its socket. */
export interface Handler extends Disposable {
  /** The server's metrics. */
  readonly metrics: Metrics;
  /** Returns the response to a client's request (see `clientOf`). Never throws. */
  handle(request: Request, client?: string): Promise<Response>;
  /** The loaded models and their devices. */
  readonly loaded: readonly { readonly name: string; readonly device: DeviceInfo }[];
  /** Loads all models. The server is not ready before. */
  load(): Promise<void>;
  /**
   * Reports "not ready" from now on, so that a load balancer sends requests elsewhere. Requests that still arrive are
   * answered, after which their connection is closed.
   */
  stop(): void;
  /** Resolves once all received requests have been answered. */
  settled(): Promise<void>;
}

/** Creates a server's request handler. Its models are loaded by `load`, or on their first request. */
export function createHandler(options: HandlerOptions): Handler {
  const service = new Service(options);
  const routes: readonly Route[] = [
    route("/", { GET: () => service.greet() }),
    route("/classify", { POST: (context) => service.classify(context) }),
    route("/health", { GET: () => service.health() }),
    route("/health/live", { GET: () => Response.json({ status: "ok" }) }),
    route("/health/ready", { GET: () => service.ready() }),
    route("/metrics", { GET: () => service.metricsPage() }),
    route("/openapi.json", { GET: () => Response.json(openApi(options)) }),
    ...inferenceRoutes(service),
  ];
  return {
    metrics: service.metrics,
    async handle(request, client = "-") {
      const began = performance.now();
      const url = new URL(request.url);
      const { pathname: path } = url;
      const record: RequestRecord = { id: newId(), client, method: request.method, path, status: 0, ms: 0 };
      const found = findRoute(routes, path);
      const isPreflight = options.cors !== undefined && found !== undefined && request.method === "OPTIONS";
      const response = isPreflight
        ? preflight(found)
        : await answer(found, { request, url, record }).catch((error) => refused(error, record));
      if (options.cors !== undefined) allowOrigin(response.headers, options.cors);
      record.status = response.status;
      record.ms = performance.now() - began;
      service.metrics.request(found?.route.path ?? "other", record);
      options.log(record);
      response.headers.set("x-request-id", record.id);
      // The connection is closed only after a request without a body: a request that follows could be lost.
      if (service.stopping) response.headers.set("connection", "close");
      return response;
    },
    get loaded() {
      return service.models.loaded.map(({ name, executor: { device } }) => ({ name, device }));
    },
    load: () => service.load(),
    stop: () => service.stopping = true,
    settled: () => service.settled(),
    [Symbol.dispose]: () => service.models.unloadAll(),
  };
}

/** Answers a browser's CORS preflight request. */
function preflight({ route }: Found): Response {
  return new Response(null, {
    status: 204,
    headers: {
      "access-control-allow-methods": [...route.methods.keys()].join(", "),
      "access-control-allow-headers": "authorization, content-encoding, content-type, inference-header-content-length",
      "access-control-max-age": "86400",
    },
  });
}

function allowOrigin(headers: Headers, origin: string): void {
  headers.set("access-control-allow-origin", origin);
  headers.set("access-control-expose-headers", "x-request-id, retry-after, inference-header-content-length");
  if (origin !== "*") headers.append("vary", "origin");
}

/** A short id that is unique within a log. */
function newId(): string {
  return crypto.getRandomValues(new Uint8Array(6)).toHex();
}

async function answer(
  found: Found | undefined,
  context: Omit<Context, "parameters">,
): Promise<Response> {
  const { request, url } = context;
  if (!found) throw new Refusal(404, `There is no ${url.pathname}: see /openapi.json`);
  const { route: { methods }, parameters } = found;
  const method = methods.get(request.method === "HEAD" ? "GET" : request.method);
  if (method) return await method({ ...context, parameters });
  const allow = [...methods.keys()].join(", ").replace("GET", "GET, HEAD");
  throw new Refusal(405, `Cannot ${request.method} ${url.pathname}: expected ${allow}`, { headers: { allow } });
}

function refused(error: unknown, record: RequestRecord): Response {
  const refusal = refusalOf(error, record);
  record.reason = refusal.reason;
  return refusal.response();
}

function refusalOf(error: unknown, record: RequestRecord): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof DOMException && error.name === "AbortError") return new Refusal(499, "The client disconnected");
  record.defect = error instanceof Error ? error.stack ?? error.message : String(error);
  return new Refusal(500, "Cannot answer: internal error of the server");
}

class Service implements InferenceService {
  readonly models: Models;
  readonly metrics: Metrics;
  /** Whether the server is stopping. */
  stopping = false;
  readonly #bounds: SharedBounds;
  readonly #options: HandlerOptions;
  /** Whether all models have been loaded once. */
  #ready = false;
  /** Requests that are being answered. */
  readonly #active = new Set<Promise<Response>>();

  constructor(options: HandlerOptions) {
    this.#options = options;
    this.#bounds = { places: new Shares(options.maxQueue), bytes: new Shares(options.maxHeld) };
    this.metrics = new Metrics(options.models.map(({ name }) => name), () => ({
      bytes: this.#bounds.bytes.total,
      undecoded: options.decoders.queued,
      linesLost: options.linesLost?.() ?? 0,
      queued: this.models.loaded.reduce((sum, { queued }) => sum + queued, 0),
    }));
    this.models = new Models(options.models, { ...options, bounds: this.#bounds, metrics: this.metrics });
  }

  async load(): Promise<void> {
    await this.models.loadAll();
    this.#ready = true;
  }

  async settled(): Promise<void> {
    while (this.#active.size > 0) await Promise.allSettled(this.#active);
  }

  classify({ request, url: { searchParams }, record }: Context): Promise<Response> {
    return this.run(this.models.names[0], (model) => model.answer(request, searchParams, record));
  }

  run(name: string, answer: (model: RequestClassifier) => Promise<Response>): Promise<Response> {
    const running = this.models.use(name, answer);
    this.#active.add(running);
    return running.finally(() => this.#active.delete(running));
  }

  async health(): Promise<Response> {
    const state = await this.#state();
    const [first] = this.models.loaded;
    const exits = first?.executor.model.network.exits.map(({ label, cumulativeFlops }, k) => ({
      exit: k + 1,
      label,
      flops: cumulativeFlops,
    }));
    const about = { ...state, model: this.models.names[0], device: first?.executor.device, exits };
    return Response.json(about, { status: state.status === "ok" ? 200 : 503 });
  }

  async ready(): Promise<Response> {
    const state = await this.#state();
    return Response.json(state, { status: state.status === "ok" ? 200 : 503 });
  }

  async isReady(): Promise<boolean> {
    return (await this.#state()).status === "ok";
  }

  greet(): Response {
    return new Response(`${this.models.names.join(", ")}

POST /classify       an image, or several as multipart/form-data: curl -F image=@cat.jpg …/classify
POST /v2/models/${this.models.names[0]}/infer   the Open Inference Protocol
GET  /health         whether the server is ready (/health/ready: the same in short; /health/live: whether it runs)
GET  /metrics        metrics for Prometheus
GET  /openapi.json   the full API description
`);
  }

  metricsPage(): Response {
    const { metrics } = this;
    return new Response(metrics.text(), { headers: { "content-type": metrics.contentType } });
  }

  async #state(): Promise<{ status: "ok" | "loading" | "stopping" | "failed"; error?: string }> {
    if (this.stopping) return { status: "stopping" };
    if (!this.#ready) return { status: "loading" };
    const errors = await Promise.all(this.models.loaded.map((model) => model.failure()));
    const error = errors.find((error) => error !== undefined);
    return error === undefined ? { status: "ok" } : { status: "failed", error };
  }
}
