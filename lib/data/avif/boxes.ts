/**
 * The boxes of HEIF files, of which AVIF is one.
 *
 * @module
 */

/** A box: a part of a file with a type of four letters. */
export interface HeifBox {
  /** Its type. */
  readonly type: string;
  /** Where its content is. */
  readonly start: number;
  /** Where the next box begins. */
  readonly end: number;
}

/** Boxes beside each other: more are no file that a program wrote. */
const MAX_BOXES = 10_000;

/** The boxes between two places, as far as they make sense. */
export function boxes(view: DataView, from: number, to: number): HeifBox[] {
  const found: HeifBox[] = [];
  for (let at = from; at + 8 <= to && found.length < MAX_BOXES;) {
    const short = view.getUint32(at);
    const [size, header] = short === 1 ? [Number(view.getBigUint64(at + 8)), 16] : [short === 0 ? to - at : short, 8];
    if (size < header) break;
    const end = Math.min(to, at + size);
    const type = String.fromCharCode(...[4, 5, 6, 7].map((i) => view.getUint8(at + i)));
    found.push({ type, start: at + header, end });
    at = end;
  }
  return found;
}
