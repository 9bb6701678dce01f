/**
 * Decompresses request bodies (`Content-Encoding`), which Triton's clients can send.
 *
 * @module
 */

import { Refusal } from "./refusal.ts";

/** Supported encodings, by their HTTP names. */
const FORMATS: ReadonlyMap<string, CompressionFormat | undefined> = new Map([
  ["gzip", "gzip"],
  ["x-gzip", "gzip"],
  ["deflate", "deflate"],
  ["identity", undefined],
]);

/** Bytes that are decompressed at a time. Their output is up to a thousand times as large and all in memory. */
const PIECE = 1024;

/**
 * The body, decompressed as it is read.
 *
 * @throws {Refusal} If the encoding is not supported.
 */
export function unpacked(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  encoding: string | null,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const name = (encoding ?? "identity").trim().toLowerCase();
  if (!FORMATS.has(name)) {
    const known = "gzip, deflate, identity";
    throw new Refusal(415, `Cannot read content-encoding ${JSON.stringify(name)}: expected ${known}`, {
      headers: { "accept-encoding": known },
    });
  }
  const format = FORMATS.get(name);
  if (format === undefined) return body;
  return body.pipeThrough(inPieces()).pipeThrough(new DecompressionStream(format));
}

function inPieces(): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
  return new TransformStream({
    transform(chunk, controller) {
      for (let at = 0; at < chunk.length; at += PIECE) controller.enqueue(chunk.subarray(at, at + PIECE));
    },
  });
}
