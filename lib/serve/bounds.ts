/**
 * Limits of a request: its duration, the memory of its body, and the number of its images in the queue.
 *
 * @module
 */

import type { DecoderPool } from "../data/decoder_pool.ts";
import type { RequestRecord } from "./access_log.ts";
import type { ReadOptions } from "./images.ts";
import { busy, Refusal } from "./refusal.ts";
import type { Shares } from "./shares.ts";
import { TimeLimit } from "./time_limit.ts";

/** Limits of requests. */
export interface RequestLimits {
  /** Longest time in milliseconds that an image waits for others to form a batch. */
  readonly batchWait: number;
  /** Maximum number of queued images of all requests. */
  readonly maxQueue: number;
  /** Maximum number of images in a request. */
  readonly maxImages: number;
  /** Maximum size of a body in bytes. */
  readonly maxBody: number;
  /** Maximum memory in bytes for the bodies of all requests. */
  readonly maxHeld: number;
  /** Maximum number of pixels of an image. */
  readonly maxPixels: number;
  /** Maximum number of pixels of all images in a request. */
  readonly maxRequestPixels: number;
  /** Milliseconds within which a body must arrive. */
  readonly bodyTimeout: number;
  /** Milliseconds within which a request must be answered. */
  readonly timeout: number;
  /** The pool that decodes images. */
  readonly decoders: DecoderPool;
}

/** Limits that all models share. */
export interface SharedBounds {
  /** Places of images in the queue. */
  readonly places: Shares;
  /** Memory of bodies in bytes. */
  readonly bytes: Shares;
}

/** How a request is read. */
export interface Reading {
  readonly limit: TimeLimit;
  readonly record: RequestRecord;
  readonly options: ReadOptions;
  /** Takes places in the queue, which are released when the request is answered. */
  readonly takePlaces: (count: number) => void;
}

/**
 * Answers a request within its limits of time and memory. Whatever it took is released at the end.
 *
 * @param record Receives the number of bytes of the body.
 * @param run Answers the request.
 * @throws {Refusal} If the server is too busy, or the time limit has passed.
 */
export async function withinBounds(
  request: Request,
  record: RequestRecord,
  { limits, bounds }: { readonly limits: RequestLimits; readonly bounds: SharedBounds },
  run: (reading: Reading) => Promise<Response>,
): Promise<Response> {
  const { client } = record;
  const { bytes, places } = bounds;
  record.bytes = 0;
  using limit = new TimeLimit(request.signal, limits);
  let taken = 0;
  let held = 0;
  try {
    held = await roomForBody(request, client, { limits, bounds, signal: limit.signal });
    return await run({
      limit,
      record,
      options: {
        ...limits,
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
  } finally {
    bytes.give(client, held);
    places.give(client, taken);
  }
}

/**
 * Waits until there is memory for a body of known length, so that photos that arrive together are read in turn. It
 * reserves the memory before it reads, so that no two requests wait for each other with half-read bodies.
 *
 * @returns The number of bytes that were reserved.
 */
async function roomForBody(
  request: Request,
  client: string,
  { limits, bounds, signal }: {
    readonly limits: RequestLimits;
    readonly bounds: SharedBounds;
    readonly signal: AbortSignal;
  },
): Promise<number> {
  const length = Number(request.headers.get("content-length") ?? 0);
  if (!(length > 0) || length > limits.maxBody) return 0; // refused when it is read
  try {
    await bounds.bytes.takeSoon(client, length, signal);
    return length;
  } catch (error) {
    throw error instanceof Refusal && error.status === 408 ? busy("bodies", "too many bodies are being read") : error;
  }
}
