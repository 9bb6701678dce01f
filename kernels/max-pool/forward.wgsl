// Max-pooling 3×3, stride 2, padding 1. An invocation computes four channels of one pixel,
// then of further pixels at a distance of the dispatch's size.
//
// Constants  LANES (workgroup size)
// Dispatch   x: output pixels · quads / LANES, y: remaining samples, z: steps

@compute @workgroup_size(LANES)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let args = steps[id.z];
  let sample = args.arenaStart + remaining[1 + id.y] * args.samplePitch;
  // There are no early returns: CPU drivers share loads only where all lanes are certain to be active.
  let end = select(0, args.outHeight * args.outWidth * args.outQuads, id.y < remaining[0]);
  for (var i = id.x; i < end; i += groups.x * LANES) {
    let pixel = i / args.outQuads;
    let quad = i % args.outQuads;
    let top = pixel / args.outWidth * 2 - 1;
    let left = pixel % args.outWidth * 2 - 1;
    var largest = vec4f(-3.4028234e38);
    for (var ky = 0u; ky < 3; ky++) {
      for (var kx = 0u; kx < 3; kx++) {
        // Coordinates above and left of the image wrap around to large numbers.
        let y = top + ky;
        let x = left + kx;
        if (y < args.inHeight && x < args.inWidth) {
          let value = arena[sample + args.inOffset + (y * args.inWidth + x) * args.inPitch + quad];
          // Unlike max, keeps NaN.
          largest = select(largest, value, (largest == largest) & !(value <= largest));
        }
      }
    }
    store(sample + pixel * args.outPitch, quad, largest, args);
  }
}
