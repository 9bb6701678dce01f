// Bilinear resize, corners aligned, over a range of samples; a part computes some of the rows.

import { ResizeArgs } from "../abi";
import { firstOf } from "../parts";
import { madd, store } from "../simd";
import { place, share } from "./places";

@inline
function between(a: v128, b: v128, share: v128): v128 {
  return madd(share, f32x4.sub(b, a), a);
}

export function resize(args: ResizeArgs, first: u32, last: u32, part: u32, parts: u32): void {
  // With a single row or column, both are the same.
  const right: u32 = args.inWidth > 1 ? args.inPitch : 0;
  const below: u32 = args.inHeight > 1 ? args.inWidth * args.inPitch : 0;
  const begin = firstOf(part, parts, args.outHeight);
  const end = firstOf(part + 1, parts, args.outHeight);
  for (let sample = first; sample < last; sample++) {
    for (let y = begin; y < end; y++) {
      const dy = f32x4.splat(share(args.rows, y));
      const row = args.input + sample * args.inBytes + place(args.rows, y) * below;
      const out = args.output + sample * args.outBytes + y * args.outWidth * args.outPitch;
      if (args.outWidth > args.inWidth) widen(args, row, out, right, below, dy);
      else narrow(args, row, out, right, below, dy);
    }
  }
}

// An enlarged row, whose neighbouring pixels share inputs: computed quad by quad, so that most inputs are in registers.
function widen(args: ResizeArgs, row: u32, out: u32, right: u32, below: u32, dy: v128): void {
  for (let channel: u32 = 0; channel < args.channels; channel += 4) {
    const channels = <i32> (args.channels - channel);
    let at = row + 4 * channel;
    let to = out + 4 * channel;
    let column: u32 = 0;
    let before = between(v128.load(at), v128.load(at + below), dy);
    let after = between(v128.load(at + right), v128.load(at + right + below), dy);
    for (let x: u32 = 0; x < args.outWidth; x++, to += args.outPitch) {
      const next = place(args.columns, x);
      if (next > column) {
        at += (next - column) * right;
        before = next == column + 1 ? after : between(v128.load(at), v128.load(at + below), dy);
        after = between(v128.load(at + right), v128.load(at + right + below), dy);
        column = next;
      }
      store(to, between(before, after, f32x4.splat(share(args.columns, x))), channels);
    }
  }
}

// A row whose pixels do not share inputs: computed pixel by pixel, in order of memory.
function narrow(args: ResizeArgs, row: u32, out: u32, right: u32, below: u32, dy: v128): void {
  for (let x: u32 = 0; x < args.outWidth; x++, out += args.outPitch) {
    const dx = f32x4.splat(share(args.columns, x));
    const at = row + place(args.columns, x) * right;
    for (let k: u32 = 0; k < 4 * args.channels; k += 16) {
      const before = between(v128.load(at + k), v128.load(at + k + below), dy);
      const after = between(v128.load(at + k + right), v128.load(at + k + right + below), dy);
      store(out + k, between(before, after, dx), args.channels - k / 4);
    }
  }
}
