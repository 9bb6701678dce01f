// Zeros in channels of every pixel of a range of samples.

import { store as storeLanes } from "../simd";
import { ZeroArgs } from "../abi";

export function zero(args: ZeroArgs, first: u32, last: u32): void {
  let at = args.output + first * args.pixels * args.pitch;
  for (let pixel = (last - first) * args.pixels; pixel > 0; pixel--, at += args.pitch) {
    for (let channel: u32 = 0; channel < args.channels; channel += 4) {
      storeLanes(at + 4 * channel, f32x4.splat(0), args.channels - channel);
    }
  }
}
