// Shared helpers of integer kernels: from sums to steps, and the ends of channel ranges.

// V8 creates a constant vector again at each use, with three instructions. A vector whose value it does not know stays
// in a register.
let unknown: i32 = 0;

// Must be called before kernels run.
export function setKept(): void {
  unknown = 1;
}

// The value for such a vector.
@inline
export function kept(value: i32): i32 {
  return value * unknown;
}

// 1.5 · 2²³: adding it to a number below 2²² rounds the number to the nearest integer (ties to even), which is then in
// the lowest bits.
const ROUND: f32 = 12582912;

// Four sums times multipliers, as integers: they are steps once they are saturated to 0 … 127. `most` is 127.
@inline
function round(sums: v128, multipliers: v128, most: v128): v128 {
  const real = f32x4.pmin(f32x4.mul(f32x4.convert_i32x4_s(sums), multipliers), most);
  // Numbers below all integers become the smallest integer, on every processor.
  if (ASC_FEATURE_RELAXED_SIMD) return i32x4.relaxed_trunc_f32x4_s(f32x4.nearest(real));
  return i32x4.sub(f32x4.add(f32x4.pmax(real, f32x4.splat(0)), f32x4.splat(ROUND)), i32x4.splat(reinterpret<i32>(ROUND)));
}

// Steps of a pixel's four channels, in the first four bytes.
@inline
export function steps1(sums: v128, multipliers: v128, most: v128): v128 {
  const whole = round(sums, multipliers, most);
  return bytesOf(whole, whole);
}

// The same for eight channels.
@inline
export function steps2(sums0: v128, multipliers0: v128, sums1: v128, multipliers1: v128, most: v128): v128 {
  return bytesOf(round(sums0, multipliers0, most), round(sums1, multipliers1, most));
}

@inline
export function storePanel1(at: u32, value: v128): void {
  v128.store32_lane(at, value, 0);
}

@inline
export function storePanel2(at: u32, value: v128): void {
  v128.store64_lane(at, value, 0);
}

// Eight sums of 16 bits or less, as bytes.
@inline
export function bytesOf(low: v128, high: v128): v128 {
  const halves = i16x8.narrow_i32x4_s(low, high);
  return i8x16.narrow_i16x8_u(halves, halves);
}

// Writes up to eight channels.
@inline
export function storeUpTo8(at: u32, value: v128, channels: i32): void {
  if (channels >= 8) v128.store64_lane(at, value, 0);
  else storeRest(at, value, channels);
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
  storeRest(at, value, channels);
}

// Writes the number of channels that is in the lowest three bits of a number.
@inline
function storeRest(at: u32, value: v128, channels: i32): void {
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
