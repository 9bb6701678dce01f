// A tile of a convolution's weight gradient, for one tap: the sums over samples and pixels of ROWS input channels times
// QUADS · 4 gradients. The whole sum is taken in registers.
//
// inPixels   [pixels] bytes from a sample's input (moved by the tap) to each pixel
// gradient   [sample][pixels], `pitch` bytes from pixel to pixel
// result     [ROWS][4 · QUADS], of which `rows` rows are written; added to where `accumulate`

import { madd } from "../training/simd";

export function weightTile(
  input: u32,
  inBytes: u32,
  inPixels: u32,
  gradient: u32,
  gradientBytes: u32,
  pitch: u32,
  pixels: u32,
  samples: u32,
  result: u32,
  rows: u32,
  accumulate: bool,
): void {
// #for r in ROWS
// #for q in QUADS
  let sum${r}_${q} = f32x4.splat(0);
// #end
// #end
  const end = inPixels + 4 * pixels;
  for (; samples > 0; samples--) {
    let g = gradient;
    for (let pixel = inPixels; pixel < end; pixel += 4) {
      const at = input + load<u32>(pixel);
// #for q in QUADS
      const gradient${q} = v128.load(g, 16 * ${q});
// #end
// #for r in ROWS
      const value${r} = v128.load32_splat(at, 4 * ${r});
// #for q in QUADS
      sum${r}_${q} = madd(value${r}, gradient${q}, sum${r}_${q});
// #end
// #end
      g += pitch;
    }
    input += inBytes;
    gradient += gradientBytes;
  }
// #for r in ROWS
  if (rows > ${r}) {
// #for q in QUADS
    const at${r}_${q} = result + 16 * (QUADS * ${r} + ${q});
    v128.store(at${r}_${q}, accumulate ? f32x4.add(v128.load(at${r}_${q}), sum${r}_${q}) : sum${r}_${q});
// #end
  }
// #end
}
