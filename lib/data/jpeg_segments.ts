/**
 * The segments of a JPEG file before its pixel data.
 *
 * @module
 */

/** A segment: a marker and its payload. */
export interface JpegSegment {
  /** The marker's second byte. */
  readonly marker: number;
  /** Start of the marker. */
  readonly start: number;
  /** Start of its payload, after the length field. */
  readonly payload: number;
  /** Start of the next segment. */
  readonly end: number;
}

/** Markers that are used here. */
export const MARKER = { end: 0xd9, scan: 0xda, app0: 0xe0, app1: 0xe1, adobe: 0xee } as const;

/** Most segments and stray bytes before a JPEG's frame. No real file has more. */
const MAX_STEPS = 100_000;

/**
 * Yields the segments in order. The last one is the first scan, which extends to the end of the file.
 *
 * @throws {RangeError} If the file ends inside a segment.
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

/** Whether a marker starts a frame: C0 to CF, except the three that define tables. */
export function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

/** The segments that pixels depend on: not the start and end markers, and no application data. */
export function pixelSegments(bytes: Uint8Array): Uint8Array[] {
  return jpegSegments(bytes)
    .filter(({ marker }) => marker < MARKER.app0)
    .map(({ start, end }) => bytes.subarray(start, end))
    .toArray();
}
