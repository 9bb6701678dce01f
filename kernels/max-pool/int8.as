// Max-pooling of integers, as in forward.as.

import { WindowArgs } from "../abi";
import { firstOf } from "../parts";
import { storeBytes } from "../int8";

export function maxPoolInt8(args: WindowArgs, first: u32, last: u32, part: u32, parts: u32): void {
  const end = firstOf(part + 1, parts, args.outHeight);
  for (let sample = first; sample < last; sample++) {
    const input = args.input + sample * args.inBytes;
    for (let row = firstOf(part, parts, args.outHeight); row < end; row++) {
      const y: u32 = 2 * row;
      for (let column: u32 = 0; column < args.outWidth; column++) {
        const x: u32 = 2 * column;
        const out = args.output + sample * args.outBytes + (row * args.outWidth + column) * args.outPitch;
        for (let channel: u32 = 0; channel < args.channels; channel += 16) {
          let largest = i8x16.splat(0);
          for (let v = max<u32>(y, 1) - 1; v <= min<u32>(y + 1, args.inHeight - 1); v++) {
            for (let u = max<u32>(x, 1) - 1; u <= min<u32>(x + 1, args.inWidth - 1); u++) {
              largest = i8x16.max_u(largest, v128.load(input + (v * args.inWidth + u) * args.inPitch + channel));
            }
          }
          storeBytes(out + channel, largest, <i32> (args.channels - channel));
        }
      }
    }
  }
}
