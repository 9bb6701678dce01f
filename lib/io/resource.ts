/**
 * Files from where people keep them, and from the library itself, which may have been imported over the network.
 *
 * @module
 */

import { openCache } from "./cache.ts";
import { readBoundedFile } from "./files.ts";
import { RanetError } from "../errors.ts";

/** Whether something is on the web, not a path. */
export function isUrl(pathOrUrl: string): boolean {
  return /^https?:/i.test(pathOrUrl);
}

/**
 * Reads a file or URL.
 *
 * @param options `stall`: milliseconds without a byte after which a download is given up.
 * @throws {RanetError} If it is not there, larger than `maxBytes`, or does not come.
 */
export async function readResource(
  pathOrUrl: string | URL,
  options: { readonly maxBytes: number; readonly stall?: number },
): Promise<Uint8Array<ArrayBuffer>> {
  const isFile = pathOrUrl instanceof URL ? pathOrUrl.protocol === "file:" : !isUrl(pathOrUrl);
  if (isFile) return await readBoundedFile(pathOrUrl, options.maxBytes);
  return await download(String(pathOrUrl), options);
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

async function download(
  url: string,
  { maxBytes, stall = STALL }: { readonly maxBytes: number; readonly stall?: number },
): Promise<Uint8Array<ArrayBuffer>> {
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
    if (!response.ok) {
      await response.body?.cancel();
      throw new RanetError(`Cannot fetch ${url}: the server answered ${response.status} ${response.statusText}`);
    }
    return await readBoundedStream((response.body ?? new Blob().stream()).pipeThrough(again), {
      maxBytes,
      tooLarge: `Cannot fetch ${url}: it is larger than ${maxBytes} bytes`,
    });
  } catch (error) {
    if (error instanceof RanetError) throw error;
    throw new RanetError(`Cannot fetch ${url}: ${(error as Error).message}`);
  } finally {
    clearTimeout(timer);
  }
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
    if (length > options.maxBytes) throw new RanetError(options.tooLarge);
    chunks.push(new Uint8Array(chunk));
  }
  return await new Blob(chunks).bytes();
}
