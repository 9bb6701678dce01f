// Gradient of max-pooling, 3 × 3, stride 2, padding 1, over a range of samples.

import { WindowArgs } from "../abi";

// Each output's gradient is added to the first of the largest inputs of its window.
export function maxPoolGradient(args: WindowArgs, first: u32, last: u32): void {
  for (let sample = first; sample < last; sample++) {
    for (let pixel: u32 = 0; pixel < args.outHeight * args.outWidth; pixel++) {
      const y: u32 = 2 * (pixel / args.outWidth);
      const x: u32 = 2 * (pixel % args.outWidth);
      const gradient = args.output + sample * args.outBytes + pixel * args.outPitch;
      for (let channel: u32 = 0; channel < args.channels; channel++) {
        let largest: f32 = -Infinity;
        let where: u32 = 0;
        for (let v = max<u32>(y, 1) - 1; v <= min<u32>(y + 1, args.inHeight - 1); v++) {
          for (let u = max<u32>(x, 1) - 1; u <= min<u32>(x + 1, args.inWidth - 1); u++) {
            const at = v * args.inWidth + u;
            const value = load<f32>(args.input + sample * args.inBytes + at * args.inPitch + 4 * channel);
            if (value > largest) {
              largest = value;
              where = at;
            }
          }
        }
        const to = args.result + sample * args.resultBytes + where * args.resultPitch + 4 * channel;
        store<f32>(to, load<f32>(to) + load<f32>(gradient + 4 * channel));
      }
    }
  }
}
