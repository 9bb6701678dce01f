/**
 * Makes damaged versions of valid files, and random bytes.
 *
 * @module
 */
import fc from "fast-check";

/** A change of bytes. Positions are shares of the length. */
type Edit = (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>;

const share = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
/** Numbers at the limits of lengths and counts. */
const edges = [0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];

function join(...parts: Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

const flip = fc.record({ at: share, bit: fc.nat(7) }).map(({ at, bit }): Edit => (bytes) => {
  const copy = bytes.slice();
  if (copy.length > 0) copy[Math.floor(at * copy.length)] ^= 1 << bit;
  return copy;
});

const number = fc.record({
  at: share,
  value: fc.constantFrom(...edges),
  width: fc.constantFrom(1, 2, 4),
  little: fc.boolean(),
}).map(({ at, value, width, little }): Edit => (bytes) => {
  const copy = bytes.slice();
  const start = Math.floor(at * copy.length);
  if (start + width > copy.length) return copy;
  const view = new DataView(copy.buffer, start);
  if (width === 1) view.setUint8(0, value);
  else if (width === 2) view.setUint16(0, value, little);
  else view.setUint32(0, value, little);
  return copy;
});

const cut = share.map((at): Edit => (bytes) => bytes.slice(0, Math.ceil(at * bytes.length)));

const remove = fc.record({ at: share, length: fc.nat(64) }).map(({ at, length }): Edit => (bytes) => {
  const start = Math.floor(at * bytes.length);
  return join(bytes.slice(0, start), bytes.slice(start + length));
});

/** Repeats a part at another position. */
const repeat = fc.record({ from: share, length: fc.nat(200), to: share, times: fc.integer({ min: 1, max: 20 }) })
  .map(({ from, length, to, times }): Edit => (bytes) => {
    const start = Math.floor(from * bytes.length);
    const part = bytes.slice(start, start + length);
    const at = Math.floor(to * bytes.length);
    return join(bytes.slice(0, at), ...new Array<typeof part>(times).fill(part), bytes.slice(at));
  });

/** Inserts bytes. */
function insert(words: readonly string[]): fc.Arbitrary<Edit> {
  const text = words.length > 0
    ? [fc.constantFrom(...words).map((word) => Uint8Array.from(word, (char) => char.charCodeAt(0)))]
    : [];
  const bytes = fc.uint8Array({ maxLength: 20 }).map((bytes) => new Uint8Array(bytes));
  return fc.record({ at: share, what: fc.oneof(bytes, ...text) }).map(({ at, what }): Edit => (bytes) => {
    const start = Math.floor(at * bytes.length);
    return join(bytes.slice(0, start), what, bytes.slice(start));
  });
}

/**
 * Valid files with a few changes, and sometimes random bytes.
 *
 * @param seeds The valid files.
 * @param words Byte sequences with a meaning in this format, one character per byte.
 */
export function damaged(
  seeds: readonly Uint8Array<ArrayBuffer>[],
  words: readonly string[] = [],
): fc.Arbitrary<Uint8Array<ArrayBuffer>> {
  const edit = fc.oneof(flip, number, cut, remove, repeat, insert(words));
  const changed = fc.record({ seed: fc.constantFrom(...seeds), edits: fc.array(edit, { maxLength: 6 }) })
    .map(({ seed, edits }) => edits.reduce((bytes, change) => change(bytes), seed));
  const noise = fc.uint8Array({ maxLength: 300 }).map((bytes) => new Uint8Array(bytes));
  return fc.oneof({ weight: 20, arbitrary: changed }, { weight: 1, arbitrary: noise });
}
