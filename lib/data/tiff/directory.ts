/**
 * TIFF directories: numbers by tag. EXIF data have the same format.
 *
 * @module
 */

/** Bytes of a value, by the type of a field; only types of whole numbers are listed. */
const SIZES: ReadonlyMap<number, 1 | 2 | 4 | 8> = new Map([[1, 1], [3, 2], [4, 4], [7, 1], [13, 4], [16, 8], [18, 8]]);
/** A field's text. */
const TEXTS: typeof SIZES = new Map([[2, 1]]);
/** Most fields. No real file has more. */
const MAX_FIELDS = 4096;
/** A field with more numbers is refused. The largest picture has fewer tiles, even with a plane per channel. */
const MAX_NUMBERS = 4_000_000;

/** A directory. Its numbers are read on demand. */
export interface Directory {
  /** Whether a field exists. */
  has(tag: number): boolean;
  /**
   * The whole numbers of a field.
   *
   * @param most Number of values to read, the first ones. Default: all.
   * @returns `undefined` if the field is missing or has values of another type.
   * @throws {RangeError} If it is not within the file.
   */
  numbers(tag: number, most?: number): readonly number[] | undefined;
  /**
   * The bytes of a field.
   *
   * @throws {RangeError} If it is not within the file.
   */
  bytes(tag: number): Uint8Array | undefined;
  /**
   * The text of a field.
   *
   * @throws {RangeError} If it is not within the file.
   */
  text(tag: number): string | undefined;
  /** Whether numbers are little-endian. */
  readonly little: boolean;
  /** Position of the next directory; 0 if there is none. */
  readonly next: number;
}

/** Whether a file is a TIFF, in either byte order, with addresses of four or eight bytes (BigTIFF). */
export function isTiff(bytes: Uint8Array): boolean {
  return /^(?:II[*+]\0|MM\0[*+])/.test(String.fromCharCode(...bytes.subarray(0, 4)));
}

/**
 * Reads a directory.
 *
 * @param bytes A file for which `isTiff` is true.
 * @param place Position of the directory. Default: the file's first one.
 * @throws {RangeError} If it is not within the file.
 */
export function readDirectory(bytes: Uint8Array, place?: number): Directory {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = view.getUint8(0) === 0x49;
  const big = view.getUint16(2, little) === 43;
  const number = (at: number, size: 1 | 2 | 4 | 8): number => {
    if (size === 8) return Number(view.getBigUint64(at, little));
    return size === 4 ? view.getUint32(at, little) : size === 2 ? view.getUint16(at, little) : view.getUint8(at);
  };
  const word = big ? 8 : 4;
  const start = place ?? number(big ? 8 : 4, word);
  const first = start + (big ? 8 : 2);
  const count = number(start, big ? 8 : 2);
  if (count > MAX_FIELDS) throw new RangeError(`${count} fields are more than ${MAX_FIELDS}`);
  const entries = new Map<number, number>();
  for (let i = 0; i < count; i++) {
    const entry = first + i * (4 + 2 * word);
    const tag = number(entry, 2);
    if (!entries.has(tag)) entries.set(tag, entry);
  }
  /** Finds the values of a field. */
  const find = (
    tag: number,
    isText = false,
  ): { readonly at: number; readonly count: number; readonly size: 1 | 2 | 4 | 8 } | undefined => {
    const entry = entries.get(tag);
    const type = entry === undefined ? undefined : number(entry + 2, 2);
    const size = type === undefined ? undefined : (isText ? TEXTS : SIZES).get(type);
    if (entry === undefined || size === undefined) return undefined;
    const count = number(entry + 4, word);
    const inside = count * size <= word;
    const at = inside ? entry + 4 + word : number(entry + 4 + word, word);
    if (count > MAX_NUMBERS || at + count * size > bytes.length) {
      throw new RangeError("a field is outside the file");
    }
    return { at, count, size };
  };
  const end = first + count * (4 + 2 * word);
  return {
    little,
    next: end + word <= bytes.length ? number(end, word) : 0,
    has: (tag) => entries.has(tag),
    numbers(tag, most = Infinity) {
      const field = find(tag);
      const length = Math.min(field?.count ?? 0, most);
      return field && Array.from({ length }, (_, i) => number(field.at + i * field.size, field.size));
    },
    bytes(tag) {
      const field = find(tag);
      return field && bytes.subarray(field.at, field.at + field.count * field.size);
    },
    text(tag) {
      const field = find(tag, true);
      return field && new TextDecoder().decode(bytes.subarray(field.at, field.at + field.count)).replace(/\0.*$/s, "");
    },
  };
}
