// A depthwise convolution with bias and activation, any odd kernel and stride, over a range of samples. With a stride
// of 1 also its input gradient, which is a depthwise convolution with the kernel rotated by 180°. A part computes some
// of the rows.
//
// Weights are stored like those of a convolution with one input channel:
// [panel of 8 channels, or of 4 at the end][tap][8 or 4].

import { DepthwiseArgs } from "../abi";
import { finished, RELU } from "../activation";
import { firstOf } from "../parts";
import { madd, store } from "../simd";
import { lanesFrom, weightsOf, weightStep } from "./weights";

export function depthwise(args: DepthwiseArgs, first: u32, last: u32, part: u32, parts: u32): void {
  const half = <i32> args.kernel >> 1;
  const stride = <i32> args.stride;
  const inWidth = <i32> args.inWidth;
  const outWidth = <i32> args.outWidth;
  // The columns whose taps are all inside.
  const left = min((half + stride - 1) / stride, outWidth);
  const right = max(left, inWidth > half ? min((inWidth - 1 - half) / stride + 1, outWidth) : 0);
  const end = <i32> firstOf(part + 1, parts, args.outHeight);
  const least = f32x4.splat(args.activation == RELU ? 0 : -Infinity);
  for (let sample = first; sample < last; sample++) {
    const input = args.input + sample * args.inBytes;
    for (let row = <i32> firstOf(part, parts, args.outHeight); row < end; row++) {
      const top = row * stride - half;
      const firstTap = max(-top, 0);
      const endTap = min(<i32> args.kernel, <i32> args.inHeight - top);
      const output = args.output + sample * args.outBytes + row * outWidth * args.outPitch;
      for (let channel: u32 = 0; channel < args.channels; channel += 4) {
        let weights = weightsOf(args.weights, channel, args.channels, args.kernel);
        let step = weightStep(channel, args.channels);
        if (args.flipped) {
          weights += step * (args.kernel * args.kernel - 1);
          step = 0 - step;
        }
        const line = input + 4 * channel + (top + firstTap) * inWidth * args.inPitch;
        const w = weights + firstTap * args.kernel * step;
        const taps = endTap - firstTap;
        const bias = args.bias ? v128.load(args.bias + 4 * channel) : f32x4.splat(0);
        const mask = lanesFrom(args.channels - channel);
        const lanes = <i32> args.outChannels - <i32> channel;
        const to = output + 4 * channel;
        let column: i32 = 0;
        while (column < outWidth) {
          if (column >= left && column + 4 <= right) {
            const from = line + (column * stride - half) * args.inPitch;
            const move = stride * args.inPitch;
// #for p in 4
            let sum${p} = bias;
// #end
            for (let ky: i32 = 0; ky < taps; ky++) {
              let at = from + ky * inWidth * args.inPitch;
              let k = w + ky * args.kernel * step;
              for (let kx: u32 = 0; kx < args.kernel; kx++) {
                const weight = v128.load(k);
// #for p in 4
                sum${p} = madd(v128.load(at + ${p} * move), weight, sum${p});
// #end
                at += args.inPitch;
                k += step;
              }
            }
// #for p in 4
            finish(args, to + (column + ${p}) * args.outPitch, sum${p}, least, mask, lanes);
// #end
            column += 4;
            continue;
          }
          const start = column * stride - half;
          const firstX = max(-start, 0);
          const endX = min(<i32> args.kernel, inWidth - start);
          let sum = bias;
          for (let ky: i32 = 0; ky < taps; ky++) {
            let at = line + (ky * inWidth + start + firstX) * args.inPitch;
            let k = w + (ky * args.kernel + firstX) * step;
            for (let kx = firstX; kx < endX; kx++) {
              sum = madd(v128.load(at), v128.load(k), sum);
              at += args.inPitch;
              k += step;
            }
          }
          finish(args, to + column * args.outPitch, sum, least, mask, lanes);
          column++;
        }
      }
    }
  }
}

@inline
function finish(args: DepthwiseArgs, at: u32, sum: v128, least: v128, mask: v128, lanes: i32): void {
  const value = v128.and(finished(sum, least, args.activation), mask);
  store(at, args.accumulate ? f32x4.add(v128.load(at), value) : value, lanes);
}
