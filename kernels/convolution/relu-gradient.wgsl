// Sets the gradient to zero, in place, where the ReLU's output is zero. An invocation computes four channels of one pixel, then
// of further pixels at a distance of the dispatch's size.
//
// Constants  LANES (workgroup size)
// Dispatch   x: pixels · quads / LANES, y: samples

@compute @workgroup_size(LANES)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let args = steps[0];
  let sample = args.arenaStart + id.y * args.samplePitch;
  for (var i = id.x; i < args.outHeight * args.outWidth * args.outQuads; i += groups.x * LANES) {
    let pixel = i / args.outQuads;
    let quad = i % args.outQuads;
    let at = sample + pixel * args.outPitch;
    let isOpen = arena[sample + args.inOffset + pixel * args.inPitch + quad] > vec4f();
    store(at, quad, select(vec4f(), arena[at + args.outOffset + quad], isOpen), args);
  }
}
