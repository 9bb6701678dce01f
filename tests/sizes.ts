/**
 * Random heights and widths.
 *
 * @module
 */

import fc from "fast-check";
import type { Size } from "../lib/network/size.ts";

/** A square. */
export function square(side: number): Size {
  return { height: side, width: side };
}

/** Sides from `min` to `max`: squares, and what is no square. */
export function sizes(min: number, max: number): fc.Arbitrary<Size> {
  const side = fc.integer({ min, max });
  return fc.oneof(side.map(square), fc.record({ height: side, width: side }));
}
