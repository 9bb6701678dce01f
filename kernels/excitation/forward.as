// Each channel times its gate, over a range of samples. A part computes some of the channels.

import { ExcitationArgs } from "../abi";
import { gateOf } from "../activation";
import { firstOf } from "../parts";
import { store } from "../simd";

export function excite(args: ExcitationArgs, first: u32, last: u32, part: u32, parts: u32): void {
  const quads = (args.channels + 3) / 4;
  const end: u32 = 4 * firstOf(part + 1, parts, quads);
  for (let sample = first; sample < last; sample++) {
    for (let channel: u32 = 4 * firstOf(part, parts, quads); channel < end; channel += 4) {
      const gate = gateOf(v128.load(args.gates + sample * args.gatesBytes + 4 * channel), args.gate);
      let at = args.input + sample * args.inBytes + 4 * channel;
      let to = args.output + sample * args.outBytes + 4 * channel;
      for (let pixel = args.inHeight * args.inWidth; pixel > 0; pixel--, at += args.inPitch, to += args.outPitch) {
        store(to, f32x4.mul(v128.load(at), gate), args.channels - channel);
      }
    }
  }
}
