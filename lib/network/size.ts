/**
 * Height and width of features and images.
 *
 * @module
 */

/** Height and width, in pixels. */
export interface Size {
  /** Rows. */
  readonly height: number;
  /** Columns. */
  readonly width: number;
}

/** Number of pixels. */
export function areaOf({ height, width }: Size): number {
  return height * width;
}

/** Size after a stride. */
export function strided({ height, width }: Size, stride: number): Size {
  return { height: Math.ceil(height / stride), width: Math.ceil(width / stride) };
}

/** Whether both sides are equal. */
export function isSameSize(a: Size, b: Size): boolean {
  return a.height === b.height && a.width === b.width;
}

/** A shape as text: `8×8×112`, height × width × channels. */
export function shapeText({ size, channels }: { readonly size: Size; readonly channels: number }): string {
  return `${sizeText(size)}×${channels}`;
}

/** A size as text: `8×8`. */
export function sizeText({ height, width }: Size): string {
  return `${height}×${width}`;
}

/** The side of a square, or the height and width of a rectangle. */
export type Sides = number | readonly [height: number, width: number];

/** Converts sides to height and width. */
export function sizeOf(sides: Sides): Size {
  const [height, width] = typeof sides === "number" ? [sides, sides] : sides;
  return { height, width };
}

/** Converts a size to its form in specs and JSON: one number for a square. */
export function sidesOf({ height, width }: Size): Sides {
  return height === width ? height : [height, width];
}
