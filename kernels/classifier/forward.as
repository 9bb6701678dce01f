// The end of a head, for one sample: the means of the top left pixels, then a linear layer with bias, summed in
// float64. A boosted exit adds `reweight` times the logits of the previous exit, which are at `before`. A part computes
// some of the classes, and all means.
//
// weights  [classes][channels, padded to a quad]; zeros in the padding

import { ClassifierArgs } from "../abi";
import { firstOf } from "../parts";
import { store as storeLanes } from "../simd";

export function classify(
  args: ClassifierArgs,
  input: u32,
  means: u32,
  logits: u32,
  before: u32,
  part: u32,
  parts: u32,
): void {
  const width: u32 = 16 * args.quads;
  const share = f32x4.splat(1 / <f32> (args.poolHeight * args.poolWidth));
  for (let k: u32 = 0; k < width; k += 16) {
    let sum = f32x4.splat(0);
    for (let y: u32 = 0; y < args.poolHeight; y++) {
      for (let x: u32 = 0; x < args.poolWidth; x++) {
        sum = f32x4.add(sum, v128.load(input + (y * args.inWidth + x) * args.inPitch + k));
      }
    }
    // The numbers after the channels are undefined.
    v128.store(means + k, f32x4.splat(0));
    storeLanes(means + k, f32x4.mul(sum, share), args.channels - k / 4);
  }
  logitsOfMeans(args.weights, args.bias, args.quads, args.classes, means, logits, args.reweight, before, part, parts);
}

// The linear layer, and boosting.
export function logitsOfMeans(
  weights: u32,
  biases: u32,
  quads: u32,
  classes: u32,
  means: u32,
  logits: u32,
  reweight: f32,
  before: u32,
  part: u32,
  parts: u32,
): void {
  const width: u32 = 16 * quads;
  const end = firstOf(part + 1, parts, classes);
  for (let out = firstOf(part, parts, classes); out < end; out++) {
    const row = weights + out * width;
    let sum = f64x2.splat(0);
    for (let k: u32 = 0; k < width; k += 8) sum = f64x2.add(sum, f64x2.mul(loadPair(means + k), loadPair(row + k)));
    const bias = <f64> load<f32>(biases + 4 * out);
    let logit = f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1) + bias;
    if (reweight > 0) logit += <f64> reweight * <f64> load<f32>(before + 4 * out);
    store<f32>(logits + 4 * out, <f32> logit);
  }
}

// Two numbers, in double precision.
@inline
function loadPair(at: u32): v128 {
  return f64x2.promote_low_f32x4(v128.load64_zero(at));
}
