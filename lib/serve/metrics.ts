/**
 * Metrics in Prometheus' text format (https://prometheus.io/docs/instrumenting/exposition_formats). The usual library,
 * prom-client, depends on packages that `deno compile` does not support.
 *
 * @module
 */

import type { Classification } from "../executor/classification.ts";
import type { RequestRecord } from "./access_log.ts";

/** Bucket bounds in seconds: from one small image on a GPU to the timeout. */
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const BATCH_SIZES = [1, 2, 4, 8, 16, 32, 64, 128];

/** Counts values up to each bound. */
class Histogram {
  readonly #counts = new Map<number, number>();
  #count = 0;
  #sum = 0;

  constructor(bounds: readonly number[]) {
    for (const bound of bounds) this.#counts.set(bound, 0);
  }

  observe(value: number): void {
    for (const [bound, count] of this.#counts) if (value <= bound) this.#counts.set(bound, count + 1);
    this.#count++;
    this.#sum += value;
  }

  /** `labels` precede a bucket's own label. */
  lines(name: string, labels = ""): string[] {
    const buckets = [...this.#counts, ["+Inf", this.#count]];
    const only = labels === "" ? "" : `{${labels}}`;
    return [
      ...buckets.map(([bound, count]) => `${name}_bucket{${labels === "" ? "" : `${labels},`}le="${bound}"} ${count}`),
      `${name}_sum${only} ${this.#sum}`,
      `${name}_count${only} ${this.#count}`,
    ];
  }
}

/** Current load. */
export interface Load {
  /** Memory of bodies in bytes. */
  readonly bytes: number;
  /** Number of log lines that could not be written since the start. */
  readonly linesLost: number;
  /** Number of images that wait for a decoder. */
  readonly undecoded: number;
  /** Number of images that wait for their batch. */
  readonly queued: number;
}

/** Count and total duration of an operation. */
export interface Timed {
  /** Number of operations. */
  count: number;
  /** Total duration in nanoseconds. */
  ns: number;
}

/** Counters of one model. */
export class ModelMetrics {
  /** Successful and failed requests. */
  readonly success: Timed = { count: 0, ns: 0 };
  readonly fail: Timed = { count: 0, ns: 0 };
  /** Queueing, decoding and computation of images. */
  readonly queue: Timed = { count: 0, ns: 0 };
  readonly decode: Timed = { count: 0, ns: 0 };
  readonly compute: Timed = { count: 0, ns: 0 };
  /** Number of images and of batches. */
  images = 0;
  batches = 0;
  /** Time of the last response in milliseconds since 1970. */
  last = 0;
  /** Number of images by exit. */
  exits: number[] = [];
  /** Total multiply-adds. */
  flops = 0;
  /** Seconds per image: queueing and computation. */
  readonly queueSeconds: Histogram = new Histogram(SECONDS);
  readonly computeSeconds: Histogram = new Histogram(SECONDS);
  /** Batch sizes. */
  readonly sizes: Histogram = new Histogram(BATCH_SIZES);

  /** Called when the model has been loaded, with its number of exits. */
  loaded(exits: number): void {
    if (this.exits.length === 0) this.exits = new Array<number>(exits).fill(0);
  }

  /** Counts a request. */
  inference({ images = 0, queue, decode, compute }: RequestRecord, { ok, ms }: { ok: boolean; ms: number }): void {
    const add = (timed: Timed, time: number | undefined, count: number) => {
      if (time === undefined) return;
      timed.count += count;
      timed.ns += Math.round(1e6 * time);
    };
    add(ok ? this.success : this.fail, ms, 1);
    if (!ok) return;
    this.images += images;
    this.last = Date.now();
    add(this.queue, queue, 1);
    add(this.decode, decode, 1);
    add(this.compute, compute, 1);
    this.queueSeconds.observe((queue ?? 0) / 1000);
    this.computeSeconds.observe((compute ?? 0) / 1000);
  }

  /** Counts a batch. */
  batch(results: readonly Classification[]): void {
    this.batches++;
    this.sizes.observe(results.length);
    for (const { exit, flops } of results) {
      this.exits[exit - 1]++;
      this.flops += flops;
    }
  }
}

/** Counters of one server. */
export class Metrics {
  /** Media type of {@linkcode text}. */
  readonly contentType = "text/plain; version=0.0.4; charset=utf-8";
  /** Current number of connections. */
  connections = 0;
  /** Number of connections closed to make room for others. */
  connectionsEnded = 0;
  readonly #load: () => Load;
  /** Counts by labels. */
  readonly #requests = new Map<string, number>();
  /** Counts by reason. */
  readonly #refused = new Map<string, number>();
  readonly #latency = new Histogram(SECONDS);
  readonly #models: ReadonlyMap<string, ModelMetrics>;

  /**
   * Starts at zero.
   *
   * @param models The models' names. Only these are used as labels.
   * @param load Returns the current load.
   */
  constructor(models: readonly string[], load: () => Load) {
    this.#models = new Map(models.map((name) => [name, new ModelMetrics()]));
    this.#load = load;
  }

  /** The counters of a model. */
  model(name: string): ModelMetrics {
    return this.#models.get(name)!;
  }

  /** Counts an answered request; `path` is a route of the server. */
  request(path: string, { status, reason, ms }: RequestRecord): void {
    const labels = `path="${path}",status="${status}"`;
    this.#requests.set(labels, (this.#requests.get(labels) ?? 0) + 1);
    if (reason !== undefined) this.#refused.set(reason, (this.#refused.get(reason) ?? 0) + 1);
    if (/\/(classify|infer)$/.test(path) && status === 200) this.#latency.observe(ms / 1000);
  }

  /** All metrics as text. */
  text(): string {
    const requests = [...this.#requests].map(([labels, count]) => `ranet_http_requests_total{${labels}} ${count}`);
    const refused = [...this.#refused].map(([reason, count]) => `ranet_refused_total{reason="${reason}"} ${count}`);
    const load = this.#load();
    const models = [...this.#models].map(([name, own]) =>
      [`model="${name.replaceAll(/["\\\n]/g, "_")}"`, own] as const
    );
    const each = (lines: (labels: string, own: ModelMetrics) => readonly string[]) =>
      models.flatMap(([labels, own]) => lines(labels, own));
    return [
      ...about("ranet_http_requests_total", "counter", "Number of answered requests."),
      ...requests,
      ...about("ranet_refused_total", "counter", "Requests without a result, by reason or status."),
      ...refused,
      ...about("ranet_classify_seconds", "histogram", "Time from a request to its results in seconds."),
      ...this.#latency.lines("ranet_classify_seconds"),
      ...about("ranet_images_total", "counter", "Number of classified images by exit."),
      ...each((labels, { exits }) => exits.map((count, k) => `ranet_images_total{${labels},exit="${k + 1}"} ${count}`)),
      ...about("ranet_multiply_adds_total", "counter", "Total multiply-adds."),
      ...each((labels, { flops }) => [`ranet_multiply_adds_total{${labels}} ${flops}`]),
      ...about("ranet_batch_images", "histogram", "Batch sizes in images."),
      ...each((labels, { sizes }) => sizes.lines("ranet_batch_images", labels)),
      ...about("ranet_queue_seconds", "histogram", "Time for which requests waited for their batch, in seconds."),
      ...each((labels, { queueSeconds }) => queueSeconds.lines("ranet_queue_seconds", labels)),
      ...about("ranet_compute_seconds", "histogram", "Time to compute a request's images, in seconds."),
      ...each((labels, { computeSeconds }) => computeSeconds.lines("ranet_compute_seconds", labels)),
      ...about("ranet_queued_images", "gauge", "Number of images that wait for their batch."),
      `ranet_queued_images ${load.queued}`,
      ...about("ranet_undecoded_images", "gauge", "Number of images that wait for a decoder."),
      `ranet_undecoded_images ${load.undecoded}`,
      ...about("ranet_held_bytes", "gauge", "Memory of request bodies in bytes."),
      `ranet_held_bytes ${load.bytes}`,
      ...about("ranet_connections", "gauge", "Connections."),
      `ranet_connections ${this.connections}`,
      ...about("ranet_connections_ended_total", "counter", "Number of connections closed to make room."),
      `ranet_connections_ended_total ${this.connectionsEnded}`,
      ...about("ranet_log_lines_lost_total", "counter", "Number of log lines that could not be written."),
      `ranet_log_lines_lost_total ${load.linesLost}`,
      "",
    ].join("\n");
  }
}

function about(name: string, type: string, help: string): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
}
