/**
 * TIFF's directories: numbers by tag. EXIF is one as well.
 *
 * @module
 */

/** Bytes of a value, by the type of a field; only types of whole numbers are listed. */
const SIZES: ReadonlyMap<number, 1 | 2 | 4 | 8> = new Map([[1, 1], [3, 2], [4, 4], [7, 1], [13, 4], [16, 8], [18, 8]]);
/** The same of texts. */
const TEXTS: typeof SIZES = new Map([[2, 1]]);
/** More fields are no file that a program wrote. */
const MAX_FIELDS = 4096;
/** A field of more numbers is refused: of the tiles of the largest picture, each with its planes, there are fewer. */
const MAX_NUMBERS = 4_000_000;

/** A directory, whose numbers are read when they are asked for. */
export interface Directory {
  /** Whether there is such a field. */
  has(tag: number): boolean;
  /**
   * The whole numbers of a field.
   *
   * @returns `undefined` if it is missing or has other values.
   * @throws {RangeError} If it does not lie within the file.
   */
  numbers(tag: number): readonly number[] | undefined;
  /**
   * The bytes of a field.
   *
   * @throws {RangeError} If it does not lie within the file.
   */
  bytes(tag: number): Uint8Array | undefined;
  /**
   * The text of a field.
   *
   * @throws {RangeError} If it does not lie within the file.
   */
  text(tag: number): string | undefined;
  /** Whether numbers have their lowest byte first. */
  readonly little: boolean;
  /** Where the next directory is; 0 if there is none. */
  readonly next: number;
}

/** Whether a file is a TIFF: in either order of bytes, with addresses of four or eight bytes (BigTIFF). */
export function isTiff(bytes: Uint8Array): boolean {
  return /^(?:II[*+]\0|MM\0[*+])/.test(String.fromCharCode(...bytes.subarray(0, 4)));
}

/**
 * Reads a directory.
 *
 * @param bytes A file of which `isTiff` is true.
 * @param place Where it is; by default, the file's first one.
 * @throws {RangeError} If it does not lie within the file.
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
  /** Where a field's values are. */
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
      throw new RangeError("a field lies outside of the file");
    }
    return { at, count, size };
  };
  const end = first + count * (4 + 2 * word);
  return {
    little,
    next: end + word <= bytes.length ? number(end, word) : 0,
    has: (tag) => entries.has(tag),
    numbers(tag) {
      const field = find(tag);
      return field && Array.from({ length: field.count }, (_, i) => number(field.at + i * field.size, field.size));
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
