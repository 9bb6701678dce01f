// Max-pooling, 3 × 3, stride 2, padding 1, over a range of samples; pixels outside are ignored. A part computes some of
// the rows.

import { WindowArgs } from "../abi";
import { firstOf } from "../parts";
import { store } from "../simd";

export function maxPool(args: WindowArgs, first: u32, last: u32, part: u32, parts: u32): void {
  const end = firstOf(part + 1, parts, args.outHeight);
  for (let sample = first; sample < last; sample++) {
    const input = args.input + sample * args.inBytes;
    for (let row = firstOf(part, parts, args.outHeight); row < end; row++) {
      const y: u32 = 2 * row;
      for (let column: u32 = 0; column < args.outWidth; column++) {
        const x: u32 = 2 * column;
        const out = args.output + sample * args.outBytes + (row * args.outWidth + column) * args.outPitch;
        for (let channel: u32 = 0; channel < args.channels; channel += 4) {
          let largest = f32x4.splat(-Infinity);
          for (let v = max<u32>(y, 1) - 1; v <= min<u32>(y + 1, args.inHeight - 1); v++) {
            for (let u = max<u32>(x, 1) - 1; u <= min<u32>(x + 1, args.inWidth - 1); u++) {
              largest = f32x4.max(largest, v128.load(input + (v * args.inWidth + u) * args.inPitch + 4 * channel));
            }
          }
          store(out + 4 * channel, largest, args.channels - channel);
        }
      }
    }
  }
}
