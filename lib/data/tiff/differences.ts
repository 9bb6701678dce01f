/**
 * Undoes TIFF's predictors: rows stored as differences between neighbours.
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
  /** Bits of a number: 8 or 16; of a floating-point number 16, 32 or 64. */
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

/**
 * Undoes predictor 3 of floating-point numbers, in place: a row has the first bytes of all its numbers, then the second ones and so
 * on, the highest first, as differences (Adobe Photoshop TIFF Technical Note 3).
 */
export function addFloatDifferences(bytes: Uint8Array, { row, rows, step, bits, little }: RowLayout): void {
  const size = bits / 8;
  const count = row / size;
  for (let y = 0; y < rows; y++) {
    const line = bytes.subarray(y * row, (y + 1) * row);
    for (let at = step; at < row; at++) line[at] = line[at]! + line[at - step]!;
    const planes = line.slice();
    for (let plane = 0; plane < size; plane++) {
      const place = little ? size - 1 - plane : plane;
      for (let i = 0; i < count; i++) line[i * size + place] = planes[plane * count + i]!;
    }
  }
}
