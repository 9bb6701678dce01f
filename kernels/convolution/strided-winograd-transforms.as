// The transformations of minimal filtering with a stride of 2 (see strided-winograd.as). `right` and `down` are
// distances between addresses and may be negative.

import { store } from "../simd";

// Copies the channels of a pixel.
export function take(at: u32, to: u32, bytes: u32): void {
  for (let k: u32 = 0; k < bytes; k += 16) v128.store(to + k, v128.load(at + k));
}

// The difference between two pixels.
export function subtractOne(at: u32, step: u32, to: u32, bytes: u32): void {
  for (let k: u32 = 0; k < bytes; k += 16) {
    v128.store(to + k, f32x4.sub(v128.load(at + k), v128.load(at + step + k)));
  }
}

// The same along both directions.
export function subtractBoth(at: u32, down: u32, right: u32, to: u32, bytes: u32): void {
  for (let k: u32 = 0; k < bytes; k += 16) {
    const upper = f32x4.sub(v128.load(at + k), v128.load(at + right + k));
    const lower = f32x4.sub(v128.load(at + down + k), v128.load(at + down + right + k));
    v128.store(to + k, f32x4.sub(upper, lower));
  }
}

// 2 × 2 pixels, or those of them that are inside, from 3 × 3 sums, which have the stride `apart`.
export function transformStridedOutput(
  sums: u32,
  apart: u32,
  channels: u32,
  to: u32,
  row: u32,
  pixel: u32,
  rows: u32,
  columns: u32,
): void {
  for (let k: u32 = 0; k < channels; k += 4) {
    const at = sums + 4 * k;
// #for y in 3
    const left${y} = f32x4.add(v128.load(at + ${y} * 3 * apart), v128.load(at + (${y} * 3 + 1) * apart));
    const right${y} = f32x4.add(v128.load(at + (${y} * 3 + 1) * apart), v128.load(at + (${y} * 3 + 2) * apart));
// #end
    const rest = <i32> (channels - k);
    const out = to + 4 * k;
    store(out, f32x4.add(left0, left1), rest);
    if (columns > 1) store(out + pixel, f32x4.add(right0, right1), rest);
    if (rows > 1) {
      store(out + row, f32x4.add(left1, left2), rest);
      if (columns > 1) store(out + row + pixel, f32x4.add(right1, right2), rest);
    }
  }
}

// 4 × 4 pixels of a gradient, or those of them that are inside, from 5 × 5 products, which have the stride `apart`.
export function transformStridedGradient(
  sums: u32,
  apart: u32,
  channels: u32,
  to: u32,
  row: u32,
  pixel: u32,
  rows: u32,
  columns: u32,
  adds: bool,
): void {
  for (let k: u32 = 0; k < channels; k += 4) {
    const at = sums + 4 * k;
    const rest = <i32> (channels - k);
    const out = to + 4 * k;
    line(out, at + 15 * apart, apart, 0, pixel, columns, rest, adds);
    if (rows > 1) line(out + row, at, apart, 5 * apart, pixel, columns, rest, adds);
    if (rows > 2) line(out + 2 * row, at + 20 * apart, apart, 0, pixel, columns, rest, adds);
    if (rows > 3) line(out + 3 * row, at + 5 * apart, apart, 5 * apart, pixel, columns, rest, adds);
  }
}

// A row of 4 pixels from five products, or from the sums of two such rows that are `next` apart.
@inline
function line(out: u32, at: u32, apart: u32, next: u32, pixel: u32, columns: u32, rest: i32, adds: bool): void {
// #for x in 5
  let p${x} = v128.load(at + ${x} * apart);
// #end
  if (next > 0) {
// #for x in 5
    p${x} = f32x4.add(p${x}, v128.load(at + next + ${x} * apart));
// #end
  }
  put(out, p3, rest, adds);
  if (columns > 1) put(out + pixel, f32x4.add(p0, p1), rest, adds);
  if (columns > 2) put(out + 2 * pixel, p4, rest, adds);
  if (columns > 3) put(out + 3 * pixel, f32x4.add(p1, p2), rest, adds);
}

@inline
function put(out: u32, value: v128, rest: i32, adds: bool): void {
  store(out, adds ? f32x4.add(value, v128.load(out)) : value, rest);
}

// 3 × 3 weights at 4 × 4 places, four at once; the nine weights have the stride `apart`, the 16 results `toApart`.
export function transformStridedWeights(from: u32, apart: u32, to: u32, toApart: u32): void {
// #for x in 3
  const g0_${x} = v128.load(from + ${x} * apart);
  const g3_${x} = v128.load(from + (3 + ${x}) * apart);
  const g2_${x} = v128.load(from + (6 + ${x}) * apart);
  const g1_${x} = f32x4.add(g0_${x}, g2_${x});
// #end
// #for y in 4
  v128.store(to, g${y}_0);
  v128.store(to + toApart, f32x4.add(g${y}_0, g${y}_2));
  v128.store(to + 2 * toApart, g${y}_2);
  v128.store(to + 3 * toApart, g${y}_1);
  to += 4 * toApart;
// #end
}
