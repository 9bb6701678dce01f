// Sets a gradient to zero, in place, where the ReLU's output is zero; over a range of samples.

import { store as storeLanes } from "../simd";
import { WindowArgs } from "../abi";

export function reluGradient(args: WindowArgs, first: u32, last: u32): void {
  const pixels = args.outHeight * args.outWidth;
  for (let sample = first; sample < last; sample++) {
    let at = args.input + sample * args.inBytes;
    let gradient = args.output + sample * args.outBytes;
    for (let pixel: u32 = 0; pixel < pixels; pixel++, at += args.inPitch, gradient += args.outPitch) {
      for (let channel: u32 = 0; channel < args.channels; channel += 4) {
        const passes = f32x4.gt(v128.load(at + 4 * channel), f32x4.splat(0));
        const to = gradient + 4 * channel;
        storeLanes(to, v128.and(v128.load(to), passes), args.channels - channel);
      }
    }
  }
}
