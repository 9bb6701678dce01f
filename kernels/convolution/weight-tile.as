// A tile of a convolution's weight gradient, for one tap: the sums over samples and pixels of inputs times
// quads of gradients. The complete sum is computed in registers.
//
// places     [pixels][2] bytes from a sample's input to each pixel's, and from its gradient to that pixel's
// result     [inputs][4 · quads], of which `rows` rows are written; added to where `accumulate`

import { madd } from "../simd";

// #for R in 4..6
// #for Q in 2..2
// ${R} inputs × ${Q} quads.
export function weightTile${R}x${Q}(
  input: u32,
  inBytes: u32,
  gradient: u32,
  gradientBytes: u32,
  places: u32,
  pixels: u32,
  samples: u32,
  result: u32,
  rows: u32,
  accumulate: bool,
): void {
// #for r in ${R}
// #for q in ${Q}
  let sum${r}_${q} = f32x4.splat(0);
// #end
// #end
  const end = places + 8 * pixels;
  for (; samples > 0; samples--) {
    for (let place = places; place < end; place += 8) {
      const at = input + load<u32>(place);
      const g = gradient + load<u32>(place, 4);
// #for q in ${Q}
      const gradient${q} = v128.load(g, 16 * ${q});
// #end
// #for r in ${R}
      const value${r} = v128.load32_splat(at, 4 * ${r});
// #for q in ${Q}
      sum${r}_${q} = madd(value${r}, gradient${q}, sum${r}_${q});
// #end
// #end
    }
    input += inBytes;
    gradient += gradientBytes;
  }
// #for r in ${R}
  if (rows > ${r}) {
// #for q in ${Q}
    const at${r}_${q} = result + 16 * (${Q} * ${r} + ${q});
    v128.store(at${r}_${q}, accumulate ? f32x4.add(v128.load(at${r}_${q}), sum${r}_${q}) : sum${r}_${q});
// #end
  }
// #end
}
// #end
// #end

// The same for the last panel, which has few output channels: gradients are broadcast and inputs are vectors, so that
// no lanes are wasted on missing channels. The tile is ${C} gradients × Q · 4 inputs.
//
// lanes      channels from input to input in the result

// #for C in 1..6
// #for Q in 2..4
export function narrowTile${C}x${Q}(
  input: u32,
  inBytes: u32,
  gradient: u32,
  gradientBytes: u32,
  places: u32,
  pixels: u32,
  samples: u32,
  result: u32,
  lanes: u32,
  rows: u32,
  accumulate: bool,
): void {
// #for c in ${C}
// #for q in ${Q}
  let sum${c}_${q} = f32x4.splat(0);
// #end
// #end
  const end = places + 8 * pixels;
  for (; samples > 0; samples--) {
    for (let place = places; place < end; place += 8) {
      const at = input + load<u32>(place);
      const g = gradient + load<u32>(place, 4);
// #for q in ${Q}
      const value${q} = v128.load(at, 16 * ${q});
// #end
// #for c in ${C}
      const gradient${c} = v128.load32_splat(g, 4 * ${c});
// #for q in ${Q}
      sum${c}_${q} = madd(value${q}, gradient${c}, sum${c}_${q});
// #end
// #end
    }
    input += inBytes;
    gradient += gradientBytes;
  }
// #for c in ${C}
// #for q in ${Q}
// #for i in 4
  if (rows > 4 * ${q} + ${i}) {
    const at${c}_${q}_${i} = result + 4 * (lanes * (4 * ${q} + ${i}) + ${c});
    const old${c}_${q}_${i} = accumulate ? load<f32>(at${c}_${q}_${i}) : 0;
    store<f32>(at${c}_${q}_${i}, old${c}_${q}_${i} + f32x4.extract_lane(sum${c}_${q}, ${i}));
  }
// #end
// #end
// #end
}
// #end
// #end
