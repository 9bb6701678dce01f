// Batch norm in training. Sums are computed for each sample and then added in the samples' order, so that they do not depend on
// the number of threads. A tensor before batch norm is [sample][pixel][4 · quads].
//
// sums           [sample][4 · quads][2] in float64
// coefficients   a thread's own: [4 · quads] each of mean, 1 / deviation, scale and shift, mean of g, mean of g · x̂

import { curve, RELU, slope as slopeOf } from "../activation";
import { madd, store as storeLanes } from "../simd";
import { EPSILON, NormArgs } from "../abi";

@inline
function coefficient(args: NormArgs, thread: u32, which: u32): u32 {
  return args.coefficients + thread * args.coefficientBytes + which * 16 * args.quads;
}

// For each sample the sum and the sum of squares of each channel. Squares are of differences from the sample's own mean.
export function statistics(args: NormArgs, first: u32, last: u32): void {
  const pitch: u32 = 16 * args.quads;
  const bytes = args.pixels * pitch;
  for (let sample = first; sample < last; sample++) {
    const start = args.input + sample * bytes;
    const end = start + bytes;
    let out = args.sums + sample * 64 * args.quads;
    for (let q: u32 = 0; q < pitch; q += 16, out += 64) {
      let sum0 = f32x4.splat(0);
      let sum1 = f32x4.splat(0);
      let at = start + q;
      for (; at + pitch < end; at += 2 * pitch) {
        sum0 = f32x4.add(sum0, v128.load(at));
        sum1 = f32x4.add(sum1, v128.load(at + pitch));
      }
      if (at < end) sum0 = f32x4.add(sum0, v128.load(at));
      const sum = f32x4.add(sum0, sum1);
      const mean = f32x4.div(sum, f32x4.splat(<f32> args.pixels));
      let square0 = f32x4.splat(0);
      let square1 = f32x4.splat(0);
      for (at = start + q; at + pitch < end; at += 2 * pitch) {
        const difference0 = f32x4.sub(v128.load(at), mean);
        const difference1 = f32x4.sub(v128.load(at + pitch), mean);
        square0 = madd(difference0, difference0, square0);
        square1 = madd(difference1, difference1, square1);
      }
      if (at < end) {
        const difference = f32x4.sub(v128.load(at), mean);
        square0 = madd(difference, difference, square0);
      }
      const square = f32x4.add(square0, square1);
// #for i in 4
      const sum_${i} = <f64> f32x4.extract_lane(sum, ${i});
      store<f64>(out, sum_${i}, 16 * ${i});
      // (x − m)² summed is x² summed − n · (mean² − (mean − m)²), here with m the mean as rounded above.
      const mean_${i} = <f64> f32x4.extract_lane(mean, ${i});
      store<f64>(
        out,
        <f64> f32x4.extract_lane(square, ${i}) + mean_${i} * (2 * sum_${i} - mean_${i} * <f64> args.pixels),
        16 * ${i} + 8,
      );
// #end
    }
  }
}

// Computes a thread's own scale and shift from sums or running statistics.
export function coefficients(args: NormArgs, thread: u32, count: u32): void {
  const n = <f64> count * <f64> args.pixels;
  for (let k: u32 = 0; k < 4 * args.quads; k++) {
    let mean: f64;
    let variance: f64;
    if (args.isRunning) {
      mean = <f64> load<f32>(args.runningMean + 4 * k);
      variance = <f64> load<f32>(args.runningVariance + 4 * k);
    } else {
      let sum: f64 = 0;
      let square: f64 = 0;
      let at = args.sums + 16 * k;
      for (let sample: u32 = 0; sample < count; sample++, at += 64 * args.quads) {
        sum += load<f64>(at);
        square += load<f64>(at + 8);
      }
      mean = sum / n;
      variance = max<f64>(0, square / n - mean * mean);
      if (thread == 0) {
        store<f32>(args.batchMean + 4 * k, <f32> mean);
        // A single number has no unbiased variance.
        store<f32>(args.batchVariance + 4 * k, <f32> (variance * n / max<f64>(1, n - 1)));
      }
    }
    const inverse = 1 / sqrt<f64>(variance + EPSILON);
    const scale = <f64> load<f32>(args.weight + 4 * k) * inverse;
    store<f32>(coefficient(args, thread, 0) + 4 * k, <f32> mean);
    store<f32>(coefficient(args, thread, 1) + 4 * k, <f32> inverse);
    store<f32>(coefficient(args, thread, 2) + 4 * k, <f32> scale);
    store<f32>(coefficient(args, thread, 3) + 4 * k, <f32> (<f64> load<f32>(args.bias + 4 * k) - mean * scale));
  }
}

