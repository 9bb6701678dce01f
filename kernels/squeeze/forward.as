// The mean of each channel over all pixels, over a range of samples. A part computes some of the channels.

import { WindowArgs } from "../abi";
import { firstOf } from "../parts";
import { store } from "../simd";

export function squeeze(args: WindowArgs, first: u32, last: u32, part: u32, parts: u32): void {
  const quads = (args.channels + 3) / 4;
  const line = args.inWidth * args.inPitch;
  const pixels = f32x4.splat(<f32> (args.inHeight * args.inWidth));
  const end: u32 = 4 * firstOf(part + 1, parts, quads);
  for (let sample = first; sample < last; sample++) {
    const input = args.input + sample * args.inBytes;
    for (let channel: u32 = 4 * firstOf(part, parts, quads); channel < end; channel += 4) {
      let sum = f32x4.splat(0);
      // Row by row, so that rounding errors do not accumulate.
      for (let row: u32 = 0; row < args.inHeight; row++) {
        const begin = input + row * line + 4 * channel;
        let own = f32x4.splat(0);
        for (let at = begin; at < begin + line; at += args.inPitch) own = f32x4.add(own, v128.load(at));
        sum = f32x4.add(sum, own);
      }
      store(args.output + sample * args.outBytes + 4 * channel, f32x4.div(sum, pixels), args.channels - channel);
    }
  }
}
