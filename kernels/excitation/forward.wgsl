// Each channel times its gate, as floats.wgsl or steps.wgsl computes it. An invocation computes four channels of one
// pixel, then of further pixels at a distance of the dispatch's size.
//
// Constants  LANES (workgroup size)
// Dispatch   x: pixels · quads / LANES, y: remaining samples, z: steps

@compute @workgroup_size(LANES)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let args = steps[id.z];
  let sample = args.arenaStart + remaining[1 + id.y] * args.samplePitch;
  // There are no early returns: CPU drivers share loads only where all lanes are certain to be active.
  let end = select(0, args.outHeight * args.outWidth * args.outQuads, id.y < remaining[0]);
  for (var i = id.x; i < end; i += groups.x * LANES) {
    let quad = i % args.outQuads;
    let pixel = i / args.outQuads;
    let value = arena[sample + args.inOffset + pixel * args.inPitch + quad];
    let number = arena[sample + args.gatesOffset + quad];
    store(sample + pixel * args.outPitch, quad, excited(value, number, quad, args), args);
  }
}
