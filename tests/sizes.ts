/**
 * Random heights and widths.
 *
 * @module
 */

import fc from "fast-check";
import { type Sides, sidesOf, type Size } from "../lib/network/size.ts";

/** A square. */
export function square(side: number): Size {
  return { height: side, width: side };
}

/** Sizes with sides from `min` to `max`: squares, rectangles and strips, with an aspect ratio of up to four. */
export function sizes(min: number, max: number): fc.Arbitrary<Size> {
  const side = fc.integer({ min, max });
  const strip = fc.tuple(fc.integer({ min, max: min + 1 }), fc.integer({ min, max: 4 * max }), fc.boolean());
  return fc.oneof(
    side.map(square),
    fc.record({ height: side, width: side }),
    strip.map(([short, long, lies]) => lies ? { height: short, width: long } : { height: long, width: short }),
  );
}

/** The same in the form of specs. */
export function sides(min: number, max: number): fc.Arbitrary<Sides> {
  return sizes(min, max).map(sidesOf);
}
