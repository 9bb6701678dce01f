// Sums over taps, the inner loops of convolutions on the CPU: an implicit matrix product whose rows come from tables. The
// caller handles stride, padding, borders and samples with these tables. Loops are expanded as in the WGSL kernels;
// `./ranet wasm` builds it.
//
// A register tile is 6 pixels × 8 output channels, which with weights and an input fills 15 registers; there are smaller tiles
// for the rest. All pixels are computed before the next channels, so that the weights stay in the cache. Each output is summed
// in the same order, whatever tile or thread computes it.
//
// input, output        address of the first sample's
// inPixels, outPixels  [pixels] pixels from `input` and `output` to each pixel; their number a multiple of the tile's
// weights              [runs][runLength][4 · quads]
// channels             number of channels to write, at most 4 · quads
// bias                 4 · quads numbers, the initial values of the sums

import { curve, RELU } from "../activation";
import { madd, store } from "../simd";

// The arguments that all sums of a layer share.
// pitch       stride of pixels in bytes, of the input and of the output
// moves       [runs] bytes from the end of one run of contiguous inputs to the next one
// accumulate  whether sums are added to the existing output, instead of starting from the bias
let inPitch: u32 = 0;
let outPitch: u32 = 0;
let moves: u32 = 0;
let movesEnd: u32 = 0;
let runLength: u32 = 0;
let accumulate: bool = false;
let activation: u32 = 0;
let isCurved: bool = false;
let least: v128 = f32x4.splat(0);
export function setSums(from: u32, to: u32, first: u32, runs: u32, length: u32, adds: bool, kind: u32): void {
  inPitch = from;
  outPitch = to;
  moves = first;
  movesEnd = first + 4 * runs;
  runLength = length;
  accumulate = adds;
  activation = kind;
  isCurved = kind > RELU;
  least = f32x4.splat(kind == RELU ? 0 : -Infinity);
}

// #for Q in 1..2
// #for P in 1..6
function sumTile${P}x${Q}(
  input: u32,
  inPixels: u32,
  output: u32,
  outPixels: u32,
  pixels: u32,
  channels: u32,
  weights: u32,
  bias: u32,
): void {
  const whole = channels >= 4 * ${Q};
  const adds = accumulate;
  const first = moves;
  const last = movesEnd;
  const quads = runLength >> 2;
  const rest = runLength & 3;
  const curved = isCurved;
  const low = least;
// #for q in ${Q}
  const start${q} = adds ? f32x4.splat(0) : v128.load(bias, 16 * ${q});
// #end
  for (const end = inPixels + 4 * pixels; inPixels < end; inPixels += 4 * ${P}, outPixels += 4 * ${P}) {
// #for p in ${P}
    let at${p} = input + load<u32>(inPixels, 4 * ${p}) * inPitch;
// #for q in ${Q}
    let sum${p}_${q} = start${q};
// #end
// #end
    let w = weights;
    for (let run = first; run < last; run += 4) {
      const move = load<u32>(run);
// #for p in ${P}
      at${p} += move;
// #end
      for (let k = quads; k > 0; k--) {
// #for i in 4
// #for q in ${Q}
        const weight${i}_${q} = v128.load(w, 16 * (${Q} * ${i} + ${q}));
// #end
// #for p in ${P}
        const value${i}_${p} = v128.load32_splat(at${p}, 4 * ${i});
// #for q in ${Q}
        sum${p}_${q} = madd(value${i}_${p}, weight${i}_${q}, sum${p}_${q});
// #end
// #end
// #end
        w += 64 * ${Q};
// #for p in ${P}
        at${p} += 16;
// #end
      }
      for (let k = rest; k > 0; k--) {
// #for q in ${Q}
        const weight${q} = v128.load(w, 16 * ${q});
// #end
// #for p in ${P}
        const value${p} = v128.load32_splat(at${p});
// #for q in ${Q}
        sum${p}_${q} = madd(value${p}, weight${q}, sum${p}_${q});
// #end
// #end
        w += 16 * ${Q};
// #for p in ${P}
        at${p} += 4;
// #end
      }
    }
// #for p in ${P}
    const out${p} = output + load<u32>(outPixels, 4 * ${p}) * outPitch;
// #end
    if (adds) {
// #for p in ${P}
// #for q in ${Q}
      sum${p}_${q} = f32x4.add(sum${p}_${q}, v128.load(out${p}, 16 * ${q}));
// #end
// #end
    }
    if (curved) {
// #for p in ${P}
// #for q in ${Q}
      sum${p}_${q} = curve(sum${p}_${q}, activation);
// #end
// #end
    }
    if (whole) {
// #for p in ${P}
// #for q in ${Q}
      v128.store(out${p}, f32x4.pmax(sum${p}_${q}, low), 16 * ${q});
// #end
// #end
    } else {
// #for p in ${P}
// #for q in ${Q}
      store(out${p} + 16 * ${q}, f32x4.pmax(sum${p}_${q}, low), <i32> channels - 4 * ${q});
// #end
// #end
    }
  }
}
// #end

// Any number of pixels.
export function sumTaps${Q}(
  input: u32,
  inPixels: u32,
  output: u32,
  outPixels: u32,
  pixels: u32,
  channels: u32,
  weights: u32,
  bias: u32,
): void {
  const rest = pixels % 6;
  const whole = pixels - rest;
  sumTile6x${Q}(input, inPixels, output, outPixels, whole, channels, weights, bias);
  inPixels += 4 * whole;
  outPixels += 4 * whole;
  switch (rest) {
// #for P in 1..5
    case ${P}:
      return sumTile${P}x${Q}(input, inPixels, output, outPixels, ${P}, channels, weights, bias);
// #end
  }
}
// #end

// The same for 8 channels with so few inputs that all weights stay in registers: each pixel is read, computed and written once.
// #for K in 1..6
export function sumFew${K}(
  input: u32,
  inPixels: u32,
  output: u32,
  outPixels: u32,
  pixels: u32,
  channels: u32,
  weights: u32,
  bias: u32,
): void {
  const adds = accumulate;
  const curved = isCurved;
  const low = least;
// #for k in ${K}
// #for q in 2
  const weight${k}_${q} = v128.load(weights, 16 * (2 * ${k} + ${q}));
// #end
// #end
// #for q in 2
  const start${q} = adds ? f32x4.splat(0) : v128.load(bias, 16 * ${q});
// #end
  for (const end = inPixels + 4 * pixels; inPixels < end; inPixels += 4, outPixels += 4) {
    const at = input + load<u32>(inPixels) * inPitch;
    const out = output + load<u32>(outPixels) * outPitch;
// #for q in 2
    let sum${q} = adds ? v128.load(out, 16 * ${q}) : start${q};
// #end
// #for k in ${K}
    const value${k} = v128.load32_splat(at, 4 * ${k});
// #for q in 2
    sum${q} = madd(value${k}, weight${k}_${q}, sum${q});
// #end
// #end
    if (curved) {
// #for q in 2
      sum${q} = curve(sum${q}, activation);
// #end
    }
    if (channels >= 8) {
      v128.store(out, f32x4.pmax(sum0, low));
      v128.store(out, f32x4.pmax(sum1, low), 16);
    } else {
      store(out, f32x4.pmax(sum0, low), <i32> channels);
      store(out + 16, f32x4.pmax(sum1, low), <i32> channels - 4);
    }
  }
}
// #end
