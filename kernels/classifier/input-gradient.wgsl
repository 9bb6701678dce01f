// Gradient of the input of a linear layer after average pooling: a share for pooled pixels, zero for all others. An invocation
// computes four channels of one pixel, then of further pixels at a distance of the dispatch's size.
//
// Constants  LANES (workgroup size)
// Dispatch   x: pixels · quads / LANES, y: samples

@compute @workgroup_size(LANES)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let args = steps[0];
  let sample = args.arenaStart + id.y * args.samplePitch;
  let first = args.logits + id.y * args.classes;
  for (var i = id.x; i < args.outHeight * args.outWidth * args.outQuads; i += groups.x * LANES) {
    let pixel = i / args.outQuads;
    let quad = i % args.outQuads;
    var sum = vec4f();
    if (pixel / args.outWidth < args.poolHeight && pixel % args.outWidth < args.poolWidth) {
      for (var row = 0u; row < args.classes; row++) {
        sum = fma(vec4f(logits[first + row]), weight(args.weights + row * args.outQuads + quad), sum);
      }
    }
    storeGradient(sample + pixel * args.outPitch, quad, sum / f32(args.poolHeight * args.poolWidth), args);
  }
}
