// Gradient of channels that were multiplied by gates. An invocation computes four channels of one pixel, then of
// further pixels at a distance of the dispatch's size.
//
// Constants  LANES (workgroup size)
// Dispatch   x: pixels · quads / LANES, y: samples

@compute @workgroup_size(LANES)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let args = steps[0];
  let sample = args.arenaStart + id.y * args.samplePitch;
  for (var i = id.x; i < args.outHeight * args.outWidth * args.outQuads; i += groups.x * LANES) {
    let quad = i % args.outQuads;
    let pixel = i / args.outQuads;
    let gate = gateOf(arena[sample + args.gatesOffset + quad], args);
    let gradient = arena[sample + args.gradOffset + pixel * args.gradPitch + quad];
    storeGradient(sample + pixel * args.outPitch, quad, gradient * gate, args);
  }
}
