// The end of a head in training: cross-entropy and gradients. Weights are [class][4 · quads], means [sample][4 · quads],
// logits [sample][classes].

import { ClassifierArgs } from "../abi";
import { madd, store as storeLanes } from "../simd";
import { exp, log } from "../training/math";

// A sample's loss and whether the prediction is correct; gradients replace the logits. The last exit's loss is computed last,
// so that the teacher's logits are still available.
export function loss(args: ClassifierArgs, labels: u32, first: u32, last: u32, count: u32): void {
  const spread = <f64> args.smoothing / <f64> args.classes;
  const factor = <f64> args.lossWeight / <f64> count;
  for (let sample = first; sample < last; sample++) {
    const logits = args.logits + 4 * sample * args.classes;
    const label = load<u32>(labels + 4 * sample);
    let most: f32 = -Infinity;
    let best: u32 = 0;
    let total: f64 = 0;
    for (let c: u32 = 0; c < args.classes; c++) {
      const logit = load<f32>(logits + 4 * c);
      total += <f64> logit;
      if (logit > most) {
        most = logit;
        best = c;
      }
    }
    let sum: f64 = 0;
    for (let c: u32 = 0; c < args.classes; c++) sum += exp(<f64> load<f32>(logits + 4 * c) - <f64> most);
    const logSum = <f64> most + log(sum);
    const second = load<u32>(args.seconds + 4 * sample);
    const secondShare = (1 - <f64> args.smoothing) * <f64> load<f32>(args.shares + 4 * sample);
    const share = 1 - <f64> args.smoothing - secondShare;
    const own = share * <f64> load<f32>(logits + 4 * label) + secondShare * <f64> load<f32>(logits + 4 * second);
    const entropy = logSum - own - spread * total;
    store<u32>(args.correct + 4 * sample, best == label ? 1 : 0);
    if (args.distilled == 0) {
      store<f64>(args.losses + 8 * sample, entropy);
      for (let c: u32 = 0; c < args.classes; c++) {
        const at = logits + 4 * c;
        const target = spread + (c == label ? share : 0) + (c == second ? secondShare : 0);
        store<f32>(at, <f32> (factor * (exp(<f64> load<f32>(at) - logSum) - target)));
      }
      continue;
    }
    const teacher = args.teacher + 4 * sample * args.classes;
    const temperature = <f64> args.temperature;
    const taught = <f64> args.distilled;
    const softSum = logSumExp(logits, args.classes, temperature);
    const teacherSum = logSumExp(teacher, args.classes, temperature);
    let divergence: f64 = 0;
    for (let c: u32 = 0; c < args.classes; c++) {
      const at = logits + 4 * c;
      const logit = <f64> load<f32>(at);
      const target = spread + (c == label ? share : 0) + (c == second ? secondShare : 0);
      const soft = logit / temperature - softSum;
      const wanted = <f64> load<f32>(teacher + 4 * c) / temperature - teacherSum;
      divergence += exp(wanted) * (wanted - soft);
      const gradient = (1 - taught) * (exp(logit - logSum) - target) + taught * temperature * (exp(soft) - exp(wanted));
      store<f32>(at, <f32> (factor * gradient));
    }
    store<f64>(
      args.losses + 8 * sample,
      (1 - taught) * entropy + taught * temperature * temperature * divergence,
    );
  }
}

// log(Σ exp(logit / temperature)).
function logSumExp(logits: u32, classes: u32, temperature: f64): f64 {
  let most: f64 = -Infinity;
  for (let c: u32 = 0; c < classes; c++) most = max(most, <f64> load<f32>(logits + 4 * c) / temperature);
  let sum: f64 = 0;
  for (let c: u32 = 0; c < classes; c++) sum += exp(<f64> load<f32>(logits + 4 * c) / temperature - most);
  return most + log(sum);
}

// Gradients of weights and bias: each thread computes its share of the classes, over all samples.
export function linearGradient(args: ClassifierArgs, thread: u32, threads: u32, count: u32): void {
  const width: u32 = 16 * args.quads;
  const last = (thread + 1) * args.classes / threads;
  for (let c = thread * args.classes / threads; c < last; c++) {
    const row = args.weightGradient + c * width;
    memory.fill(row, 0, width);
    let bias: f64 = 0;
    for (let sample: u32 = 0; sample < count; sample++) {
      const g = load<f32>(args.logits + 4 * (sample * args.classes + c));
      const means = args.means + sample * width;
      bias += <f64> g;
      for (let q: u32 = 0; q < width; q += 16) {
        v128.store(row + q, madd(f32x4.splat(g), v128.load(means + q), v128.load(row + q)));
      }
    }
    store<f32>(args.biasGradient + 4 * c, <f32> bias);
  }
}

// Gradient of the pooled input; zero in pixels that were not pooled, unless it is added.
export function pooledGradient(args: ClassifierArgs, scratch: u32, first: u32, last: u32): void {
  const width: u32 = 16 * args.quads;
  const share = f32x4.splat(<f32> (1 / <f64> (args.poolHeight * args.poolWidth)));
  for (let sample = first; sample < last; sample++) {
    memory.fill(scratch, 0, width);
    for (let c: u32 = 0; c < args.classes; c++) {
      const g = f32x4.splat(load<f32>(args.logits + 4 * (sample * args.classes + c)));
      const row = args.weights + c * width;
      for (let q: u32 = 0; q < width; q += 16) {
        v128.store(scratch + q, madd(g, v128.load(row + q), v128.load(scratch + q)));
      }
    }
    for (let y: u32 = 0; y < args.inHeight; y++) {
      for (let x: u32 = 0; x < args.inWidth; x++) {
        const to = args.result + sample * args.resultBytes + (y * args.inWidth + x) * args.resultPitch;
        const inside = y < args.poolHeight && x < args.poolWidth;
        for (let q: u32 = 0; q < args.quads; q++) {
          const old = args.accumulate ? v128.load(to + 16 * q) : f32x4.splat(0);
          const more = inside ? f32x4.mul(share, v128.load(scratch + 16 * q)) : f32x4.splat(0);
          storeLanes(to + 16 * q, f32x4.add(old, more), args.channels - 4 * q);
        }
      }
    }
  }
}
