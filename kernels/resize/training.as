// Bilinear resize, corners aligned, and its gradient, over a range of samples.

import { madd, store as storeLanes } from "../training/simd";
import { WindowArgs } from "../training/arguments";

@inline
function scaleOf(from: u32, to: u32): f64 {
  return to > 1 ? <f64> (from - 1) / <f64> (to - 1) : 0;
}

export function resize(args: WindowArgs, first: u32, last: u32): void {
  const scale = scaleOf(args.inSize, args.outSize);
  for (let y: u32 = 0; y < args.outSize; y++) {
    const top = <u32> (<f64> y * scale);
    const bottom = min(top + 1, args.inSize - 1);
    const dy = <f32> (<f64> y * scale - <f64> top);
    for (let x: u32 = 0; x < args.outSize; x++) {
      const left = <u32> (<f64> x * scale);
      const right = min(left + 1, args.inSize - 1);
      const dx = <f32> (<f64> x * scale - <f64> left);
      const share0 = f32x4.splat((1 - dy) * (1 - dx));
      const share1 = f32x4.splat((1 - dy) * dx);
      const share2 = f32x4.splat(dy * (1 - dx));
      const share3 = f32x4.splat(dy * dx);
      for (let sample = first; sample < last; sample++) {
        const input = args.input + sample * args.inBytes;
        const out = args.output + sample * args.outBytes + (y * args.outSize + x) * args.outPitch;
        for (let channel: u32 = 0; channel < args.channels; channel += 4) {
          const at = input + 4 * channel;
          let sum = f32x4.mul(share0, v128.load(at + (top * args.inSize + left) * args.inPitch));
          sum = madd(share1, v128.load(at + (top * args.inSize + right) * args.inPitch), sum);
          sum = madd(share2, v128.load(at + (bottom * args.inSize + left) * args.inPitch), sum);
          sum = madd(share3, v128.load(at + (bottom * args.inSize + right) * args.inPitch), sum);
          storeLanes(out + 4 * channel, sum, args.channels - channel);
        }
      }
    }
  }
}

@inline
function addTo(at: u32, share: f32, value: v128, channels: i32): void {
  storeLanes(at, madd(f32x4.splat(share), value, v128.load(at)), channels);
}

// Each output's gradient is added to the inputs that it was interpolated from.
export function resizeGradient(args: WindowArgs, first: u32, last: u32): void {
  const scale = scaleOf(args.inSize, args.outSize);
  for (let y: u32 = 0; y < args.outSize; y++) {
    const top = <u32> (<f64> y * scale);
    const bottom = min(top + 1, args.inSize - 1);
    const dy = <f32> (<f64> y * scale - <f64> top);
    for (let x: u32 = 0; x < args.outSize; x++) {
      const left = <u32> (<f64> x * scale);
      const right = min(left + 1, args.inSize - 1);
      const dx = <f32> (<f64> x * scale - <f64> left);
      const share0: f32 = (1 - dy) * (1 - dx);
      const share1: f32 = (1 - dy) * dx;
      const share2: f32 = dy * (1 - dx);
      const share3: f32 = dy * dx;
      const at0 = (top * args.inSize + left) * args.resultPitch;
      const at1 = (top * args.inSize + right) * args.resultPitch;
      const at2 = (bottom * args.inSize + left) * args.resultPitch;
      const at3 = (bottom * args.inSize + right) * args.resultPitch;
      for (let sample = first; sample < last; sample++) {
        const gradient = args.output + sample * args.outBytes + (y * args.outSize + x) * args.outPitch;
        const result = args.result + sample * args.resultBytes;
        for (let channel: u32 = 0; channel < args.channels; channel += 4) {
          const channels = <i32> (args.channels - channel);
          const value = v128.load(gradient + 4 * channel);
          const to = result + 4 * channel;
          addTo(to + at0, share0, value, channels);
          addTo(to + at1, share1, value, channels);
          addTo(to + at2, share2, value, channels);
          addTo(to + at3, share3, value, channels);
        }
      }
    }
  }
}
