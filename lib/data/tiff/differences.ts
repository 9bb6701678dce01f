/**
 * Undoes TIFF's predictor: rows stored as differences between neighbours.
 *
 * @module
 */

/** Layout of the numbers of a part. */
export interface RowLayout {
  /** Bytes of a row. */
  readonly row: number;
  /** Rows. */
  readonly rows: number;
  /** Numbers of a pixel. */
  readonly step: number;
  /** Bits of a number: 8 or 16. */
  readonly bits: number;
  /** Whether numbers are little-endian. */
  readonly little: boolean;
}

/** Undoes predictor 2, in place. */
export function addDifferences(bytes: Uint8Array, { row, rows, step, bits, little }: RowLayout): void {
  if (bits === 8) {
    for (let y = 0; y < rows; y++) {
      for (let at = y * row + step; at < (y + 1) * row; at++) bytes[at] = bytes[at]! + bytes[at - step]!;
    }
    return;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let y = 0; y < rows; y++) {
    for (let at = y * row + 2 * step; at < (y + 1) * row; at += 2) {
      view.setUint16(at, view.getUint16(at, little) + view.getUint16(at - 2 * step, little), little);
    }
  }
}
