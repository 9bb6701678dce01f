// The transformations of Winograd's minimal filtering F(2×2, 3×3) (see winograd.as): between them, the values at each of the
// 16 places of a 4 × 4 patch are multiplied.

import { finished, RELU } from "../activation";
import { store } from "../simd";

// Bᵀ · d · B of a patch d, four channels at once; the 16 results of a patch have the stride `apart`.
export function transformInput(patch: u32, row: u32, pixel: u32, to: u32, bytes: u32, apart: u32): void {
  for (let k: u32 = 0; k < bytes; k += 16) {
    const at = patch + k;
// #for x in 4
    const d0_${x} = v128.load(at + ${x} * pixel);
    const d1_${x} = v128.load(at + ${x} * pixel + row);
    const d2_${x} = v128.load(at + ${x} * pixel + 2 * row);
    const d3_${x} = v128.load(at + ${x} * pixel + 3 * row);
    const t0_${x} = f32x4.sub(d0_${x}, d2_${x});
    const t1_${x} = f32x4.add(d1_${x}, d2_${x});
    const t2_${x} = f32x4.sub(d2_${x}, d1_${x});
    const t3_${x} = f32x4.sub(d1_${x}, d3_${x});
// #end
    let out = to + k;
// #for y in 4
    v128.store(out, f32x4.sub(t${y}_0, t${y}_2));
    v128.store(out + apart, f32x4.add(t${y}_1, t${y}_2));
    v128.store(out + 2 * apart, f32x4.sub(t${y}_2, t${y}_1));
    v128.store(out + 3 * apart, f32x4.sub(t${y}_1, t${y}_3));
    out += 4 * apart;
// #end
  }
}

// Aᵀ · m · A of a patch's sums m, which have the stride `apart`, with bias (0: none); 2 × 2 pixels, or those that are inside.
export function transformOutput(
  sums: u32,
  apart: u32,
  bias: u32,
  activation: u32,
  channels: u32,
  to: u32,
  row: u32,
  pixel: u32,
  rows: u32,
  columns: u32,
): void {
  const least = f32x4.splat(activation == RELU ? 0 : -Infinity);
  for (let k: u32 = 0; k < channels; k += 4) {
    const at = sums + 4 * k;
    const start = bias ? v128.load(bias + 4 * k) : f32x4.splat(0);
// #for x in 4
    const m0_${x} = v128.load(at + ${x} * apart);
    const m1_${x} = v128.load(at + (4 + ${x}) * apart);
    const m2_${x} = v128.load(at + (8 + ${x}) * apart);
    const m3_${x} = v128.load(at + (12 + ${x}) * apart);
    const t0_${x} = f32x4.add(f32x4.add(m0_${x}, m1_${x}), m2_${x});
    const t1_${x} = f32x4.sub(f32x4.sub(m1_${x}, m2_${x}), m3_${x});
// #end
    const left = <i32> (channels - k);
    let out = to + 4 * k;
// #for i in 2
    if (rows > ${i}) {
      const first = f32x4.add(f32x4.add(t${i}_0, t${i}_1), f32x4.add(t${i}_2, start));
      store(out, finished(first, least, activation), left);
      if (columns > 1) {
        const second = f32x4.add(f32x4.sub(t${i}_1, t${i}_2), f32x4.sub(start, t${i}_3));
        store(out + pixel, finished(second, least, activation), left);
      }
    }
    out += row;
// #end
  }
}

// G · g · Gᵀ of 3 × 3 weights g, four at once; the nine weights have the stride `apart`, the 16 results `toApart`.
export function transformWeights(from: u32, apart: u32, to: u32, toApart: u32): void {
  const half = f32x4.splat(0.5);
// #for x in 3
  const g0_${x} = v128.load(from + ${x} * apart);
  const g1_${x} = v128.load(from + (3 + ${x}) * apart);
  const g2_${x} = v128.load(from + (6 + ${x}) * apart);
  const sum_${x} = f32x4.add(g0_${x}, g2_${x});
  const t0_${x} = g0_${x};
  const t1_${x} = f32x4.mul(f32x4.add(sum_${x}, g1_${x}), half);
  const t2_${x} = f32x4.mul(f32x4.sub(sum_${x}, g1_${x}), half);
  const t3_${x} = g2_${x};
// #end
// #for y in 4
  const sum${y} = f32x4.add(t${y}_0, t${y}_2);
  v128.store(to, t${y}_0);
  v128.store(to + toApart, f32x4.mul(f32x4.add(sum${y}, t${y}_1), half));
  v128.store(to + 2 * toApart, f32x4.mul(f32x4.sub(sum${y}, t${y}_1), half));
  v128.store(to + 3 * toApart, t${y}_2);
  to += 4 * toApart;
// #end
}
