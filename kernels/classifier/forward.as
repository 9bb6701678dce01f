// Average of the top left pool × pool pixels, then a linear layer with bias.
//
// Weights  [classes][channels, padded to a quad], then [classes] of bias; zeros in the padding

import { firstOf } from "../parts";
import { Step } from "../records";

export function classify(step: Step, arena: u32, scratch: u32, logits: u32, part: u32, parts: u32): void {
  const channels = step.inChannels;
  const pitch = (channels + 3) / 4 * 16;
  const share = f32x4.splat(1 / <f32>(step.pool * step.pool));
  for (let k: u32 = 0; k < 4 * channels; k += 16) {
    let sum = f32x4.splat(0);
    for (let y: u32 = 0; y < step.pool; y++) {
      for (let x: u32 = 0; x < step.pool; x++) {
        sum = f32x4.add(sum, v128.load(arena + step.input + (y * step.inSize + x) * step.inPitch + k));
      }
    }
    v128.store(scratch + k, f32x4.mul(sum, share));
  }
  // What lies behind the channels may be anything.
  for (let k: u32 = 4 * channels; k < pitch; k += 4) store<f32>(scratch + k, 0);
  const end = firstOf(part + 1, parts, step.outChannels);
  for (let out = firstOf(part, parts, step.outChannels); out < end; out++) {
    const row = step.weights + out * pitch;
    let sum = f64x2.splat(0);
    for (let k: u32 = 0; k < pitch; k += 8) sum = f64x2.add(sum, f64x2.mul(loadPair(scratch + k), loadPair(row + k)));
    const bias = <f64>load<f32>(step.weights + step.outChannels * pitch + 4 * out);
    store<f32>(logits + 4 * out, <f32>(f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1) + bias));
  }
}

// Two numbers, in double precision.
// @ts-ignore: decorator
@inline
function loadPair(at: u32): v128 {
  return f64x2.promote_low_f32x4(v128.load64_zero(at));
}
