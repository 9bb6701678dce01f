// Writes an image's planes as pixels. A part computes some of the rows.

import { ImageArgs, Int8ImageArgs } from "./abi";
import { firstOf } from "./parts";

// This value is also in lib/weights/quantized.ts.
const MAX_PIXEL: f32 = 2047;

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

// The same in steps: 16-bit integers.
export function writeInt8Image(args: Int8ImageArgs, image: u32, output: u32, part: u32, parts: u32): void {
  const plane = 4 * args.height * args.width;
  const first = firstOf(part, parts, args.height) * args.width;
  const end = firstOf(part + 1, parts, args.height) * args.width;
  for (let channel: u32 = 0; channel < args.channels; channel++) {
    const from = image + channel * plane;
    const to = output + 2 * channel;
    for (let pixel = first; pixel < end; pixel++) {
      const value = nearest<f32>(load<f32>(from + 4 * pixel) * args.perStep);
      const clamped = min<f32>(max<f32>(value, -MAX_PIXEL), MAX_PIXEL);
      store<u16>(to + pixel * args.outPitch, <u16> <i32> clamped);
    }
  }
}
