// Sets whole channels of samples to zero and scales the others, in place, like dropout.wgsl; over a range of samples.

import { DropoutArgs } from "../abi";

export function dropout(args: DropoutArgs, seed: u32, first: u32, last: u32): void {
  for (let sample = first; sample < last; sample++) {
    const own = mixed(mixed(seed + args.exit) ^ sample);
    const start = args.output + sample * args.outBytes;
    for (let channel: u32 = 0; channel < args.channels; channel++) {
      const factor: f32 = mixed(own ^ channel) < args.limit ? 0 : args.scale;
      let at = start + 4 * channel;
      for (let pixel = args.pixels; pixel > 0; pixel--, at += args.outPitch) store<f32>(at, load<f32>(at) * factor);
    }
  }
}

// Murmur3's finaliser.
@inline
function mixed(bits: u32): u32 {
  let x = (bits ^ (bits >> 16)) * 0x85ebca6b;
  x = (x ^ (x >> 13)) * 0xc2b2ae35;
  return (x ^ (x >> 16)) + 0x6d2b79f5;
}
