// A depthwise convolution of any odd kernel and stride, padding kernel / 2, with bias and activation as in
// convolution/floats.wgsl or steps.wgsl. An invocation computes four channels of PIXELS neighbouring pixels of a row,
// then of further pixels at a distance of the dispatch's size.
//
// Constants  PIXELS, LANES (workgroup size)
// Dispatch   x: rows · ⌈columns / PIXELS⌉ · quads / LANES, y: remaining samples, z: steps
// Weights    (weights-*.wgsl) [kernel · kernel][outQuads] vec4, then [outQuads] vec4 of bias; in int8 then [outQuads] vec4
//            of multipliers
// Arena      starts with zeros, which are read for pixels outside the image

@compute @workgroup_size(LANES)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let args = steps[id.z];
  let sample = args.arenaStart + remaining[1 + id.y] * args.samplePitch;
  let runs = (args.outWidth + PIXELS - 1) / PIXELS;
  let half = args.kernel / 2;
  // There are no early returns: CPU drivers share loads only where all lanes are certain to be active.
  let end = select(0, args.outHeight * runs * args.outQuads, id.y < remaining[0]);
  for (var i = id.x; i < end; i += groups.x * LANES) {
    let quad = i % args.outQuads;
    let row = i / args.outQuads / runs;
    let column = i / args.outQuads % runs * PIXELS;
    let origin = sample + args.inOffset + quad;
// #for p in PIXELS
    var sum${p} = vec4f();
// #end
    var w = args.weights + quad;
    for (var ky = 0u; ky < args.kernel; ky++) {
      // Coordinates above and left of the image wrap around to large numbers, so one comparison per axis is enough.
      let y = row * args.stride - half + ky;
      for (var kx = 0u; kx < args.kernel; kx++) {
        let own = weight(w);
// #for p in PIXELS
        let x${p} = (column + ${p}) * args.stride - half + kx;
        let at${p} = origin + (y * args.inWidth + x${p}) * args.inPitch;
        sum${p} = fma(arena[select(0, at${p}, (y < args.inHeight) & (x${p} < args.inWidth))], own, sum${p});
// #end
        w += args.outQuads;
      }
    }
    let pixel = row * args.outWidth + column;
// #for p in PIXELS
    if (column + ${p} < args.outWidth) {
      store(sample + (pixel + ${p}) * args.outPitch, quad, finish(sum${p}, w, args), args);
    }
// #end
  }
}
