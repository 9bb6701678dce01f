/**
 * The segments of a JPEG file, up to its picture's data.
 *
 * @module
 */

/** A segment: a marker, and what it says. */
export interface JpegSegment {
  /** The marker's second byte. */
  readonly marker: number;
  /** Where the marker is. */
  readonly start: number;
  /** Where its payload is, behind its length. */
  readonly payload: number;
  /** Where the next segment begins. */
  readonly end: number;
}

/** Markers that come up. */
export const MARKER = { end: 0xd9, scan: 0xda, app0: 0xe0, app1: 0xe1, adobe: 0xee } as const;

/** Segments and stray bytes before a JPEG's frame: more are no file that a camera or a program wrote. */
const MAX_STEPS = 100_000;

/**
 * Walks the segments, always forward; the first scan, which reaches to the end of the file, is the last.
 *
 * @throws {RangeError} If the file ends inside of one.
 */
export function* jpegSegments(bytes: Uint8Array): Generator<JpegSegment, undefined> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 2;
  for (let step = 0; step < MAX_STEPS; step++) {
    const marker = view.getUint8(at + 1);
    if (view.getUint8(at) !== 0xff || marker === 0xff) at++; // stray and fill bytes, which decoders skip as well
    else if (marker === MARKER.end) return;
    else if (marker <= 0x01 || (marker >= 0xd0 && marker <= 0xd8)) at += 2; // markers without a length
    else {
      const end = marker === MARKER.scan ? bytes.length : at + 2 + view.getUint16(at + 2);
      yield { marker, start: at, payload: at + 4, end };
      if (marker === MARKER.scan) return;
      at = end;
    }
  }
}

/** C0 to CF start a frame, but for the three that define tables. */
export function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

/** The segments that pixels depend on, without those that begin and end a file, and those of programs. */
export function pixelSegments(bytes: Uint8Array): Uint8Array[] {
  return jpegSegments(bytes)
    .filter(({ marker }) => marker < MARKER.app0)
    .map(({ start, end }) => bytes.subarray(start, end))
    .toArray();
}