// Scale, shift and activation.
export function normalize(args: NormArgs, thread: u32, first: u32, last: u32): void {
  const pitch: u32 = 16 * args.quads;
  const activation = args.activation;
  const low = f32x4.splat(activation == RELU ? 0 : -Infinity);
  for (let q: u32 = 0; q < args.quads; q++) {
    const scale = v128.load(coefficient(args, thread, 2) + 16 * q);
    const shift = v128.load(coefficient(args, thread, 3) + 16 * q);
    const channels = <i32> args.channels - 4 * <i32> q;
    for (let sample = first; sample < last; sample++) {
      let at = args.input + sample * args.pixels * pitch + 16 * q;
      let out = args.output + sample * args.pixels * args.outPitch + 16 * q;
      if (activation > RELU) {
        for (let pixel = args.pixels; pixel > 0; pixel--, at += pitch, out += args.outPitch) {
          storeLanes(out, curve(madd(v128.load(at), scale, shift), activation), channels);
        }
      } else if (channels >= 4) {
        for (let pixel = args.pixels; pixel > 0; pixel--, at += pitch, out += args.outPitch) {
          v128.store(out, f32x4.max(madd(v128.load(at), scale, shift), low));
        }
      } else {
        for (let pixel = args.pixels; pixel > 0; pixel--, at += pitch, out += args.outPitch) {
          storeLanes(out, f32x4.max(madd(v128.load(at), scale, shift), low), channels);
        }
      }
    }
  }
}

// The gradient of batch norm's output, from the gradient of its activation.
@inline
function through(z: v128, gradient: v128, scale: v128, shift: v128, activation: u32): v128 {
  if (activation > RELU) return f32x4.mul(gradient, slopeOf(madd(z, scale, shift), activation));
  return activation == RELU ? v128.and(gradient, f32x4.gt(madd(z, scale, shift), f32x4.splat(0))) : gradient;
}

// For each sample the sums of g and g · x̂.
export function gradientSums(args: NormArgs, thread: u32, first: u32, last: u32): void {
  const pitch: u32 = 16 * args.quads;
  const activation = args.activation;
  for (let sample = first; sample < last; sample++) {
    let out = args.sums + sample * 64 * args.quads;
    for (let q: u32 = 0; q < pitch; q += 16, out += 64) {
      const mean = v128.load(coefficient(args, thread, 0) + q);
      const inverse = v128.load(coefficient(args, thread, 1) + q);
      const scale = v128.load(coefficient(args, thread, 2) + q);
      const shift = v128.load(coefficient(args, thread, 3) + q);
      let sum = f32x4.splat(0);
      let product = f32x4.splat(0);
      let at = args.input + sample * args.pixels * pitch + q;
      let gradient = args.output + sample * args.pixels * args.outPitch + q;
      for (let pixel = args.pixels; pixel > 0; pixel--, at += pitch, gradient += args.outPitch) {
        const z = v128.load(at);
        const g = through(z, v128.load(gradient), scale, shift, activation);
        sum = f32x4.add(sum, g);
        product = madd(g, f32x4.sub(z, mean), product);
      }
      product = f32x4.mul(product, inverse);
// #for i in 4
      store<f64>(out, <f64> f32x4.extract_lane(sum, ${i}), 16 * ${i});
      store<f64>(out, <f64> f32x4.extract_lane(product, ${i}), 16 * ${i} + 8);
// #end
    }
  }
}

// Computes a thread's own means from sums; they are the gradients of batch norm's bias and weight.
export function gradientCoefficients(args: NormArgs, thread: u32, count: u32): void {
  const n = <f64> count * <f64> args.pixels;
  for (let k: u32 = 0; k < args.channels; k++) {
    let sum: f64 = 0;
    let product: f64 = 0;
    let at = args.sums + 16 * k;
    for (let sample: u32 = 0; sample < count; sample++, at += 64 * args.quads) {
      sum += load<f64>(at);
      product += load<f64>(at + 8);
    }
    store<f32>(coefficient(args, thread, 4) + 4 * k, <f32> (sum / n));
    store<f32>(coefficient(args, thread, 5) + 4 * k, <f32> (product / n));
    if (thread == 0) {
      store<f32>(args.biasGradient + 4 * k, <f32> sum);
      store<f32>(args.weightGradient + 4 * k, <f32> product);
    }
  }
}

// Replaces z by its gradient, computed from g and z.
export function gradient(args: NormArgs, thread: u32, first: u32, last: u32): void {
  const pitch: u32 = 16 * args.quads;
  const activation = args.activation;
  for (let q: u32 = 0; q < pitch; q += 16) {
    const mean = v128.load(coefficient(args, thread, 0) + q);
    const inverse = v128.load(coefficient(args, thread, 1) + q);
    const scale = v128.load(coefficient(args, thread, 2) + q);
    const shift = v128.load(coefficient(args, thread, 3) + q);
    const meanG = v128.load(coefficient(args, thread, 4) + q);
    const slope = f32x4.mul(inverse, v128.load(coefficient(args, thread, 5) + q));
    for (let sample = first; sample < last; sample++) {
      let at = args.input + sample * args.pixels * pitch + q;
      let from = args.output + sample * args.pixels * args.outPitch + q;
      for (let pixel = args.pixels; pixel > 0; pixel--, at += pitch, from += args.outPitch) {
        const z = v128.load(at);
        const g = through(z, v128.load(from), scale, shift, activation);
        const rest = f32x4.sub(f32x4.sub(g, meanG), f32x4.mul(f32x4.sub(z, mean), slope));
        v128.store(at, f32x4.mul(scale, rest));
      }
    }
  }
}
