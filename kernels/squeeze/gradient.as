// Gradient of the mean over all pixels, over a range of samples: each pixel's share is added.

import { WindowArgs } from "../abi";
import { store } from "../simd";

export function squeezeGradient(args: WindowArgs, first: u32, last: u32): void {
  const pixels = args.inHeight * args.inWidth;
  const share = f32x4.splat(<f32> (1 / <f64> pixels));
  for (let sample = first; sample < last; sample++) {
    const gradient = args.output + sample * args.outBytes;
    for (let channel: u32 = 0; channel < args.channels; channel += 4) {
      const more = f32x4.mul(v128.load(gradient + 4 * channel), share);
      let to = args.result + sample * args.resultBytes + 4 * channel;
      for (let pixel: u32 = 0; pixel < pixels; pixel++, to += args.resultPitch) {
        store(to, f32x4.add(v128.load(to), more), args.channels - channel);
      }
    }
  }
}
