// Gradient of max-pooling, 3×3, stride 2, padding 1: the first of the largest inputs of a window gets the output's gradient. It
// is a gather: each input reads the windows that contain it. An invocation computes four channels of one pixel, then of further
// pixels at a distance of the dispatch's size.
//
// Constants  LANES (workgroup size)
// Dispatch   x: input pixels · quads / LANES, y: samples

@compute @workgroup_size(LANES)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let args = steps[0];
  let sample = args.arenaStart + id.y * args.samplePitch;
  for (var i = id.x; i < args.outHeight * args.outWidth * args.outQuads; i += groups.x * LANES) {
    let pixel = i / args.outQuads;
    let quad = i % args.outQuads;
    let y = pixel / args.outWidth;
    let x = pixel % args.outWidth;
    var sum = vec4f();
    for (var v = y / 2; v <= min((y + 1) / 2, args.gradHeight - 1); v++) {
      for (var u = x / 2; u <= min((x + 1) / 2, args.gradWidth - 1); u++) {
        let gradient = arena[sample + args.gradOffset + (v * args.gradWidth + u) * args.gradPitch + quad];
        sum += select(vec4f(), gradient, largest(sample + quad, v, u, args) == vec4u(pixel));
      }
    }
    storeGradient(sample + pixel * args.outPitch, quad, sum, args);
  }
}

// The pixel of a window's first largest number, for each of four channels.
fn largest(sample: u32, v: u32, u: u32, args: Args) -> vec4u {
  var best = vec4u();
  var most = vec4f(-3.4028234e38);
  for (var tap = 0u; tap < 9; tap++) {
    // Coordinates above and left of the image wrap around to large numbers.
    let y = 2 * v + tap / 3 - 1;
    let x = 2 * u + tap % 3 - 1;
    if (y < args.inHeight && x < args.inWidth) {
      let pixel = y * args.inWidth + x;
      let value = arena[sample + args.inOffset + pixel * args.inPitch];
      best = select(best, vec4u(pixel), value > most);
      most = max(most, value);
    }
  }
  return best;
}
