// Gradient of a convolution's input, any odd kernel and stride: like forward.wgsl, but from output to input.
//
// Pixels of the result use the same taps if their coordinates are equal modulo the stride, and a tile only contains
// such pixels. Each invocation computes a register tile: PIXELS pixels of one sample × QUADS quads of input channels.
// `across` neighbouring invocations compute neighbouring channels of the same pixels, the next ones the next pixels.
//
// Constants  PIXELS, QUADS, LANES (workgroup size)
// Dispatch   x: pixel tiles of all samples · across / LANES, y: channel tiles / across, z: stride · stride
// Weights    as in forward.wgsl
// Arena      starts with zeros, which are read for pixels outside the gradient

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let args = steps[0];
  let tiles = remaining[0] * args.tiles;
  let tile = group.x * (LANES / args.across) + lane / args.across;
  let sample = args.arenaStart + min(tile, tiles - 1) / args.tiles * args.samplePitch;
  let pixel = (tile % args.tiles) * PIXELS;
  let quad = (group.y * args.across + lane % args.across) * QUADS;
  let half = args.kernel / 2;
  // The first of the pixels with equal remainders, and their number.
  let firstY = group.z / args.stride;
  let firstX = group.z % args.stride;
  let height = (args.outHeight + args.stride - 1 - firstY) / args.stride;
  let width = (args.outWidth + args.stride - 1 - firstX) / args.stride;
  let firstTapY = (firstY + half) % args.stride;
  let firstTapX = (firstX + half) % args.stride;

// #for p in PIXELS
  let bottom${p} = (pixel + ${p}) / width + (firstY + half) / args.stride;
  let right${p} = (pixel + ${p}) % width + (firstX + half) / args.stride;
// #for c in QUADS
// #for i in 4
  var sum${p}_${c}_${i} = 0.0;
// #end
// #end
// #end
  for (var ky = firstTapY; ky < args.kernel; ky += args.stride) {
    for (var kx = firstTapX; kx < args.kernel; kx += args.stride) {
// #for p in PIXELS
      // Coordinates above and left of the gradient wrap around to large numbers, so one comparison per axis is enough.
      let y${p} = bottom${p} - ky / args.stride;
      let x${p} = right${p} - kx / args.stride;
      let at${p} = sample + args.inOffset + (y${p} * args.inWidth + x${p}) * args.inPitch;
      let in${p} = select(0, at${p}, (y${p} < args.inHeight) & (x${p} < args.inWidth));
// #end
      let w = args.weights + ((ky * args.kernel + kx) * args.outQuads + quad) * 4 * args.inQuads;
      for (var k = 0u; k < args.inQuads; k++) {
// #for p in PIXELS
        let value${p} = arena[in${p} + k];
// #end
// #for c in QUADS
// #for i in 4
        let weight${c}_${i} = weight(w + (4 * ${c} + ${i}) * args.inQuads + k);
// #for p in PIXELS
// #for j in 4
        sum${p}_${c}_${i} = fma(value${p}[${j}], weight${c}_${i}[${j}], sum${p}_${c}_${i});
// #end
// #end
// #end
// #end
      }
    }
  }

  var sums: array<array<vec4f, QUADS>, PIXELS>;
// #for p in PIXELS
// #for c in QUADS
  sums[${p}][${c}] = vec4f(sum${p}_${c}_0, sum${p}_${c}_1, sum${p}_${c}_2, sum${p}_${c}_3);
// #end
// #end
  // There are no early returns: loops after one are very slow on llvmpipe.
  let pixels = select(0, min(PIXELS, max(height * width, pixel) - pixel), tile < tiles);
  for (var p = 0u; p < pixels; p++) {
    let y = (pixel + p) / width * args.stride + firstY;
    let x = (pixel + p) % width * args.stride + firstX;
    for (var c = 0u; c < min(QUADS, max(args.outQuads, quad) - quad); c++) {
      storeGradient(sample + (y * args.outWidth + x) * args.outPitch, quad + c, sums[p][c], args);
    }
  }
}
