// Writes zeros. An invocation writes four channels of one pixel, then of further pixels at a distance of the dispatch's size.
//
// Constants  LANES (workgroup size)
// Dispatch   x: pixels · quads / LANES, y: samples

@compute @workgroup_size(LANES)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let args = steps[0];
  let sample = args.arenaStart + id.y * args.samplePitch;
  for (var i = id.x; i < args.outHeight * args.outWidth * args.outQuads; i += groups.x * LANES) {
    store(sample + i / args.outQuads * args.outPitch, i % args.outQuads, vec4f(), args);
  }
}
