// Gradient of the mean over all pixels: each pixel's share. An invocation computes four channels of one pixel, then of
// further pixels at a distance of the dispatch's size.
//
// Constants  LANES (workgroup size)
// Dispatch   x: pixels · quads / LANES, y: samples

@compute @workgroup_size(LANES)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let args = steps[0];
  let sample = args.arenaStart + id.y * args.samplePitch;
  let area = args.outHeight * args.outWidth;
  for (var i = id.x; i < area * args.outQuads; i += groups.x * LANES) {
    let quad = i % args.outQuads;
    let gradient = arena[sample + args.gradOffset + quad];
    storeGradient(sample + i / args.outQuads * args.outPitch, quad, gradient / f32(area), args);
  }
}
