// The end of a head, for one sample, as in forward.as, but from integers: the mean of a channel is its sum over the
// window, times the channel's step size divided by the number of pixels.

import { Int8ClassifierArgs } from "../abi";
import { logitsOfMeans } from "./forward";

export function classifyInt8(
  args: Int8ClassifierArgs,
  input: u32,
  means: u32,
  logits: u32,
  before: u32,
  part: u32,
  parts: u32,
): void {
  for (let k: u32 = 0; k < 4 * args.quads; k++) {
    let sum: u32 = 0;
    if (k < args.channels) {
      for (let y: u32 = 0; y < args.poolHeight; y++) {
        for (let x: u32 = 0; x < args.poolWidth; x++) sum += load<u8>(input + (y * args.inWidth + x) * args.inPitch + k);
      }
    }
    store<f32>(means + 4 * k, <f32> sum * load<f32>(args.steps + 4 * k));
  }
  logitsOfMeans(args.weights, args.bias, args.quads, args.classes, means, logits, args.reweight, before, part, parts);
}
