/**
 * Unpacking in bounded memory.
 *
 * @module
 */

/** How much larger deflate makes data, at most. */
export const MAX_EXPANSION = 1032;
/** Bytes that are unpacked at once. */
const SLICE = 4096;

/**
 * Unpacks data bit by bit, as far as they are asked for. Deno 2.9 unpacks all of a chunk that it is given before it gives
 * any of it: so it is given small ones.
 *
 * @param packed Parts of the data.
 * @throws {TypeError} If they are damaged.
 */
export function inflate(packed: Iterable<Uint8Array>, format: "deflate" | "gzip"): ReadableStream<Uint8Array> {
  return ReadableStream.from(slices(packed)).pipeThrough(new DecompressionStream(format));
}

function* slices(parts: Iterable<Uint8Array>): Generator<Uint8Array<ArrayBuffer>> {
  for (const part of parts) {
    for (let at = 0; at < part.length; at += SLICE) yield part.slice(at, at + SLICE);
  }
}
