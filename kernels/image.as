// An image's planes, written as pixels. A part has some rows.

import { ImageArgs } from "./abi";
import { firstOf } from "./parts";

export function writeImage(args: ImageArgs, image: u32, output: u32, part: u32, parts: u32): void {
  const plane = 4 * args.height * args.width;
  const first = firstOf(part, parts, args.height) * args.width;
  const end = firstOf(part + 1, parts, args.height) * args.width;
  for (let channel: u32 = 0; channel < args.channels; channel++) {
    const from = image + channel * plane;
    const to = output + 4 * channel;
    for (let pixel = first; pixel < end; pixel++) store<f32>(to + pixel * args.outPitch, load<f32>(from + 4 * pixel));
  }
}
