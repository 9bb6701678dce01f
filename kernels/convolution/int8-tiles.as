// Sums over taps in integers: an implicit matrix product whose rows come from tables, as in tiles.as. There are several
// ways to multiply, with the same results; the choice depends on the engine and on the weights:
//
// Paired   `dot_i16x8_s` of weights and inputs that are widened to 16 bits; works on every engine
// Fused    the relaxed dot product: one instruction where processors have it (AVX-VNNI, Arm's dot product)
// Chained  on other x86 processors: products are added in pairs, and pairs in 16 bits, before they are added to 32-bit sums;
//          for weights that are small enough not to overflow (lib/device/cpu/int8_weights.ts)
// Wide     inputs and weights have 16 bits; for the layer that reads the image
//
// An engine without trap handler (Deno 2.9.6) checks the bounds of each load and store with two or three instructions:
// one load of eight inputs, followed by shuffles, is then faster than two loads of four. Fused products have no
// registers left for that.
//
// input, output     address of the first sample's
// inPixels          [pixels] pixels from `input` to each pixel's first input
// weights           [runs][steps][quads] × 32 bytes: the weights of 4 outputs for 8 bytes of inputs
// bias, multiplier  4 · quads numbers
// channels          number of channels to write, at most 4 · quads

import { kept, steps1, steps2, storePanel1, storePanel2, storeUpTo8 } from "../int8";

// The ways to multiply. They are types, so that a function is compiled for each of them.
type Paired = u8;
type Fused = u16;
type Chained = u32;
type Wide = u64;

// These numbers are also in lib/device/cpu/int8_product.ts.
const FUSED: u32 = 1;
const CHAINED: u32 = 2;
const WIDE: u32 = 3;

// The arguments that all sums of a layer share.
// moves    [runs] bytes from the end of one run of contiguous inputs to the next one
// steps    steps of 8 bytes in a run; the last one is padded with weights of zero
// product  how to multiply
let inPitch: u32 = 0;
let outPitch: u32 = 0;
let moves: u32 = 0;
let movesEnd: u32 = 0;
let steps: u32 = 0;
let product: u32 = 0;
export function setInt8Sums(from: u32, to: u32, first: u32, runs: u32, length: u32, how: u32): void {
  inPitch = from;
  outPitch = to;
  moves = first;
  movesEnd = first + 4 * runs;
  steps = length;
  product = how;
}

@inline
function fusedDot(weights: v128, inputs: v128, sum: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? i32x4.relaxed_dot_i8x16_i7x16_add_s(weights, inputs, sum) : unreachable();
}

@inline
function pairDot(weights: v128, inputs: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? i16x8.relaxed_dot_i8x16_i7x16_s(weights, inputs) : unreachable();
}

// The relaxed products of weights, inputs and a sum that are stored at an address, 16 bytes each; results are stored
// after them.
export function multiply(at: u32): void {
  if (!ASC_FEATURE_RELAXED_SIMD) return;
  const weights = v128.load(at);
  const inputs = v128.load(at, 16);
  v128.store(at, fusedDot(weights, inputs, v128.load(at, 32)), 48);
  v128.store(at, pairDot(weights, inputs), 64);
}

