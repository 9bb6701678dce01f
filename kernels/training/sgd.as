// Stochastic gradient descent over numbers with the same weight decay, and running statistics; both with a moving average of
// the results. Each thread computes its share.

import { madd } from "../simd";
import { RunningArgs, SgdArgs } from "../abi";

// v = momentum · v + (share · gradient + decay · p); p −= rate · v, or with Nesterov rate · (that sum + momentum · v).
export function descend(args: SgdArgs, learningRate: f32, thread: u32, threads: u32): void {
  const quads = args.quads;
  const momentum = f32x4.splat(args.momentum);
  const decay = f32x4.splat(args.decay);
  const share = f32x4.splat(args.share);
  const minus = f32x4.splat(-learningRate);
  const keepsEma = args.ema != 0;
  const keep = f32x4.splat(args.keep);
  const rest = f32x4.splat(1 - args.keep);
  const begin = 16 * <u32> (<u64> thread * quads / threads);
  const end = 16 * <u32> (<u64> (thread + 1) * quads / threads);
  for (let at = begin; at < end; at += 16) {
    const parameter = v128.load(args.parameters + at);
    const gradient = madd(decay, parameter, f32x4.mul(share, v128.load(args.gradients + at)));
    const velocity = madd(momentum, v128.load(args.velocities + at), gradient);
    v128.store(args.velocities + at, velocity);
    const step = args.nesterov ? madd(momentum, velocity, gradient) : velocity;
    const next = madd(minus, step, parameter);
    v128.store(args.parameters + at, next);
    if (keepsEma) {
      v128.store(args.ema + at, f32x4.add(f32x4.mul(keep, v128.load(args.ema + at)), f32x4.mul(rest, next)));
    }
  }
}

// Running statistics move a tenth of the way to the batch's.
export function moveRunning(args: RunningArgs, thread: u32): void {
  if (thread > 0) return;
  const keep = f32x4.splat(0.9);
  const rest = f32x4.splat(0.1);
  for (let at: u32 = 0; at < 16 * args.quads; at += 16) {
    const next = f32x4.add(
      f32x4.mul(keep, v128.load(args.running + at)),
      f32x4.mul(rest, v128.load(args.batch + at)),
    );
    v128.store(args.running + at, next);
    if (args.ema) {
      v128.store(
        args.ema + at,
        f32x4.add(
          f32x4.mul(f32x4.splat(args.keep), v128.load(args.ema + at)),
          f32x4.mul(f32x4.splat(1 - args.keep), next),
        ),
      );
    }
  }
}
