// A depthwise convolution in integers, any odd kernel and stride, over a range of samples. A part computes some of the
// rows.
//
// Weights have 16 bits: [panel of 8 channels][tap][8].

import { Int8DepthwiseArgs } from "../abi";
import { steps2, storeBytes } from "../int8";
import { firstOf } from "../parts";

export function depthwiseInt8(args: Int8DepthwiseArgs, first: u32, last: u32, part: u32, parts: u32): void {
  const half = <i32> args.kernel >> 1;
  const stride = <i32> args.stride;
  const kernel = <i32> args.kernel;
  const most = f32x4.splat(127);
  const end = <i32> firstOf(part + 1, parts, args.outHeight);
  for (let sample = first; sample < last; sample++) {
    const input = args.input + sample * args.inBytes;
    for (let row = <i32> firstOf(part, parts, args.outHeight); row < end; row++) {
      const top = row * stride - half;
      const firstY = max(-top, 0);
      const endY = min(kernel, <i32> args.inHeight - top);
      const output = args.output + sample * args.outBytes + row * <i32> args.outWidth * args.outPitch;
      for (let channel: u32 = 0; channel < args.channels; channel += 8) {
        const weights = args.weights + 2 * channel * args.kernel * args.kernel;
        const bias0 = v128.load(args.bias + 4 * channel);
        const bias1 = v128.load(args.bias + 4 * channel, 16);
        const multiplier0 = v128.load(args.multiplier + 4 * channel);
        const multiplier1 = v128.load(args.multiplier + 4 * channel, 16);
        const lanes = min(<i32> (args.channels - channel), 8);
        let to = output + channel;
        for (let column: i32 = 0; column < <i32> args.outWidth; column++, to += args.outPitch) {
          const left = column * stride - half;
          const firstX = max(-left, 0);
          const endX = min(kernel, <i32> args.inWidth - left);
          let sum0 = bias0;
          let sum1 = bias1;
          for (let ky = firstY; ky < endY; ky++) {
            let at = input + ((top + ky) * <i32> args.inWidth + left + firstX) * args.inPitch + channel;
            let w = weights + 16 * (ky * kernel + firstX);
            for (let kx = firstX; kx < endX; kx++) {
              const values = v128.load8x8_u(at);
              const weight = v128.load(w);
              sum0 = i32x4.add(sum0, i32x4.extmul_low_i16x8_s(values, weight));
              sum1 = i32x4.add(sum1, i32x4.extmul_high_i16x8_s(values, weight));
              at += args.inPitch;
              w += 16;
            }
          }
          storeBytes(to, steps2(sum0, multiplier0, sum1, multiplier1, most), lanes);
        }
      }
    }
  }
}
