/**
 * The boxes of HEIF files. AVIF is a HEIF format.
 *
 * @module
 */

/** A box: a part of a file, with a type of four letters. */
export interface HeifBox {
  /** Its type. */
  readonly type: string;
  /** Range of its content, in bytes from the start of the file. */
  readonly start: number;
  /** Start of the next box. */
  readonly end: number;
}

/** Most boxes on one level. No real file has more. */
const MAX_BOXES = 10_000;

/** The boxes between two positions, up to the first that is invalid. */
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
