// Shared helpers: multiply-add, and the ends of channel ranges.

@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? f32x4.relaxed_madd(a, b, c) : f32x4.add(f32x4.mul(a, b), c);
}

// Writes up to four channels.
@inline
export function store(at: u32, value: v128, channels: i32): void {
  if (channels >= 4) {
    v128.store(at, value);
    return;
  }
  if (channels > 0) v128.store32_lane(at, value, 0);
  if (channels > 1) v128.store32_lane(at, value, 1, 4);
  if (channels > 2) v128.store32_lane(at, value, 2, 8);
}

@inline
export function sumLanes(value: v128): f64 {
  return <f64> f32x4.extract_lane(value, 0) + <f64> f32x4.extract_lane(value, 1) +
    <f64> f32x4.extract_lane(value, 2) + <f64> f32x4.extract_lane(value, 3);
}
