// An image's planes, written as pixels.

import { firstOf } from "./parts";
import { Step } from "./records";

export function writeImage(step: Step, arena: u32, image: u32, part: u32, parts: u32): void {
  const size = step.outSize;
  const plane = 4 * size * size;
  const first = firstOf(part, parts, size) * size;
  const end = firstOf(part + 1, parts, size) * size;
  for (let channel: u32 = 0; channel < step.outChannels; channel++) {
    const from = image + channel * plane;
    const to = arena + step.output + 4 * channel;
    for (let pixel = first; pixel < end; pixel++) store<f32>(to + pixel * step.outPitch, load<f32>(from + 4 * pixel));
  }
}
