// AdamW over numbers with the same weight decay, with a moving average of the results. Each thread computes its share.

import { AdamwArgs } from "../abi";

// g = share · gradient; m = keepMean · m + (1 − keepMean) · g; s = keepSquare · s + (1 − keepSquare) · g²;
// p −= rate · decay · p + rate · (first · m) / (second · √s + epsilon).
export function descendAdamw(args: AdamwArgs, learningRate: f32, first: f32, second: f32, thread: u32, threads: u32): void {
  const quads = args.quads;
  const share = f32x4.splat(args.share);
  const keepMean = f32x4.splat(args.keepMean);
  const restMean = f32x4.splat(1 - args.keepMean);
  const keepSquare = f32x4.splat(args.keepSquare);
  const restSquare = f32x4.splat(1 - args.keepSquare);
  const epsilon = f32x4.splat(args.epsilon);
  const shrink = f32x4.splat(1 - learningRate * args.decay);
  const stride = f32x4.splat(learningRate * first);
  const scale = f32x4.splat(second);
  const keepsEma = args.ema != 0;
  const keep = f32x4.splat(args.keep);
  const rest = f32x4.splat(1 - args.keep);
  const begin = 16 * <u32> (<u64> thread * quads / threads);
  const end = 16 * <u32> (<u64> (thread + 1) * quads / threads);
  for (let at = begin; at < end; at += 16) {
    const gradient = f32x4.mul(share, v128.load(args.gradients + at));
    const mean = f32x4.add(f32x4.mul(keepMean, v128.load(args.means + at)), f32x4.mul(restMean, gradient));
    const square = f32x4.add(
      f32x4.mul(keepSquare, v128.load(args.squares + at)),
      f32x4.mul(restSquare, f32x4.mul(gradient, gradient)),
    );
    v128.store(args.means + at, mean);
    v128.store(args.squares + at, square);
    const change = f32x4.div(f32x4.mul(stride, mean), f32x4.add(f32x4.mul(scale, f32x4.sqrt(square)), epsilon));
    const next = f32x4.sub(f32x4.mul(shrink, v128.load(args.parameters + at)), change);
    v128.store(args.parameters + at, next);
    if (keepsEma) {
      v128.store(args.ema + at, f32x4.add(f32x4.mul(keep, v128.load(args.ema + at)), f32x4.mul(rest, next)));
    }
  }
}
