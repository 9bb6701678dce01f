// Largest of 3 × 3 pixels, every other pixel; takes no account of what is outside.

import { firstOf } from "../parts";
import { Step } from "../records";
import { store } from "../training/simd";

export function maxPool(step: Step, arena: u32, part: u32, parts: u32): void {
  const size = <i32>step.inSize;
  const end = firstOf(part + 1, parts, step.outSize);
  for (let y = firstOf(part, parts, step.outSize); y < end; y++) {
    for (let x: u32 = 0; x < step.outSize; x++) {
      const out = arena + step.output + (y * step.outSize + x) * step.outPitch;
      const top = max(0, <i32>(2 * y) - 1);
      const bottom = min(size - 1, <i32>(2 * y) + 1);
      const left = max(0, <i32>(2 * x) - 1);
      const right = min(size - 1, <i32>(2 * x) + 1);
      for (let k: u32 = 0; k < step.outChannels; k += 4) {
        let largest = f32x4.splat(-Infinity);
        for (let v = top; v <= bottom; v++) {
          for (let u = left; u <= right; u++) {
            largest = f32x4.max(largest, v128.load(arena + step.input + (v * size + u) * step.inPitch + 4 * k));
          }
        }
        store(out + 4 * k, largest, step.outChannels - k);
      }
    }
  }
}
