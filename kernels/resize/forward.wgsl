// Bilinear resize, corners aligned: source = i · (in − 1) / (out − 1), as floats.wgsl or steps.wgsl computes it. An invocation
// computes a quad of channels of one pixel, then of further pixels at a distance of the dispatch's size. If the output starts
// within a quad, each of its quads combines two neighbouring quads of the input.
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
    let origin = source(sample, pixel, args);
    // Quads next to the input only fill lanes that are not written.
    var value = resized(origin, min(quad, args.inQuads - 1));
    if (args.outShift > 0) {
      let before = resized(origin, max(quad, 1) - 1);
      switch args.outShift {
        case 1: { value = vec4f(before.w, value.xyz); }
        case 2: { value = vec4f(before.zw, value.xy); }
        default: { value = vec4f(before.yzw, value.x); }
      }
    }
    store(sample + pixel * args.outPitch, quad, value, args);
  }
}
