// Convolution with bias and activation, any odd kernel and stride, padding kernel / 2: an implicit matrix product. Sums
// are computed as in floats.wgsl, steps.wgsl or whole.wgsl.
//
// Each invocation computes a register tile: PIXELS output pixels of one sample × QUADS quads of output channels. `across`
// neighbouring invocations compute neighbouring channels of the same pixels, the next ones the next pixels.
// There are no early returns: CPU drivers share loads only where all lanes are certain to be active. In a workgroup without
// remaining samples, loops have no iterations instead.
//
// Constants  PIXELS, QUADS, LANES (workgroup size), AHEAD (1 to read ahead)
// Dispatch   x: pixel tiles of all remaining samples · across / LANES, y: channel tiles / across, z: steps
// Weights    (weights-*.wgsl) [kernel · kernel][4 · inQuads][outQuads] vec4, then [outQuads] vec4 of bias, and in int8
//            [outQuads] of multipliers; a tile that extends beyond its row reads the next row's weights and discards
//            the results
// Arena      starts with zeros, which are read for pixels outside the image

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let args = steps[group.z];
  let tiles = remaining[0] * args.tiles;
  // CPU drivers give each core a run of neighbouring workgroups. Those with work are spread evenly, and keep their order.
  let share = LANES / args.across;
  let busy = (tiles + share - 1) / share;
  let place = group.x * busy / groups.x;
  let firstTile = select(tiles, place * share, (group.x + 1) * busy / groups.x > place);
  let tile = firstTile + lane / args.across;
  let slot = min(tile, max(tiles, 1) - 1) / args.tiles;
  let sample = args.arenaStart + remaining[1 + slot] * args.samplePitch;
  let pixel = (tile % args.tiles) * PIXELS;
  let quad = (group.y * args.across + lane % args.across) * QUADS;
  let half = args.kernel / 2;
  let taps = select(0, args.kernel, firstTile < tiles);
  let pixels = select(0, min(PIXELS, args.outHeight * args.outWidth - pixel), tile < tiles);

// #for p in PIXELS
  let top${p} = (pixel + ${p}) / args.outWidth * args.stride - half;
  let left${p} = (pixel + ${p}) % args.outWidth * args.stride - half;
// #for c in QUADS
  var sum${p}_${c} = Sum();
// #end
// #end
  var w = args.weights + quad;
  // The loops below go through many pixels at a time, which CPUs do not foresee: their caches miss. Here the invocation reads
  // one pixel after another, a quad of each cache line. What it reads must matter to the compiler: `arena[0]` is zero.
  var bits = 0u;
  let pixelsAhead = select(0, pixels, (AHEAD * args.kernel * args.stride) == 1);
  for (var p = lane % args.across; p < pixelsAhead; p += args.across) {
    for (var k = 0u; k < args.inQuads; k += 4) {
      bits |= bitcast<u32>(arena[sample + args.inOffset + (pixel + p) * args.inPitch + k].x);
    }
  }
  w += bits & bitcast<u32>(arena[0].x);
  for (var ky = 0u; ky < taps; ky++) {
    for (var kx = 0u; kx < taps; kx++) {
// #for p in PIXELS
      // Coordinates above and left of the image wrap around to large numbers, so one comparison per axis is enough.
      let y${p} = top${p} + ky;
      let x${p} = left${p} + kx;
      let at${p} = sample + args.inOffset + (y${p} * args.inWidth + x${p}) * args.inPitch;
      let in${p} = select(0, at${p}, (y${p} < args.inHeight) & (x${p} < args.inWidth));
// #end
      for (var k = 0u; k < args.inQuads; k++) {
// #for p in PIXELS
        let value${p} = arena[in${p} + k];
// #end
// #for i in 4
// #for c in QUADS
        let weight${i}_${c} = weight(w + ${c});
// #for p in PIXELS
        sum${p}_${c} = addProducts(sum${p}_${c}, value${p}[${i}], weight${i}_${c});
// #end
// #end
        w += args.outQuads;
// #end
      }
    }
  }

  var sums: array<array<vec4f, QUADS>, PIXELS>;
// #for p in PIXELS
// #for c in QUADS
  sums[${p}][${c}] = finish(sum${p}_${c}, w + ${c}, args);
// #end
// #end
  for (var p = 0u; p < pixels; p++) {
    for (var c = 0u; c < min(QUADS, max(args.outQuads, quad) - quad); c++) {
      store(sample + (pixel + p) * args.outPitch, quad + c, sums[p][c], args);
    }
  }
}
