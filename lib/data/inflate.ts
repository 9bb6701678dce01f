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

/**
 * Decompresses data to the length that its first bytes give, plus one byte if there is more.
 *
 * @param packed The data.
 * @param options `start`: how many first bytes `size` needs; `size`: the length by the first bytes, these included; `max`:
 * the largest length.
 * @throws {TypeError} If it is damaged.
 * @throws {RangeError} If the length is above `max`.
 */
export async function inflateSized(
  packed: Uint8Array,
  { format, start, size, max }: {
    readonly format: "deflate" | "gzip";
    readonly start: number;
    readonly size: (head: Uint8Array) => number;
    readonly max: number;
  },
): Promise<Uint8Array> {
  let bytes = new Uint8Array(start);
  let filled = 0;
  let promised: number | undefined;
  const fill = (part: Uint8Array): Uint8Array => {
    const fitting = part.subarray(0, bytes.length - filled);
    bytes.set(fitting, filled);
    filled += fitting.length;
    return part.subarray(fitting.length);
  };
  for await (const part of inflate([packed], format)) {
    let rest = fill(part);
    if (promised === undefined && filled === start) {
      promised = size(bytes);
      if (promised > max) throw new RangeError(`it unpacks to more than ${max} bytes`);
      const head = bytes;
      bytes = new Uint8Array(Math.min(promised, packed.length * MAX_EXPANSION) + 1);
      bytes.set(head);
      rest = fill(rest);
    }
    if (promised !== undefined && filled > promised) break;
  }
  return bytes.subarray(0, filled);
}
