// The mean of each channel over all pixels, in steps of its own: the sum of integers, times a multiplier. A part
// computes some of the channels.

import { Int8SqueezeArgs } from "../abi";
import { steps1, storeBytes } from "../int8";
import { firstOf } from "../parts";

export function squeezeInt8(args: Int8SqueezeArgs, first: u32, last: u32, part: u32, parts: u32): void {
  const quads = (args.channels + 3) / 4;
  const bytes = args.inHeight * args.inWidth * args.inPitch;
  const end: u32 = 4 * firstOf(part + 1, parts, quads);
  for (let sample = first; sample < last; sample++) {
    const input = args.input + sample * args.inBytes;
    for (let channel: u32 = 4 * firstOf(part, parts, quads); channel < end; channel += 4) {
      let sum = i32x4.splat(0);
      for (let at = input + channel; at < input + channel + bytes; at += args.inPitch) {
        sum = i32x4.add(sum, i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(at))));
      }
      const steps = steps1(sum, v128.load(args.multiplier + 4 * channel), f32x4.splat(127));
      storeBytes(args.output + sample * args.outBytes + channel, steps, min(<i32> (args.channels - channel), 4));
    }
  }
}
