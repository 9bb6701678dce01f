// Gradient of a depthwise convolution's input, any odd kernel and stride. An invocation computes four channels of one pixel,
// then of further pixels at a distance of the dispatch's size.
//
// Constants  LANES (workgroup size)
// Dispatch   x: pixels · quads / LANES, y: samples
// Weights    as in forward.wgsl
// Arena      starts with zeros, which are read for pixels outside the gradient

@compute @workgroup_size(LANES)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let args = steps[0];
  let sample = args.arenaStart + id.y * args.samplePitch;
  let half = args.kernel / 2;
  for (var i = id.x; i < args.outHeight * args.outWidth * args.outQuads; i += groups.x * LANES) {
    let quad = i % args.outQuads;
    let pixel = i / args.outQuads;
    let bottom = pixel / args.outWidth + half;
    let right = pixel % args.outWidth + half;
    let origin = sample + args.gradOffset + quad;
    var sum = vec4f();
    for (var ky = bottom % args.stride; ky < args.kernel; ky += args.stride) {
      let y = select(args.gradHeight, (bottom - ky) / args.stride, ky <= bottom);
      for (var kx = right % args.stride; kx < args.kernel; kx += args.stride) {
        let x = select(args.gradWidth, (right - kx) / args.stride, kx <= right);
        let at = origin + (y * args.gradWidth + x) * args.gradPitch;
        let gradient = arena[select(0, at, (y < args.gradHeight) & (x < args.gradWidth))];
        sum = fma(gradient, weight(args.weights + (ky * args.kernel + kx) * args.outQuads + quad), sum);
      }
    }
    storeGradient(sample + pixel * args.outPitch, quad, sum, args);
  }
}
