// The transformations of winograd-weight-gradient.as. Gradients of 2 × 2 outputs are written in panels of 8 channels, which have
// the stride `panelBytes`, as are places the stride `apart`.

// A · g · Aᵀ at 4 × 4 places (see winograd-transforms.as): g₀, g₀ + g₁, g₀ − g₁ and −g₁ along both directions.
export function transformGradient(
  at: u32,
  below: u32,
  right: u32,
  to: u32,
  panels: u32,
  panelBytes: u32,
  apart: u32,
): void {
  for (let quad: u32 = 0; quad < 2 * panels; quad++, at += 16) {
    const a = v128.load(at);
    const b = v128.load(at + right);
    const c = v128.load(at + below);
    const d = v128.load(at + below + right);
    let out = to + (quad >> 1) * panelBytes + 16 * (quad & 1);
    const left0 = a;
    const left1 = f32x4.add(a, c);
    const left2 = f32x4.sub(a, c);
    const left3 = f32x4.neg(c);
    const right0 = b;
    const right1 = f32x4.add(b, d);
    const right2 = f32x4.sub(b, d);
    const right3 = f32x4.neg(d);
// #for y in 4
    v128.store(out, left${y});
    v128.store(out + apart, f32x4.add(left${y}, right${y}));
    v128.store(out + 2 * apart, f32x4.sub(left${y}, right${y}));
    v128.store(out + 3 * apart, f32x4.neg(right${y}));
    out += 4 * apart;
// #end
  }
}

// Gᵀ · m · G of sums m at 4 × 4 places: nine weights, which have the stride `toApart`.
export function transformWeightSums(at: u32, apart: u32, to: u32, toApart: u32): void {
  const half = f32x4.splat(0.5);
// #for x in 4
  const m0_${x} = v128.load(at + ${x} * apart);
  const m1_${x} = v128.load(at + (4 + ${x}) * apart);
  const m2_${x} = v128.load(at + (8 + ${x}) * apart);
  const m3_${x} = v128.load(at + (12 + ${x}) * apart);
  const sum_${x} = f32x4.mul(f32x4.add(m1_${x}, m2_${x}), half);
  const t0_${x} = f32x4.add(m0_${x}, sum_${x});
  const t1_${x} = f32x4.mul(f32x4.sub(m1_${x}, m2_${x}), half);
  const t2_${x} = f32x4.add(sum_${x}, m3_${x});
// #end
// #for y in 3
  const sum${y} = f32x4.mul(f32x4.add(t${y}_1, t${y}_2), half);
  v128.store(to, f32x4.add(t${y}_0, sum${y}));
  v128.store(to + toApart, f32x4.mul(f32x4.sub(t${y}_1, t${y}_2), half));
  v128.store(to + 2 * toApart, f32x4.add(sum${y}, t${y}_3));
  to += 3 * toApart;
// #end
}
