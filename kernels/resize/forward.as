// Bilinear, corners aligned.

import { firstOf } from "../parts";
import { Step } from "../records";
import { store } from "../training/simd";

export function resize(step: Step, arena: u32, part: u32, parts: u32): void {
  const last = step.inSize - 1;
  const scale: f64 = step.outSize > 1 ? <f64>last / <f64>(step.outSize - 1) : 0;
  const input = arena + step.input;
  const end = firstOf(part + 1, parts, step.outSize);
  for (let y = firstOf(part, parts, step.outSize); y < end; y++) {
    const top = <u32>(<f64>y * scale);
    const bottom = min(top + 1, last);
    const dy = <f64>y * scale - <f64>top;
    const below = f32x4.splat(<f32>dy);
    const above = f32x4.splat(<f32>(1 - dy));
    for (let x: u32 = 0; x < step.outSize; x++) {
      const left = <u32>(<f64>x * scale);
      const right = min(left + 1, last);
      const dx = <f64>x * scale - <f64>left;
      const after = f32x4.splat(<f32>dx);
      const before = f32x4.splat(<f32>(1 - dx));
      const topLeft = input + (top * step.inSize + left) * step.inPitch;
      const topRight = input + (top * step.inSize + right) * step.inPitch;
      const bottomLeft = input + (bottom * step.inSize + left) * step.inPitch;
      const bottomRight = input + (bottom * step.inSize + right) * step.inPitch;
      const out = arena + step.output + (y * step.outSize + x) * step.outPitch;
      for (let k: u32 = 0; k < 4 * step.outChannels; k += 16) {
        const upper = between(v128.load(topLeft + k), before, v128.load(topRight + k), after);
        const lower = between(v128.load(bottomLeft + k), before, v128.load(bottomRight + k), after);
        store(out + k, between(upper, above, lower, below), step.outChannels - k / 4);
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function between(a: v128, shareOfA: v128, b: v128, shareOfB: v128): v128 {
  return f32x4.add(f32x4.mul(a, shareOfA), f32x4.mul(b, shareOfB));
}
