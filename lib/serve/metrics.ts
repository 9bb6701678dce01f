/**
 * What a server counts, in the text format of Prometheus (https://prometheus.io/docs/instrumenting/exposition_formats).
 * Its usual library, prom-client, needs packages that `deno compile` cannot take.
 *
 * @module
 */

import type { Classification } from "../executor/executor.ts";
import type { RequestRecord } from "./access_log.ts";

/** Seconds: from one small image on a GPU to the timeout. */
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const BATCH_SIZES = [1, 2, 4, 8, 16, 32, 64, 128];

/** How often values were up to each bound. */
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

  lines(name: string): string[] {
    const buckets = [...this.#counts, ["+Inf", this.#count]];
    return [
      ...buckets.map(([bound, count]) => `${name}_bucket{le="${bound}"} ${count}`),
      `${name}_sum ${this.#sum}`,
      `${name}_count ${this.#count}`,
    ];
  }
}

/** What there is just now. */
export interface Load {
  /** Bytes of bodies that are held. */
  readonly bytes: number;
  /** Images that wait for a decoder. */
  readonly undecoded: number;
  /** Images that wait for their batch. */
  readonly queued: number;
}

/** Counters of one server. */
export class Metrics {
  /** The media type of {@linkcode text}. */
  readonly contentType = "text/plain; version=0.0.4; charset=utf-8";
  /** How many connections there are just now. */
  connections = 0;
  /** How many connections were ended to make room for others. */
  connectionsEnded = 0;
  readonly #load: () => Load;
  /** By labels. */
  readonly #requests = new Map<string, number>();
  /** By reason. */
  readonly #refused = new Map<string, number>();
  readonly #latency = new Histogram(SECONDS);
  readonly #batches = new Histogram(BATCH_SIZES);
  readonly #images: number[];
  #flops = 0;

  /**
   * Starts at zero.
   *
   * @param exits How many exits the network has.
   * @param load What there is just now.
   */
  constructor(exits: number, load: () => Load) {
    this.#images = new Array(exits).fill(0);
    this.#load = load;
  }

  /** Counts a request that was answered; `path` is one that the server knows. */
  request(path: string, { status, reason, ms }: RequestRecord): void {
    const labels = `path="${path}",status="${status}"`;
    this.#requests.set(labels, (this.#requests.get(labels) ?? 0) + 1);
    if (reason !== undefined) this.#refused.set(reason, (this.#refused.get(reason) ?? 0) + 1);
    if (path === "/classify" && status === 200) this.#latency.observe(ms / 1000);
  }

  /** Counts a batch. */
  batch(results: readonly Classification[]): void {
    this.#batches.observe(results.length);
    for (const { exit, flops } of results) {
      this.#images[exit - 1]++;
      this.#flops += flops;
    }
  }

  /** All of it. */
  text(): string {
    const requests = [...this.#requests].map(([labels, count]) => `ranet_http_requests_total{${labels}} ${count}`);
    const refused = [...this.#refused].map(([reason, count]) => `ranet_refused_total{reason="${reason}"} ${count}`);
    const load = this.#load();
    const images = this.#images.map((count, k) => `ranet_images_total{exit="${k + 1}"} ${count}`);
    return [
      ...about("ranet_http_requests_total", "counter", "Requests answered."),
      ...requests,
      ...about("ranet_refused_total", "counter", "Requests that got no result, by the reason or the status."),
      ...refused,
      ...about("ranet_classify_seconds", "histogram", "Time from a request to its results."),
      ...this.#latency.lines("ranet_classify_seconds"),
      ...about("ranet_images_total", "counter", "Images classified, by the exit they took."),
      ...images,
      ...about("ranet_multiply_adds_total", "counter", "Multiply-adds spent."),
      `ranet_multiply_adds_total ${this.#flops}`,
      ...about("ranet_batch_images", "histogram", "Images computed together."),
      ...this.#batches.lines("ranet_batch_images"),
      ...about("ranet_queued_images", "gauge", "Images that wait for their batch."),
      `ranet_queued_images ${load.queued}`,
      ...about("ranet_undecoded_images", "gauge", "Images that wait for a decoder."),
      `ranet_undecoded_images ${load.undecoded}`,
      ...about("ranet_held_bytes", "gauge", "Bytes of bodies that are held."),
      `ranet_held_bytes ${load.bytes}`,
      ...about("ranet_connections", "gauge", "Connections."),
      `ranet_connections ${this.connections}`,
      ...about("ranet_connections_ended_total", "counter", "Connections that were ended to make room."),
      `ranet_connections_ended_total ${this.connectionsEnded}`,
      "",
    ].join("\n");
  }
}

function about(name: string, type: string, help: string): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
}
