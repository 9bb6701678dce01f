// Convolution with bias, ReLU if asked for, any odd kernel and stride, padding kernel / 2, of one sample on the CPU: an implicit
// matrix product. AssemblyScript with loops written out as in the WGSL kernels; `deno task wasm` builds forward.wasm.
//
// A register tile of 4 output pixels × 8 output channels, which with weights and inputs just fills 16 registers. Tiles go
// over all pixels before the next channels, so that their weights stay near, and weights are read as they lie. Input
// channels are taken in pairs: behind an odd number lies a lane of any finite number, and in the weights a row of zeros.
//
// Arguments  addresses and pitches (from pixel to pixel) in bytes; sizes in pixels
// Weights    for each 8 output channels [kernel · kernel][4 · inQuads][8], then [8] of bias; zeros behind the last channel
// Memory     starts with zeros, read in place of pixels outside the image

export function convolve(
  input: u32,
  inSize: u32,
  inPitch: u32,
  inChannels: u32,
  output: u32,
  outSize: u32,
  outPitch: u32,
  outChannels: u32,
  weights: u32,
  kernel: u32,
  stride: u32,
  relu: u32,
): void {
  const tap = ((inChannels + 3) / 4) * 4 * 32;
  const panel = kernel * kernel * tap + 32;
  const pixels = outSize * outSize;
  const half = kernel / 2;
  for (let channel: u32 = 0; channel < outChannels; channel += 8, weights += panel) {
    for (let pixel: u32 = 0; pixel < pixels; pixel += 4) {
      const bias = weights + kernel * kernel * tap;
// #for p in 4
      const top${p} = (pixel + ${p}) / outSize * stride - half;
      const left${p} = (pixel + ${p}) % outSize * stride - half;
// #for c in 2
      let sum${p}_${c} = v128.load(bias, 16 * ${c});
// #end
// #end
      let firstRow = weights;
      for (let ky: u32 = 0; ky < kernel; ky++) {
        for (let kx: u32 = 0; kx < kernel; kx++) {
// #for p in 4
          // Above and left of the image wraps round to a large number, so one comparison a side is enough.
          const y${p} = top${p} + ky;
          const x${p} = left${p} + kx;
          let at${p} = max(y${p}, x${p}) < inSize ? input + (y${p} * inSize + x${p}) * inPitch : 0;
// #end
          let w = firstRow;
          for (let k: u32 = 0; k < inChannels; k += 2) {
// #for i in 2
// #for c in 2
            const weight${i}_${c} = v128.load(w, 16 * ${c});
// #end
// #for p in 4
            const value${i}_${p} = v128.load32_splat(at${p}, 4 * ${i});
// #for c in 2
            sum${p}_${c} = f32x4.add(sum${p}_${c}, f32x4.mul(value${i}_${p}, weight${i}_${c}));
// #end
// #end
            w += 32;
// #end
// #for p in 4
            at${p} += 8;
// #end
          }
          firstRow += tap;
        }
      }
      const out = output + pixel * outPitch + 4 * channel;
// #for p in 4
      if (pixel + ${p} < pixels) {
// #for c in 2
        store(out + ${p} * outPitch + 16 * ${c}, sum${p}_${c}, <i32>(outChannels - channel) - 4 * ${c}, relu);
// #end
      }
// #end
    }
  }
}

// Writes up to four channels, through ReLU if asked for, which keeps NaN, the mark of an overflow.
function store(at: u32, sum: v128, channels: i32, relu: u32): void {
  const value = relu ? f32x4.max(sum, f32x4.splat(0)) : sum;
  if (channels >= 4) {
    v128.store(at, value);
    return;
  }
  if (channels > 0) v128.store32_lane(at, value, 0);
  if (channels > 1) v128.store32_lane(at, value, 1, 4);
  if (channels > 2) v128.store32_lane(at, value, 2, 8);
}
