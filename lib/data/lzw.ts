/**
 * LZW, as TIFF and GIF have it.
 *
 * @module
 */

/** What differs between the formats. */
export interface LzwOptions {
  /** Bits of a value. */
  readonly bits: number;
  /** Which bit of a byte comes first. */
  readonly first: "high" | "low";
  /** Whether codes grow one code early, as TIFF's do. */
  readonly early: boolean;
  /** Bytes that are wanted: what comes after them is not unpacked. */
  readonly length: number;
}

/** Longest codes, in bits. */
const MAX_BITS = 12;

/**
 * Unpacks data.
 *
 * @returns As many bytes as were wanted, fewer if there are no more.
 * @throws {RangeError} If a code makes no sense.
 */
export function unpackLzw(packed: Uint8Array, { bits, first, early, length }: LzwOptions): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(length);
  const [clear, end] = [1 << bits, (1 << bits) + 1];
  // Entry `code` is what entry `before[code]` stands for, and the byte `last[code]`.
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

  /** Writes what a code stands for, from its last byte to its first, which it returns. */
  const write = (code: number): number => {
    let to = written + lengths[code]!;
    written = to;
    let current = code;
    for (; current > end; current = before[current]!) out[--to] = last[current]!; // beyond the end, nothing is kept
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
      throw new RangeError("an LZW code makes no sense");
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
    if (code >= next) throw new RangeError("an LZW code makes no sense");
    write(code);
    if (next + (early ? 1 : 0) >= 1 << size && size < MAX_BITS) size++;
    previous = code;
  }
  return out.subarray(0, Math.min(written, length));
}
