/**
 * Fax compression of black and white pictures (ITU-T T.4 and T.6).
 *
 * @module
 */

/** Differences between the kinds. */
export interface CcittOptions {
  /**
   * `RLE`: rows start at byte boundaries; `G3`: rows start after end-of-line codes; `G4`: each row is coded relative to
   * the one above.
   */
  readonly kind: "RLE" | "G3" | "G4";
  /** Whether G3 rows may be coded relative to the row above. */
  readonly twoDimensional: boolean;
  /** Pixels in a row. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
}

/** Codes of white and black runs: for 0 to 63 pixels, then in steps of 64. */
const WHITE = `00110101 000111 0111 1000 1011 1100 1110 1111 10011 10100 00111 01000 001000 000011 110100 110101 101010
101011 0100111 0001100 0001000 0010111 0000011 0000100 0101000 0101011 0010011 0100100 0011000 00000010 00000011
00011010 00011011 00010010 00010011 00010100 00010101 00010110 00010111 00101000 00101001 00101010 00101011 00101100
00101101 00000100 00000101 00001010 00001011 01010010 01010011 01010100 01010101 00100100 00100101 01011000 01011001
01011010 01011011 01001010 01001011 00110010 00110011 00110100
11011 10010 010111 0110111 00110110 00110111 01100100 01100101 01101000 01100111 011001100 011001101 011010010
011010011 011010100 011010101 011010110 011010111 011011000 011011001 011011010 011011011 010011000 010011001
010011010 011000 010011011`;
const BLACK =
  `0000110111 010 11 10 011 0011 0010 00011 000101 000100 0000100 0000101 0000111 00000100 00000111 000011000
0000010111 0000011000 0000001000 00001100111 00001101000 00001101100 00000110111 00000101000 00000010111 00000011000
000011001010 000011001011 000011001100 000011001101 000001101000 000001101001 000001101010 000001101011 000011010010
000011010011 000011010100 000011010101 000011010110 000011010111 000001101100 000001101101 000011011010 000011011011
000001010100 000001010101 000001010110 000001010111 000001100100 000001100101 000001010010 000001010011 000000100100
000000110111 000000111000 000000100111 000000101000 000001011000 000001011001 000000101011 000000101100 000001011010
000001100110 000001100111
0000001111 000011001000 000011001001 000001011011 000000110011 000000110100 000000110101 0000001101100 0000001101101
0000001001010 0000001001011 0000001001100 0000001001101 0000001110010 0000001110011 0000001110100 0000001110101
0000001110110 0000001110111 0000001010010 0000001010011 0000001010100 0000001010101 0000001011010 0000001011011
0000001100100 0000001100101`;
/** Codes of 1792 pixels and more, in steps of 64, for both colours. */
const LONG = `00000001000 00000001100 00000001101 000000010010 000000010011 000000010100 000000010101 000000010110
000000010111 000000011100 000000011101 000000011110 000000011111`;
/**
 * Codes of a row relative to the one above: skip a run (pass), two runs (horizontal), or a change at an offset from the
 * one above (vertical).
 */
const MODES = {
  "0001": "pass",
  "001": "runs",
  "1": 0,
  "011": 1,
  "000011": 2,
  "0000011": 3,
  "010": -1,
  "000010": -2,
  "0000010": -3,
} as const;
type Mode = typeof MODES[keyof typeof MODES];

/** Longest code, in bits. */
const MAX_BITS = 13;
/** Number of zeros before the one bit of the end-of-line code. */
const END_OF_ROW = 11;

/** Values by code. A leading one bit marks the length of the code. */
type Table<Value> = ReadonlyMap<number, Value>;
const keyOf = (code: string): number => parseInt(`1${code}`, 2);

function runTable(codes: string): Table<number> {
  const all = `${codes} ${LONG}`.split(/\s+/);
  return new Map(all.map((code, i) => [keyOf(code), i < 64 ? i : 64 * (i - 63)]));
}

const RUNS: readonly [Table<number>, Table<number>] = [runTable(WHITE), runTable(BLACK)];
const MODE_TABLE: Table<Mode> = new Map(Object.entries(MODES).map(([code, mode]) => [keyOf(code), mode]));

/** Reads bits, the highest of a byte first. */
class Bits {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  take(): number {
    const byte = this.#bytes[this.#at >> 3];
    if (byte === undefined) throw new RangeError("it ends too early");
    return byte >> (7 - (this.#at++ & 7)) & 1;
  }

  /** Reads a code and returns its value. */
  code<Value>(table: Table<Value>): Value {
    for (let key = 1, bits = 0; bits < MAX_BITS; bits++) {
      key = 2 * key + this.take();
      const value = table.get(key);
      if (value !== undefined) return value;
    }
    throw new RangeError("a fax code is invalid");
  }

  toWholeByte(): void {
    this.#at = Math.ceil(this.#at / 8) * 8;
  }

  /** Skips an end-of-line code, if there is one. */
  skipEndOfRow(): void {
    let at = this.#at;
    const bit = (): number => (this.#bytes[at >> 3] ?? 0) >> (7 - (at & 7)) & 1;
    while (at < 8 * this.#bytes.length && bit() === 0) at++;
    if (at - this.#at >= END_OF_ROW && at < 8 * this.#bytes.length) this.#at = at + 1;
  }
}

/**
 * Decompresses rows.
 *
 * @returns One bit per pixel; black is 1. Each row starts at a byte boundary.
 * @throws {RangeError} If the data are damaged or end too early.
 */
export function unpackCcitt(packed: Uint8Array, options: CcittOptions): Uint8Array {
  const { kind, twoDimensional, width, height } = options;
  const bits = new Bits(packed);
  const stride = Math.ceil(width / 8);
  const out = new Uint8Array(stride * height);
  let above: readonly number[] = [];
  for (let y = 0; y < height; y++) {
    if (kind === "RLE") bits.toWholeByte();
    if (kind === "G3") bits.skipEndOfRow();
    const follows = kind === "G4" || (kind === "G3" && twoDimensional && bits.take() === 0);
    const changes = follows ? rowLike(bits, above, width) : rowOfRuns(bits, width);
    for (let i = 0; i < changes.length; i += 2) fill(out, 8 * stride * y, changes[i]!, changes[i + 1] ?? width);
    above = changes;
  }
  return out;
}

function fill(out: Uint8Array, row: number, from: number, to: number): void {
  for (let at = row + from; at < row + to;) {
    if ((at & 7) === 0 && at + 8 <= row + to) {
      out[at >> 3] = 255;
      at += 8;
    } else {
      out[at >> 3]! |= 128 >> (at & 7);
      at++;
    }
  }
}

/** Reads the length of the next run: any number of codes for multiples of 64, then one for less than 64 pixels. */
function run(bits: Bits, colour: 0 | 1, most: number): number {
  let length = 0;
  while (true) {
    const part = bits.code(RUNS[colour]);
    length += part;
    if (length > most) throw new RangeError("a fax row is too long");
    if (part < 64) return length;
  }
}

/** Checks that a row does not have an unlimited number of empty runs. */
function checkCount({ length }: readonly number[], width: number): void {
  if (length > 2 * width + 4) throw new RangeError("a fax row has more runs than pixels");
}

/** Positions of colour changes in a row that starts with white. */
function rowOfRuns(bits: Bits, width: number): number[] {
  const changes: number[] = [];
  let colour: 0 | 1 = 0;
  for (let at = 0; at < width; colour = colour === 0 ? 1 : 0) {
    at += run(bits, colour, width - at);
    changes.push(at);
    checkCount(changes, width);
  }
  return changes;
}

/** Positions of colour changes in a row that is coded relative to the one above. */
function rowLike(bits: Bits, above: readonly number[], width: number): number[] {
  const changes: number[] = [];
  let [at, colour, from] = [-1, 0 as 0 | 1, 0];
  while (at < width) {
    // The first change above that lies to the right, to the other colour.
    while (from > 0 && above[from - 1]! > at) from--;
    while (from < above.length && (above[from]! <= at || from % 2 !== colour)) from++;
    const [change, next] = [above[from] ?? width, above[from + 1] ?? width];
    const mode = bits.code(MODE_TABLE);
    if (mode === "pass") at = next;
    else if (mode === "runs") {
      const start = Math.max(at, 0);
      const middle = start + run(bits, colour, width - start);
      at = middle + run(bits, colour === 0 ? 1 : 0, width - middle);
      changes.push(middle, at);
    } else {
      const to = change + mode;
      if (to < Math.max(at, 0) || to > width) throw new RangeError("a fax row is invalid");
      at = to;
      changes.push(at);
      colour = colour === 0 ? 1 : 0;
    }
    checkCount(changes, width);
  }
  return changes;
}
