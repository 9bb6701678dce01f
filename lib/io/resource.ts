/**
 * Reads files from paths and URLs, and files of this library, which may have been imported over the network.
 *
 * @module
 */

import { openCache } from "./cache.ts";
import { exists } from "./exists.ts";
import { readBoundedFile, withFile } from "./files.ts";
import { isUrl, placeName, toPlace } from "./place.ts";
import { RanetError } from "../errors.ts";

/** Options for reading a file. */
export interface ReadResourceOptions {
  /** Maximum size in bytes. */
  readonly maxBytes: number;
  /**
   * Milliseconds without data after which a download is aborted.
   * @default {30_000}
   */
  readonly stall?: number;
}

/**
 * Reads a file: by its path, or by a URL (`http:`, `https:`, `file:`, `data:`, `blob:`), as text or as a `URL`.
 *
 * @throws {RanetError} If it is missing, larger than `maxBytes`, or cannot be downloaded.
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
 * Reads an optional file. A file on a server counts as missing if the server answers 404 or 410, 401 or 403 (S3's
 * answer for missing files), or with an HTML page.
 *
 * @returns `undefined` if the file is missing.
 * @throws {RanetError} If it exists and cannot be read, or the server does not answer.
 */
export async function readIfThere(
  place: string,
  options: ReadResourceOptions,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (isUrl(place)) return await download(place, { ...options, optional: true });
  return await withFile(place, () => exists(place)) ? await readResource(place, options) : undefined;
}

/**
 * Reads a file of this library, such as `specs/ranet-cifar10.yaml`. If Deno has imported the library over the network,
 * the file is downloaded once and then cached, like modules. A browser caches it by the server's rules.
 *
 * @param path Path of the file relative to the library's root.
 * @param parse Parses the file. A file that it refuses is not cached, because the download may have been truncated.
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
      // The cached file is damaged, or from another version of the library at the same URL.
    }
  }
  const bytes = await download(url.href, { maxBytes: Infinity });
  const result = parse(bytes);
  await cache?.put(url, new Response(bytes)).catch(() => {});
  return result;
}

/** Default number of milliseconds without data after which a download is aborted. */
const STALL = 30_000;

function download(url: string, options: ReadResourceOptions): Promise<Uint8Array<ArrayBuffer>>;
/** Like the first overload, but returns `undefined` if the file is missing. */
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
  const giveUp = () => patience.abort(new Error(`no data arrived for ${stall / 1000} s`));
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

/** An error's message with those of its causes. The message of Node's `fetch` is only "fetch failed". */
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
