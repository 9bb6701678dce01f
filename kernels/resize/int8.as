// Bilinear resize of integers, corners aligned, over a range of samples; a part computes some of the rows. Each pixel
// is the sum of four corners, each times a share; the shares add up to 2¹⁴.

import { Int8ResizeArgs } from "../abi";
import { bytesOf, kept, storeUpTo8 } from "../int8";
import { firstOf } from "../parts";

const BITS = 14;

export function resizeInt8(args: Int8ResizeArgs, first: u32, last: u32, part: u32, parts: u32): void {
  const begin = firstOf(part, parts, args.outHeight) * args.outWidth;
  const end = firstOf(part + 1, parts, args.outHeight) * args.outWidth;
  // Read only once: after each store, fields would be read again.
  const pitch = args.inPitch;
  const outPitch = args.outPitch;
  const channels = args.channels;
  const table = args.corners;
  const half = i32x4.splat(kept(1 << (BITS - 1)));
  for (let sample = first; sample < last; sample++) {
    const input = args.input + sample * args.inBytes;
    let out = args.output + sample * args.outBytes + begin * outPitch;
    for (let pixel = begin; pixel < end; pixel++, out += outPitch) {
      const corners = v128.load(table + 16 * pixel);
      const top = input + i32x4.extract_lane(corners, 0) * pitch;
      const right = i16x8.extract_lane_u(corners, 2) * pitch;
      const below = i16x8.extract_lane_u(corners, 3) * pitch;
      const upper = i32x4.shuffle(corners, corners, 2, 2, 2, 2);
      const lower = i32x4.shuffle(corners, corners, 3, 3, 3, 3);
      for (let k: u32 = 0; k < channels; k += 8) {
        const at = top + k;
        const a = i8x16.shuffle(
          v128.load64_zero(at), v128.load64_zero(at + right),
          0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23,
        );
        const b = i8x16.shuffle(
          v128.load64_zero(at + below), v128.load64_zero(at + right + below),
          0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23,
        );
        const low = sums(i16x8.extend_low_i8x16_u(a), i16x8.extend_low_i8x16_u(b), upper, lower, half);
        const left = <i32> (channels - k);
        if (left <= 4) {
          storeUpTo8(out + k, bytesOf(low, low), left);
        } else {
          const high = sums(i16x8.extend_high_i8x16_u(a), i16x8.extend_high_i8x16_u(b), upper, lower, half);
          storeUpTo8(out + k, bytesOf(low, high), left);
        }
      }
    }
  }
}

// The shares of the corners, for four channels.
@inline
function sums(above: v128, below: v128, upper: v128, lower: v128, half: v128): v128 {
  const sum = i32x4.add(i32x4.dot_i16x8_s(above, upper), i32x4.dot_i16x8_s(below, lower));
  return i32x4.shr_s(i32x4.add(sum, half), BITS);
}
