// The end of a head, for one sample, as forward.as has it, of whole numbers: sums over the window, times what a step of each
// channel stands for divided by the window's pixels.

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
