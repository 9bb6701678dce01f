// Sums over taps: a convolution's forward pass and, with weights transposed, its input gradient. An implicit matrix
// product on the CPU whose rows are found in tables, so that stride, padding, borders and samples are the caller's affair.
// AssemblyScript with loops written out as in the WGSL kernels; `deno task wasm` builds it.
//
// A register tile of 6 pixels × 1 or 2 quads of output channels. It goes over all pixels before the next channels, so that
// their weights stay near.
//
// inPixels, outPixels  [pixels] bytes from `input` and `output` to each pixel
// moves                [runs] bytes from the end of one run of inputs that lie together to the next one
// weights              [runs][runLength][4 · quads]
// channels             how many are written, at most 4 · quads
// accumulate           whether sums are added to what is there; if not, they start from `bias`, 4 · quads numbers

import { madd, store } from "../training/simd";

// #for Q in 3
export function sumTaps${Q}(
  input: u32,
  inPixels: u32,
  output: u32,
  outPixels: u32,
  pixels: u32,
  moves: u32,
  runs: u32,
  runLength: u32,
  channels: u32,
  weights: u32,
  bias: u32,
  accumulate: bool,
  relu: bool,
): void {
  const behind = moves + 4 * runs;
  for (let pixel: u32 = 0; pixel < pixels; pixel += 6) {
// #for p in 6
    // Behind the last pixel it is computed again.
    const index${p} = 4 * min(pixel + ${p}, pixels - 1);
    let at${p} = input + load<u32>(inPixels + index${p});
// #for q in ${Q}
    let sum${p}_${q} = accumulate
      ? v128.load(output + load<u32>(outPixels + index${p}), 16 * ${q})
      : v128.load(bias, 16 * ${q});
// #end
// #end
    let w = weights;
    for (let run = moves; run < behind; run += 4) {
      const move = load<u32>(run);
// #for p in 6
      at${p} += move;
// #end
      for (let k = runLength >> 2; k > 0; k--) {
// #for i in 4
// #for q in ${Q}
        const weight${i}_${q} = v128.load(w, 16 * (${Q} * ${i} + ${q}));
// #end
// #for p in 6
        const value${i}_${p} = v128.load32_splat(at${p}, 4 * ${i});
// #for q in ${Q}
        sum${p}_${q} = madd(value${i}_${p}, weight${i}_${q}, sum${p}_${q});
// #end
// #end
// #end
        w += 64 * ${Q};
// #for p in 6
        at${p} += 16;
// #end
      }
      for (let k = runLength & 3; k > 0; k--) {
// #for q in ${Q}
        const weight${q} = v128.load(w, 16 * ${q});
// #end
// #for p in 6
        const value${p} = v128.load32_splat(at${p});
// #for q in ${Q}
        sum${p}_${q} = madd(value${p}, weight${q}, sum${p}_${q});
// #end
// #end
        w += 16 * ${Q};
// #for p in 6
        at${p} += 4;
// #end
      }
    }
// #for p in 6
    const out${p} = output + load<u32>(outPixels + index${p});
// #for q in ${Q}
    store(out${p} + 16 * ${q}, relu ? f32x4.max(sum${p}_${q}, f32x4.splat(0)) : sum${p}_${q}, <i32>channels - 4 * ${q});
// #end
// #end
  }
}
// #end
