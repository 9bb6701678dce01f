// Activations (2 hard-swish, 3 SiLU; kernels compute ReLU themselves) and gates (0 sigmoid, 1 hard sigmoid), with their
// derivatives for training.

import { exp } from "./training/math";

export const RELU: u32 = 1;
export const HARD_SWISH: u32 = 2;

// The activation of a layer's result. With ReLU or no activation, results below `least` become `least`.
@inline
export function finished(x: v128, least: v128, activation: u32): v128 {
  return activation > RELU ? curve(x, activation) : f32x4.pmax(x, least);
}

// The activation of four numbers.
export function curve(x: v128, activation: u32): v128 {
  if (activation == HARD_SWISH) {
    const gate = f32x4.min(f32x4.max(f32x4.add(x, f32x4.splat(3)), f32x4.splat(0)), f32x4.splat(6));
    return f32x4.div(f32x4.mul(x, gate), f32x4.splat(6));
  }
  let y = x;
// #for i in 4
  const x${i} = <f64> f32x4.extract_lane(x, ${i});
  y = f32x4.replace_lane(y, ${i}, <f32> (x${i} * sigmoid(x${i})));
// #end
  return y;
}

// The derivative at four numbers.
export function slope(x: v128, activation: u32): v128 {
  if (activation == HARD_SWISH) {
    const inside = f32x4.div(f32x4.add(f32x4.add(x, x), f32x4.splat(3)), f32x4.splat(6));
    const high = v128.bitselect(f32x4.splat(1), inside, f32x4.ge(x, f32x4.splat(3)));
    return v128.bitselect(f32x4.splat(0), high, f32x4.le(x, f32x4.splat(-3)));
  }
  let y = x;
// #for i in 4
  const x${i} = <f64> f32x4.extract_lane(x, ${i});
  const s${i} = sigmoid(x${i});
  y = f32x4.replace_lane(y, ${i}, <f32> (s${i} * (1 + x${i} * (1 - s${i}))));
// #end
  return y;
}

export function sigmoid(x: f64): f64 {
  return 1 / (1 + exp(-x));
}

export const SIGMOID: u32 = 0;

// The gates of four numbers: sigmoid or hard sigmoid.
export function gateOf(x: v128, gate: u32): v128 {
  if (gate != SIGMOID) {
    const clipped = f32x4.min(f32x4.max(f32x4.add(x, f32x4.splat(3)), f32x4.splat(0)), f32x4.splat(6));
    return f32x4.div(clipped, f32x4.splat(6));
  }
  let y = x;
// #for i in 4
  y = f32x4.replace_lane(y, ${i}, <f32> sigmoid(<f64> f32x4.extract_lane(x, ${i})));
// #end
  return y;
}

// The derivatives of gates.
export function gateSlope(x: v128, gate: u32): v128 {
  if (gate != SIGMOID) {
    const inside = v128.and(f32x4.gt(x, f32x4.splat(-3)), f32x4.lt(x, f32x4.splat(3)));
    return v128.and(inside, f32x4.splat(<f32> (1.0 / 6)));
  }
  let y = x;
// #for i in 4
  const s${i} = sigmoid(<f64> f32x4.extract_lane(x, ${i}));
  y = f32x4.replace_lane(y, ${i}, <f32> (s${i} * (1 - s${i})));
// #end
  return y;
}
