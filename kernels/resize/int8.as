// Bilinear resize of whole numbers, corners aligned, over a range of samples; a part has some rows. Each pixel is the
// sum of four corners times shares that add up to 2¹⁴.

import { Int8ResizeArgs } from "../abi";
import { storeBytes } from "../int8";
import { firstOf } from "../parts";

const BITS = 14;

export function resizeInt8(args: Int8ResizeArgs, first: u32, last: u32, part: u32, parts: u32): void {
  const begin = firstOf(part, parts, args.outHeight) * args.outWidth;
  const end = firstOf(part + 1, parts, args.outHeight) * args.outWidth;
  const half = i32x4.splat(1 << (BITS - 1));
  for (let sample = first; sample < last; sample++) {
    const input = args.input + sample * args.inBytes;
    let out = args.output + sample * args.outBytes + begin * args.outPitch;
    for (let pixel = begin; pixel < end; pixel++, out += args.outPitch) {
      const corner = args.corners + 16 * pixel;
      const top = input + load<u32>(corner) * args.inPitch;
      const right = load<u16>(corner, 4) * args.inPitch;
      const below = load<u16>(corner, 6) * args.inPitch;
      const upper = v128.load32_splat(corner, 8);
      const lower = v128.load32_splat(corner, 12);
      for (let k: u32 = 0; k < args.channels; k += 8) {
        const at = top + k;
        const a = i8x16.shuffle(
          v128.load64_zero(at), v128.load64_zero(at + right),
          0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23,
        );
        const b = i8x16.shuffle(
          v128.load64_zero(at + below), v128.load64_zero(at + right + below),
          0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23,
        );
        const low = i32x4.add(
          i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_u(a), upper),
          i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_u(b), lower),
        );
        const high = i32x4.add(
          i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_u(a), upper),
          i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_u(b), lower),
        );
        const halves = i16x8.narrow_i32x4_s(
          i32x4.shr_s(i32x4.add(low, half), BITS),
          i32x4.shr_s(i32x4.add(high, half), BITS),
        );
        const steps = i8x16.narrow_i16x8_u(halves, halves);
        const channels = <i32> (args.channels - k);
        if (channels >= 8) v128.store64_lane(out + k, steps, 0);
        else storeBytes(out + k, steps, channels);
      }
    }
  }
}
