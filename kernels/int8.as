// What kernels of whole numbers share: from sums to steps, and the ends of channel ranges.

// 1.5 · 2²³: to numbers below 2²² it rounds what is added, to the nearest whole number, of two to the even one, and that is
// then in the lowest bits.
const ROUND: f32 = 12582912;

// Four sums times multipliers as steps, 0 … 127, in the first four bytes.
@inline
export function finish(sums: v128, multipliers: v128): v128 {
  const real = f32x4.mul(f32x4.convert_i32x4_s(sums), multipliers);
  const clamped = f32x4.pmin(f32x4.pmax(real, f32x4.splat(0)), f32x4.splat(127));
  const steps = i32x4.sub(f32x4.add(clamped, f32x4.splat(ROUND)), i32x4.splat(reinterpret<i32>(ROUND)));
  const halves = i16x8.narrow_i32x4_s(steps, steps);
  return i8x16.narrow_i16x8_u(halves, halves);
}

// Writes up to four channels.
@inline
export function storeSteps(at: u32, value: v128, channels: i32): void {
  if (channels >= 4) {
    v128.store32_lane(at, value, 0);
    return;
  }
  if (channels > 0) v128.store8_lane(at, value, 0);
  if (channels > 1) v128.store8_lane(at, value, 1, 1);
  if (channels > 2) v128.store8_lane(at, value, 2, 2);
}

// Writes up to sixteen channels.
@inline
export function storeBytes(at: u32, value: v128, channels: i32): void {
  if (channels >= 16) {
    v128.store(at, value);
    return;
  }
  if (channels & 8) {
    v128.store64_lane(at, value, 0);
    at += 8;
    value = i64x2.shuffle(value, value, 1, 1);
  }
  if (channels & 4) {
    v128.store32_lane(at, value, 0);
    at += 4;
    value = i64x2.shr_u(value, 32);
  }
  if (channels & 2) {
    v128.store16_lane(at, value, 0);
    at += 2;
    value = i64x2.shr_u(value, 16);
  }
  if (channels & 1) v128.store8_lane(at, value, 0);
}
