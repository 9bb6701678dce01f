/**
 * LZW as used in TIFF and GIF.
 *
 * @module
 */

/** Differences between the formats. */
export interface LzwOptions {
  /** Bits per value. */
  readonly bits: number;
  /** Which bit of a byte comes first. */
  readonly first: "high" | "low";
  /** Whether codes grow one code early, as TIFF's do. */
  readonly early: boolean;
  /** Number of bytes to decompress. The rest is ignored. */
  readonly length: number;
}

/** Longest codes, in bits. */
const MAX_BITS = 12;

/**
 * Unpacks data.
 *
 * @returns `length` bytes, or fewer if the data end earlier.
 * @throws {RangeError} If a code is invalid.
 */
export function unpackLzw(packed: Uint8Array, { bits, first, early, length }: LzwOptions): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(length);
  const [clear, end] = [1 << bits, (1 << bits) + 1];
  // Entry `code` is the bytes of entry `before[code]` followed by the byte `last[code]`.
  const before = new Uint16Array(1 << MAX_BITS);
  const last = new Uint8Array(1 << MAX_BITS);
  const lengths = new Uint16Array(1 << MAX_BITS);
  for (let value = 0; value < clear; value++) {
    last[value] = value;
    lengths[value] = 1;
  }
  let [at, held, buffer] = [0, 0, 0];
  let [size, next, previous] = [bits + 1, end + 1, -1];
  let written = 0;

  /** Writes the bytes of a code from the last to the first. Returns the first. */
  const write = (code: number): number => {
    let to = written + lengths[code]!;
    written = to;
    let current = code;
    for (; current > end; current = before[current]!) out[--to] = last[current]!; // writes beyond the end are ignored
    out[--to] = last[current]!;
    return last[current]!;
  };

  while (written < length) {
    while (held < size) {
      if (at === packed.length) return out.subarray(0, written);
      const byte = packed[at++]!;
      buffer = first === "high" ? (buffer << 8 | byte) & 0xffffff : buffer | byte << held;
      held += 8;
    }
    const mask = (1 << size) - 1;
    const code = first === "high" ? buffer >>> (held - size) & mask : buffer & mask;
    if (first === "low") buffer >>>= size;
    held -= size;
    if (code === end) break;
    if (code === clear) {
      [size, next, previous] = [bits + 1, end + 1, -1];
      continue;
    }
    if (code > next || (code === next && previous < 0) || (code >= clear && previous < 0)) {
      throw new RangeError("an LZW code is invalid");
    }
    if (previous >= 0 && next < 1 << MAX_BITS) {
      before[next] = previous;
      lengths[next] = lengths[previous]! + 1;
      // If the code is the new entry itself, its last byte is its first one.
      let start = code === next ? previous : code;
      while (start > end) start = before[start]!;
      last[next] = last[start]!;
      next++;
    }
    if (code >= next) throw new RangeError("an LZW code is invalid");
    write(code);
    if (next + (early ? 1 : 0) >= 1 << size && size < MAX_BITS) size++;
    previous = code;
  }
  return out.subarray(0, Math.min(written, length));
}
