/**
 * Decompression in bounded memory.
 *
 * @module
 */

/** Largest expansion factor of deflate. */
export const MAX_EXPANSION = 1032;
/** Bytes that are decompressed at once. */
const SLICE = 4096;

/**
 * Decompresses data in small pieces, on demand. Deno 2.9 decompresses a whole input chunk before it returns any output;
 * therefore chunks are small.
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
