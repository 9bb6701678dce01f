/**
 * What bounds a request: the time it may take, the room that its body takes, and how many of its images may wait.
 *
 * @module
 */

import type { DecoderPool } from "../data/decoder_pool.ts";
import type { RequestRecord } from "./access_log.ts";
import type { ReadOptions } from "./images.ts";
import { busy, Refusal } from "./refusal.ts";
import type { Shares } from "./shares.ts";
import { TimeLimit } from "./time_limit.ts";

/** What bounds requests. */
export interface RequestLimits {
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

/** What a request is read with. */
export interface Reading {
  readonly limit: TimeLimit;
  readonly record: RequestRecord;
  readonly options: ReadOptions;
  /** Takes places in the queue; they are given back when the request is answered. */
  readonly takePlaces: (count: number) => void;
}

/**
 * Answers a request within the time and the room that it has; what it took is given back in the end.
 *
 * @param record Where it is written how many bytes came.
 * @param run Answers it.
 * @throws {Refusal} If there is no room, or its time is over.
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
 * Waits until there is room for a body whose length is known: photos that come together are read in turn. It takes the
 * room before it reads, so that no two wait for each other with a part read.
 *
 * @returns How many bytes were taken.
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
