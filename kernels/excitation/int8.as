// Each channel times its gate, in integers, rounded as in lib/weights/quantized.ts. A part computes some of the
// channels.

import { Int8ExcitationArgs } from "../abi";
import { bytesOf, storeBytes } from "../int8";
import { firstOf } from "../parts";

const BITS = 14;

export function exciteInt8(args: Int8ExcitationArgs, first: u32, last: u32, part: u32, parts: u32): void {
  const quads = (args.channels + 3) / 4;
  const end: u32 = 4 * firstOf(part + 1, parts, quads);
  const half = i32x4.splat(1 << (BITS - 1));
  for (let sample = first; sample < last; sample++) {
    for (let channel: u32 = 4 * firstOf(part, parts, quads); channel < end; channel += 4) {
      const from = args.gates + sample * args.gatesBytes + channel;
      let gate = f32x4.splat(gateAt(args, from));
      gate = f32x4.replace_lane(gate, 1, gateAt(args, from + 1));
      gate = f32x4.replace_lane(gate, 2, gateAt(args, from + 2));
      gate = f32x4.replace_lane(gate, 3, gateAt(args, from + 3));
      const real = f32x4.mul(gate, v128.load(args.multiplier + 4 * channel));
      const factor = i32x4.trunc_sat_f32x4_s(f32x4.nearest(real));
      const lanes = min(<i32> (args.channels - channel), 4);
      let at = args.input + sample * args.inBytes + channel;
      let to = args.output + sample * args.outBytes + channel;
      for (let pixel = args.inHeight * args.inWidth; pixel > 0; pixel--, at += args.inPitch, to += args.outPitch) {
        const value = i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(at)));
        const product = i32x4.shr_s(i32x4.add(i32x4.mul(value, factor), half), BITS);
        const steps = i32x4.min_s(product, i32x4.splat(127));
        storeBytes(to, bytesOf(steps, steps), lanes);
      }
    }
  }
}

// Padding may contain any bytes, and there are no gates for those above 127.
@inline
function gateAt(args: Int8ExcitationArgs, at: u32): f32 {
  return load<f32>(args.table + 4 * (load<u8>(at) & 127));
}
