/**
 * The chunks of a WebP file, and the first frame of an animated one.
 *
 * @module
 */

/** A chunk. */
interface Chunk {
  readonly type: string;
  /** Range of its content. */
  readonly start: number;
  readonly end: number;
  /** Start of the next chunk. */
  readonly next: number;
}

/** Position of a file's first chunk. */
const FIRST = 12;
/** Length of a frame's header in bytes. */
const FRAME_HEADER = 16;

function* chunks(bytes: Uint8Array, from: number, to: number): Generator<Chunk, undefined> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = from; at + 8 <= to;) {
    const length = view.getUint32(at + 4, true);
    const next = at + 8 + length + length % 2;
    const type = String.fromCharCode(...bytes.subarray(at, at + 4));
    yield { type, start: at + 8, end: Math.min(to, at + 8 + length), next };
    at = next;
  }
}

/** EXIF data of a file. */
export function webpExif(bytes: Uint8Array): Uint8Array | undefined {
  const chunk = chunks(bytes, FIRST, bytes.length).find(({ type }) => type === "EXIF");
  return chunk && bytes.subarray(chunk.start, chunk.end);
}

/** A frame of an animated file, as a separate file. */
export interface WebpFrame {
  /** The file. */
  readonly file: Uint8Array<ArrayBuffer>;
  /** Columns to its left. */
  readonly left: number;
  /** Rows above it. */
  readonly top: number;
  /** Width in pixels. */
  readonly width: number;
  /** Height in pixels. */
  readonly height: number;
}

/**
 * Extracts the first frame of an animated file.
 *
 * @throws {RangeError} If it has none.
 */
export function firstWebpFrame(bytes: Uint8Array): WebpFrame {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const uint24 = (at: number): number => view.getUint16(at, true) | view.getUint8(at + 2) << 16;
  const frame = chunks(bytes, FIRST, bytes.length).find(({ type }) => type === "ANMF");
  if (!frame || frame.end < frame.start + FRAME_HEADER) throw new RangeError("it has no frame");
  const { start } = frame;
  const [width, height] = [uint24(start + 6) + 1, uint24(start + 9) + 1];
  const parts = [...chunks(bytes, start + FRAME_HEADER, frame.end)].filter(({ type }) => PICTURE.includes(type));
  const content = parts.map(({ start, next }) => bytes.subarray(start - 8, Math.min(next, frame.end)));
  const file = new Uint8Array(30 + content.reduce((sum, { length }) => sum + length, 0));
  const out = new DataView(file.buffer);
  file.set(new TextEncoder().encode("RIFF\0\0\0\0WEBPVP8X"));
  out.setUint32(4, file.length - 8, true);
  out.setUint32(16, 10, true);
  file[20] = parts.some(({ type }) => type === "ALPH") ? 0x10 : 0;
  [width - 1, height - 1].forEach((value, i) => {
    out.setUint16(24 + 3 * i, value & 0xffff, true);
    file[26 + 3 * i] = value >> 16;
  });
  let at = 30;
  for (const part of content) {
    file.set(part, at);
    at += part.length;
  }
  return { file, left: 2 * uint24(start), top: 2 * uint24(start + 3), width, height };
}

/** Types of chunks with pixel data. */
const PICTURE = ["ALPH", "VP8 ", "VP8L"];
