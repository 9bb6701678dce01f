// Gradients of a depthwise convolution. Weights and their gradient are stored as in forward.as.

import { DepthwiseArgs, DepthwiseWeightGradientArgs } from "../abi";
import { madd, store } from "../simd";
import { lanesFrom, weightsOf, weightStep } from "./weights";

// Gradient of the input, for any stride: for each pixel of the input, the sum over the outputs that used it.
export function depthwiseInputGradient(args: DepthwiseArgs, first: u32, last: u32): void {
  const half = args.kernel >> 1;
  for (let sample = first; sample < last; sample++) {
    const gradient = args.input + sample * args.inBytes;
    for (let y: u32 = 0; y < args.outHeight; y++) {
      for (let x: u32 = 0; x < args.outWidth; x++) {
        const to = args.output + sample * args.outBytes + (y * args.outWidth + x) * args.outPitch;
        for (let channel: u32 = 0; channel < args.channels; channel += 4) {
          const weights = weightsOf(args.weights, channel, args.channels, args.kernel);
          const step = weightStep(channel, args.channels);
          let sum = args.accumulate ? v128.load(to + 4 * channel) : f32x4.splat(0);
          for (let ky = (y + half) % args.stride; ky < args.kernel && ky <= y + half; ky += args.stride) {
            const v = (y + half - ky) / args.stride;
            if (v >= args.inHeight) continue;
            for (let kx = (x + half) % args.stride; kx < args.kernel && kx <= x + half; kx += args.stride) {
              const u = (x + half - kx) / args.stride;
              if (u >= args.inWidth) continue;
              const g = v128.load(gradient + (v * args.inWidth + u) * args.inPitch + 4 * channel);
              sum = madd(g, v128.load(weights + (ky * args.kernel + kx) * step), sum);
            }
          }
          store(to + 4 * channel, sum, args.channels - channel);
        }
      }
    }
  }
}

// Gradient of the weights: each thread computes its share of the channels over all samples, so that sums do not depend
// on the number of threads. `sums`: a thread's own [quad][tap][4] in float64.
export function depthwiseWeightGradient(
  args: DepthwiseWeightGradientArgs,
  sums: u32,
  thread: u32,
  threads: u32,
  count: u32,
): void {
  const taps = args.kernel * args.kernel;
  const quads = (args.channels + 3) / 4;
  const firstQuad = thread * quads / threads;
  const endQuad = (thread + 1) * quads / threads;
  memory.fill(sums, 0, 32 * taps * (endQuad - firstQuad));
  for (let sample: u32 = 0; sample < count; sample++) {
    const input = args.input + sample * args.inBytes;
    const gradient = args.gradient + sample * args.gradientBytes;
    let sum = sums;
    for (let quad = firstQuad; quad < endQuad; quad++) {
      for (let tap: u32 = 0; tap < taps; tap++, sum += 32) {
        const total = tapSum(args, input + 16 * quad, gradient + 16 * quad, tap / args.kernel, tap % args.kernel);
        v128.store(sum, f64x2.add(v128.load(sum), f64x2.promote_low_f32x4(total)));
        const high = i32x4.shuffle(total, total, 2, 3, 2, 3);
        v128.store(sum, f64x2.add(v128.load(sum, 16), f64x2.promote_low_f32x4(high)), 16);
      }
    }
  }
  let sum = sums;
  for (let quad = firstQuad; quad < endQuad; quad++) {
    const channel: u32 = 4 * quad;
    const mask = lanesFrom(args.channels - channel);
    let to = weightsOf(args.result, channel, args.channels, args.kernel);
    const step = weightStep(channel, args.channels);
    for (let tap: u32 = 0; tap < taps; tap++, sum += 32, to += step) {
      const low = f32x4.demote_f64x2_zero(v128.load(sum));
      const high = f32x4.demote_f64x2_zero(v128.load(sum, 16));
      v128.store(to, v128.and(i32x4.shuffle(low, high, 0, 1, 4, 5), mask));
    }
  }
}

// The sum over a sample's pixels whose input at a tap is inside.
function tapSum(args: DepthwiseWeightGradientArgs, input: u32, gradient: u32, ky: u32, kx: u32): v128 {
  const half = <i32> args.kernel >> 1;
  const stride = <i32> args.stride;
  const up = <i32> ky - half;
  const left = <i32> kx - half;
  const width = <i32> args.outWidth;
  // The first column whose input is inside, and one more than the last.
  const begin = left < 0 ? (stride - 1 - left) / stride : 0;
  const inside = <i32> args.inWidth - left;
  const end = inside > 0 ? min((inside + stride - 1) / stride, width) : 0;
  const move = stride * args.inPitch;
// #for p in 4
  let sum${p} = f32x4.splat(0);
// #end
  for (let row: i32 = 0; row < <i32> args.outHeight; row++) {
    const y = row * stride + up;
    if (y < 0 || y >= <i32> args.inHeight) continue;
    let column = begin;
    let at = input + (y * <i32> args.inWidth + column * stride + left) * args.inPitch;
    let from = gradient + (row * width + column) * args.gradientPitch;
    for (; column + 4 <= end; column += 4) {
// #for p in 4
      sum${p} = madd(v128.load(at + ${p} * move), v128.load(from + ${p} * args.gradientPitch), sum${p});
// #end
      at += 4 * move;
      from += 4 * args.gradientPitch;
    }
    for (; column < end; column++) {
      sum0 = madd(v128.load(at), v128.load(from), sum0);
      at += move;
      from += args.gradientPitch;
    }
  }
  return f32x4.add(f32x4.add(sum0, sum1), f32x4.add(sum2, sum3));
}
