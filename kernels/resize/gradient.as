// Gradient of a bilinear resize, corners aligned, over a range of samples.

import { ResizeArgs } from "../abi";
import { madd } from "../simd";
import { place, share } from "./places";

@inline
function addTo(at: u32, share: v128, value: v128, channels: i32): void {
  if (channels >= 4) {
    v128.store(at, madd(share, value, v128.load(at)));
    return;
  }
  // One by one: a processor has to wait for a number just stored if it is loaded with others.
  const product = f32x4.mul(share, value);
  store<f32>(at, load<f32>(at) + f32x4.extract_lane(product, 0));
  if (channels > 1) store<f32>(at, load<f32>(at, 4) + f32x4.extract_lane(product, 1), 4);
  if (channels > 2) store<f32>(at, load<f32>(at, 8) + f32x4.extract_lane(product, 2), 8);
}

// Each output's gradient is added to the inputs that it was interpolated from.
export function resizeGradient(args: ResizeArgs, first: u32, last: u32): void {
  const right: u32 = args.inWidth > 1 ? args.resultPitch : 0;
  const below: u32 = args.inHeight > 1 ? args.inWidth * args.resultPitch : 0;
  const one = f32x4.splat(1);
  for (let sample = first; sample < last; sample++) {
    for (let y: u32 = 0; y < args.outHeight; y++) {
      const dy = f32x4.splat(share(args.rows, y));
      const rest = f32x4.sub(one, dy);
      const row = args.result + sample * args.resultBytes + place(args.rows, y) * below;
      const gradients = args.output + sample * args.outBytes + y * args.outWidth * args.outPitch;
      for (let channel: u32 = 0; channel < args.channels; channel += 4) {
        const channels = <i32> (args.channels - channel);
        let at = row + 4 * channel;
        let from = gradients + 4 * channel;
        let column: u32 = 0;
        let before = f32x4.splat(0);
        let after = f32x4.splat(0);
        for (let x: u32 = 0; x < args.outWidth; x++, from += args.outPitch) {
          const next = place(args.columns, x);
          if (next > column) {
            addTo(at, rest, before, channels);
            addTo(at + below, dy, before, channels);
            if (next == column + 1) {
              before = after;
            } else {
              addTo(at + right, rest, after, channels);
              addTo(at + right + below, dy, after, channels);
              before = f32x4.splat(0);
            }
            after = f32x4.splat(0);
            at += (next - column) * right;
            column = next;
          }
          const value = v128.load(from);
          const dx = f32x4.splat(share(args.columns, x));
          before = madd(f32x4.sub(one, dx), value, before);
          after = madd(dx, value, after);
        }
        addTo(at, rest, before, channels);
        addTo(at + below, dy, before, channels);
        addTo(at + right, rest, after, channels);
        addTo(at + right + below, dy, after, channels);
      }
    }
  }
}
