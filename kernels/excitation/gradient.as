// Gradients of channels times gates, over a range of samples: of the channels, and of the gates' inputs.

import { ExcitationArgs } from "../abi";
import { gateOf, gateSlope } from "../activation";
import { madd, store } from "../simd";

export function excitationGradient(args: ExcitationArgs, first: u32, last: u32): void {
  for (let sample = first; sample < last; sample++) {
    for (let channel: u32 = 0; channel < args.channels; channel += 4) {
      const x = v128.load(args.gates + sample * args.gatesBytes + 4 * channel);
      const gate = gateOf(x, args.gate);
      const lanes = args.channels - channel;
      let sum = f32x4.splat(0);
      for (let row: u32 = 0; row < args.inHeight; row++) {
        const pixel = row * args.inWidth;
        let at = args.input + sample * args.inBytes + pixel * args.inPitch + 4 * channel;
        let from = args.output + sample * args.outBytes + pixel * args.outPitch + 4 * channel;
        let to = args.result + sample * args.resultBytes + pixel * args.resultPitch + 4 * channel;
        // Row by row, so that rounding errors do not accumulate.
        let own = f32x4.splat(0);
        for (let left = args.inWidth; left > 0; left--) {
          const g = v128.load(from);
          own = madd(g, v128.load(at), own);
          const value = f32x4.mul(g, gate);
          store(to, args.accumulate ? f32x4.add(v128.load(to), value) : value, lanes);
          at += args.inPitch;
          from += args.outPitch;
          to += args.resultPitch;
        }
        sum = f32x4.add(sum, own);
      }
      const to = args.gatesResult + sample * args.gatesResultBytes + 4 * channel;
      const value = f32x4.mul(sum, gateSlope(x, args.gate));
      store(to, args.gatesAccumulate ? f32x4.add(v128.load(to), value) : value, lanes);
    }
  }
}
