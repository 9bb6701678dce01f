/**
 * Files from where people keep them, and from the library itself, which may have been imported over the network.
 *
 * @module
 */

import { openCache } from "./cache.ts";
import { exists } from "./exists.ts";
import { readBoundedFile, withFile } from "./files.ts";
import { isUrl, placeName, toPlace } from "./place.ts";
import { RanetError } from "../errors.ts";

/** How much is read, and how patiently. */
export interface ReadResourceOptions {
  /** Most bytes. */
  readonly maxBytes: number;
  /**
   * Milliseconds without a byte after which a download is given up.
   * @default {30_000}
   */
  readonly stall?: number;
}

/**
 * Reads a file: by its path, or by a URL (`http:`, `https:`, `file:`, `data:`, `blob:`), as text or as a `URL`.
 *
 * @throws {RanetError} If it is not there, larger than `maxBytes`, or does not come.
 */
export async function readResource(
  pathOrUrl: string | URL,
  options: ReadResourceOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const place = toPlace(pathOrUrl);
  if (!isUrl(place)) return await readBoundedFile(place, options.maxBytes);
  return await download(place, options);
}

/**
 * Reads a file that need not be there. A server has no such file if it answers so (404, 410), does not let it be read
 * (401, 403: what S3 answers about files that are not there), or answers with a page of its own (HTML).
 *
 * @returns `undefined` if there is none.
 * @throws {RanetError} If it is there and cannot be read, or the server does not answer.
 */
export async function readIfThere(
  place: string,
  options: ReadResourceOptions,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (isUrl(place)) return await download(place, { ...options, optional: true });
  return await withFile(place, () => exists(place)) ? await readResource(place, options) : undefined;
}

/**
 * Reads a file of this library, such as `specs/ranet-cifar10.yaml`. If Deno took the library from the network, the file
 * comes from there once and is then kept, as modules are; a browser keeps it by the server's rules.
 *
 * @param path Where the file is, from the library's root.
 * @param parse Makes something of it. What it refuses is not kept: it may have been cut short on its way.
 */
export async function readBundled<T>(path: string, parse: (bytes: Uint8Array<ArrayBuffer>) => T): Promise<T> {
  const url = new URL(`../../${path}`, import.meta.url);
  if (url.protocol === "file:") return parse(await Deno.readFile(url));
  const cache = "Deno" in globalThis ? await openCache() : undefined;
  const kept = await cache?.match(url);
  if (kept) {
    try {
      return parse(await kept.bytes());
    } catch {
      // Damaged, or of another version of the library at the same URL.
    }
  }
  const bytes = await download(url.href, { maxBytes: Infinity });
  const result = parse(bytes);
  await cache?.put(url, new Response(bytes)).catch(() => {});
  return result;
}

/** Milliseconds without a byte after which a download is given up. */
const STALL = 30_000;

function download(url: string, options: ReadResourceOptions): Promise<Uint8Array<ArrayBuffer>>;
/** As above; `undefined` if it is not there. */
function download(
  url: string,
  options: ReadResourceOptions & { readonly optional: true },
): Promise<Uint8Array<ArrayBuffer> | undefined>;
async function download(
  url: string,
  { maxBytes, stall = STALL, optional = false }: ReadResourceOptions & { readonly optional?: boolean },
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const name = placeName(url);
  const patience = new AbortController();
  const giveUp = () => patience.abort(new Error(`nothing came for ${stall / 1000} s`));
  let timer = setTimeout(giveUp, stall);
  const again = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(chunk, controller) {
      clearTimeout(timer);
      timer = setTimeout(giveUp, stall);
      controller.enqueue(chunk);
    },
  });
  try {
    const response = await fetch(url, { signal: patience.signal });
    if (optional && isMissing(response)) {
      await response.body?.cancel();
      return undefined;
    }
    if (!response.ok) {
      await response.body?.cancel();
      throw new RanetError(`Cannot fetch ${name}: the server answered ${response.status} ${response.statusText}`, {
        code: [404, 410].includes(response.status) ? "not-found" : "unreachable",
      });
    }
    return await readBoundedStream((response.body ?? new Blob().stream()).pipeThrough(again), {
      maxBytes,
      tooLarge: `Cannot fetch ${name}: it is larger than ${maxBytes} bytes`,
    });
  } catch (error) {
    if (error instanceof RanetError) throw error;
    throw new RanetError(`Cannot fetch ${name}: ${reasonOf(error)}`, { code: "unreachable", cause: error });
  } finally {
    clearTimeout(timer);
  }
}

function isMissing({ ok, status, headers }: Response): boolean {
  return ok ? /^text\/html\b/i.test(headers.get("content-type") ?? "") : [401, 403, 404, 410].includes(status);
}

/** An error's message with those of its causes: Node's `fetch` says only "fetch failed". */
function reasonOf(error: unknown): string {
  const reasons: string[] = [];
  for (let one = error; one instanceof Error && reasons.length < 4; one = one.cause) {
    if (one.message !== "" && !reasons.some((reason) => reason.includes((one as Error).message))) {
      reasons.push(one.message);
    }
  }
  return reasons.join(": ") || String(error);
}

/**
 * Reads a stream to its end.
 *
 * @throws {RanetError} With the message `tooLarge`, as soon as there are more than `maxBytes` bytes.
 */
export async function readBoundedStream(
  stream: ReadableStream<Uint8Array>,
  options: { maxBytes: number; tooLarge: string },
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  for await (const chunk of stream) {
    length += chunk.length;
    if (length > options.maxBytes) throw new RanetError(options.tooLarge, { code: "too-large" });
    chunks.push(new Uint8Array(chunk));
  }
  return await new Blob(chunks).bytes();
}
