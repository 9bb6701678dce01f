/**
 * The server without its socket: requests to answers.
 *
 * @module
 */

import type { AdaptiveExecutor } from "../executor/executor.ts";
import type { RequestRecord } from "./access_log.ts";
import { Classifier, type ClassifierOptions } from "./classify.ts";
import { Metrics } from "./metrics.ts";
import { openApi } from "./openapi.ts";
import { busy, Refusal } from "./refusal.ts";

/** How a server works. */
export interface HandlerOptions extends ClassifierOptions {
  /** Told of each request that was answered. */
  readonly log: (record: RequestRecord) => void;
}

/** A server without its socket. */
export interface Handler {
  /** Counts what the socket does. */
  readonly metrics: Metrics;
  /** Answers a request of a client (see `clientOf`); never throws. */
  handle(request: Request, client?: string): Promise<Response>;
  /** Refuses to classify from now on. Resolves once all is answered that had come. */
  drain(): Promise<void>;
}

type Route = (request: Request, url: URL, record: RequestRecord) => Response | Promise<Response>;

/** Makes the handler of a server. */
export function createHandler(executor: AdaptiveExecutor, options: HandlerOptions): Handler {
  const service = new Service(executor, options);
  const routes = new Map<string, ReadonlyMap<string, Route>>([
    ["/", get(() => new Response(greeting(executor)))],
    ["/classify", new Map([["POST", (request, url, record) => service.classify(request, url, record)]])],
    ["/health", get(() => service.health())],
    ["/health/live", get(() => Response.json({ status: "ok" }))],
    ["/health/ready", get(() => service.ready())],
    ["/metrics", get(() => service.metricsPage())],
    ["/openapi.json", get(() => Response.json(openApi(executor.model, options)))],
  ]);
  return {
    metrics: service.metrics,
    async handle(request, client = "-") {
      const began = performance.now();
      const url = new URL(request.url);
      const { pathname: path } = url;
      const methods = routes.get(path);
      const record: RequestRecord = { id: newId(), client, method: request.method, path, status: 0, ms: 0 };
      const response = await answer(methods, { request, url, record }).catch((error) => refused(error, record));
      record.status = response.status;
      record.ms = performance.now() - began;
      service.metrics.request(methods ? path : "other", record);
      options.log(record);
      response.headers.set("x-request-id", record.id);
      // What a client sent next on this connection might be lost.
      if (service.stopping) response.headers.set("connection", "close");
      return response;
    },
    drain: () => service.drain(),
  };
}

function get(route: Route): ReadonlyMap<string, Route> {
  return new Map([["GET", route]]);
}

/** Few enough to be told apart in a log. */
function newId(): string {
  return crypto.getRandomValues(new Uint8Array(6)).toHex();
}

async function answer(
  methods: ReadonlyMap<string, Route> | undefined,
  { request, url, record }: { request: Request; url: URL; record: RequestRecord },
): Promise<Response> {
  if (!methods) throw new Refusal(404, `There is no ${url.pathname}: see /openapi.json`);
  const route = methods.get(request.method === "HEAD" ? "GET" : request.method);
  if (route) return await route(request, url, record);
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
  if (error instanceof DOMException && error.name === "AbortError") return new Refusal(499, "The client has gone");
  record.defect = error instanceof Error ? error.stack ?? error.message : String(error);
  return new Refusal(500, "Cannot answer: this is a defect of the server");
}

class Service {
  readonly metrics: Metrics;
  readonly classifier: Classifier;
  /** Whether nothing new is taken. */
  stopping = false;
  readonly #executor: AdaptiveExecutor;
  /** What is being answered. */
  readonly #active = new Set<Promise<Response>>();

  constructor(executor: AdaptiveExecutor, options: HandlerOptions) {
    this.#executor = executor;
    this.classifier = new Classifier(executor, options, (results) => this.metrics.batch(results));
    this.metrics = new Metrics(executor.model.network.exits.length, () => this.classifier.load);
  }

  async drain(): Promise<void> {
    this.stopping = true;
    await Promise.allSettled(this.#active);
  }

  classify(request: Request, { searchParams }: URL, record: RequestRecord): Promise<Response> {
    if (this.stopping) throw busy("stopping", "the server is stopping");
    const answer = this.classifier.answer(request, searchParams, record);
    this.#active.add(answer);
    return answer.finally(() => this.#active.delete(answer));
  }

  async health(): Promise<Response> {
    const { model, device } = this.#executor;
    const { status, error } = await this.#state();
    const exits = model.network.exits.map(({ label, cumulativeFlops }, k) => ({
      exit: k + 1,
      label,
      flops: cumulativeFlops,
    }));
    return Response.json(
      { status, error, model: model.name, device, exits },
      { status: status === "ok" ? 200 : 503 },
    );
  }

  async ready(): Promise<Response> {
    const { status, error } = await this.#state();
    return Response.json({ status, error }, { status: status === "ok" ? 200 : 503 });
  }

  metricsPage(): Response {
    const { metrics } = this;
    return new Response(metrics.text(), { headers: { "content-type": metrics.contentType } });
  }

  async #state(): Promise<{ status: "ok" | "stopping" | "failed"; error?: string }> {
    const error = await this.classifier.failure();
    return { status: this.stopping ? "stopping" : error === undefined ? "ok" : "failed", error };
  }
}

function greeting({ model, device }: AdaptiveExecutor): string {
  return `${model.name} on ${device.name}

POST /classify       an image, or several as multipart/form-data: curl -F image=@cat.jpg …/classify
GET  /health         whether it can answer (/health/ready the same in short, /health/live whether it runs)
GET  /metrics        for Prometheus
GET  /openapi.json   all of this, in detail
`;
}