// #for Q in 1..2
// #for P in 1..8
function sumTile${P}x${Q}<Product>(
  input: u32,
  inPixels: u32,
  output: u32,
  pixels: u32,
  channels: i32,
  weights: u32,
  bias: u32,
  multiplier: u32,
): void {
  const whole = channels >= 4 * ${Q};
  const first = moves;
  const last = movesEnd;
  const count = steps;
  const from = inPitch;
  const to = outPitch;
  const ones = i16x8.splat(<i16> kept(1));
  const most = f32x4.splat(<f32> kept(127));
  for (const end = inPixels + 4 * pixels; inPixels < end; inPixels += 4 * ${P}, output += ${P} * to) {
// #for p in ${P}
    let at${p} = input + load<u32>(inPixels, 4 * ${p}) * from;
// #for q in ${Q}
    let sum${p}_${q} = v128.load(bias, 16 * ${q});
// #end
// #end
    let w = weights;
    for (let run = first; run < last; run += 4) {
      const move = load<u32>(run);
// #for p in ${P}
      at${p} += move;
// #end
      for (let k = count; k > 0; k--) {
// #for p in ${P}
        const values${p} = sizeof<Product>() == sizeof<Fused>() ? i64x2.splat(0) : v128.load64_zero(at${p});
// #end
        if (sizeof<Product>() == sizeof<Paired>()) {
// #for p in ${P}
          const wide${p} = i16x8.extend_low_i8x16_u(values${p});
// #end
// #for i in 4
// #for q in ${Q}
          const weight${i}_${q} = v128.load_ext<i8>(w, 8 * (${Q} * ${i} + ${q}));
// #end
// #for p in ${P}
          const value${i}_${p} = i32x4.shuffle(wide${p}, wide${p}, ${i}, ${i}, ${i}, ${i});
// #for q in ${Q}
          sum${p}_${q} = i32x4.add(sum${p}_${q}, i32x4.dot_i16x8_s(weight${i}_${q}, value${i}_${p}));
// #end
// #end
// #end
        } else if (sizeof<Product>() == sizeof<Chained>()) {
// #for q in ${Q}
          const weight0_${q} = v128.load(w, 16 * ${q});
          const weight1_${q} = v128.load(w, 16 * (${Q} + ${q}));
// #end
// #for p in ${P}
          const value0_${p} = i32x4.shuffle(values${p}, values${p}, 0, 0, 0, 0);
          const value1_${p} = i32x4.shuffle(values${p}, values${p}, 1, 1, 1, 1);
// #for q in ${Q}
          const pairs${p}_${q} = i16x8.add(pairDot(weight0_${q}, value0_${p}), pairDot(weight1_${q}, value1_${p}));
          sum${p}_${q} = i32x4.add(sum${p}_${q}, i32x4.dot_i16x8_s(pairs${p}_${q}, ones));
// #end
// #end
        } else {
// #for i in 2
// #for q in ${Q}
          const weight${i}_${q} = v128.load(w, 16 * (${Q} * ${i} + ${q}));
// #end
// #for p in ${P}
          const value${i}_${p} = sizeof<Product>() == sizeof<Fused>()
            ? v128.load32_splat(at${p}, 4 * ${i})
            : i32x4.shuffle(values${p}, values${p}, ${i}, ${i}, ${i}, ${i});
// #for q in ${Q}
          sum${p}_${q} = sizeof<Product>() == sizeof<Fused>()
            ? fusedDot(weight${i}_${q}, value${i}_${p}, sum${p}_${q})
            : i32x4.add(sum${p}_${q}, i32x4.dot_i16x8_s(weight${i}_${q}, value${i}_${p}));
// #end
// #end
// #end
        }
        w += 32 * ${Q};
// #for p in ${P}
        at${p} += 8;
// #end
      }
    }
// #for q in ${Q}
    const times${q} = v128.load(multiplier, 16 * ${q});
// #end
// #for p in ${P}
    const bytes${p} = steps${Q}(
// #for q in ${Q}
      sum${p}_${q},
      times${q},
// #end
      most,
    );
// #end
    if (whole) {
// #for p in ${P}
      storePanel${Q}(output + ${p} * to, bytes${p});
// #end
    } else {
// #for p in ${P}
      storeUpTo8(output + ${p} * to, bytes${p}, channels);
// #end
    }
  }
}
// #end

// A tile has as many pixels as the registers allow: more with a panel of 4 channels.
function sumPixels${Q}<Product>(
  input: u32,
  inPixels: u32,
  output: u32,
  pixels: u32,
  channels: i32,
  weights: u32,
  bias: u32,
  multiplier: u32,
): void {
  const most: u32 = sizeof<Product>() == sizeof<Fused>() ? 6 : sizeof<Product>() == sizeof<Chained>() && ${Q} == 1 ? 8 : 4;
  let rest = pixels % most;
  const whole = pixels - rest;
  if (sizeof<Product>() == sizeof<Fused>()) {
    sumTile6x${Q}<Product>(input, inPixels, output, whole, channels, weights, bias, multiplier);
  } else if (sizeof<Product>() == sizeof<Chained>() && ${Q} == 1) {
    sumTile8x${Q}<Product>(input, inPixels, output, whole, channels, weights, bias, multiplier);
  } else {
    sumTile4x${Q}<Product>(input, inPixels, output, whole, channels, weights, bias, multiplier);
  }
  inPixels += 4 * whole;
  output += whole * outPitch;
  if (rest >= 4) {
    sumTile4x${Q}<Product>(input, inPixels, output, 4, channels, weights, bias, multiplier);
    inPixels += 16;
    output += 4 * outPitch;
    rest -= 4;
  }
  switch (rest) {
// #for P in 1..3
    case ${P}:
      return sumTile${P}x${Q}<Product>(input, inPixels, output, ${P}, channels, weights, bias, multiplier);
// #end
  }
}

// Any number of pixels, multiplied in the way that was set.
export function sumInt8Taps${Q}(
  input: u32,
  inPixels: u32,
  output: u32,
  pixels: u32,
  channels: i32,
  weights: u32,
  bias: u32,
  multiplier: u32,
): void {
  switch (product) {
    case WIDE:
      return sumPixels${Q}<Wide>(input, inPixels, output, pixels, channels, weights, bias, multiplier);
    case FUSED:
      if (!ASC_FEATURE_RELAXED_SIMD) break;
      return sumPixels${Q}<Fused>(input, inPixels, output, pixels, channels, weights, bias, multiplier);
    case CHAINED:
      if (!ASC_FEATURE_RELAXED_SIMD) break;
      return sumPixels${Q}<Chained>(input, inPixels, output, pixels, channels, weights, bias, multiplier);
  }
  sumPixels${Q}<Paired>(input, inPixels, output, pixels, channels, weights, bias, multiplier);
}
// #end
