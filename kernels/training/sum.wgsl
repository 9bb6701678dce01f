// Adds up partial sums in order. Padding is set to zero. An invocation computes a quad, then further quads at a distance of the
// dispatch's size.
//
// Constants  LANES (workgroup size)
// Dispatch   x: quads / LANES
// Partials   [split][quads] vec4

@compute @workgroup_size(LANES)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let args = steps[0];
  for (var i = id.x; i < args.quads; i += groups.x * LANES) {
    var sum = vec4f();
    for (var split = 0u; split < args.splits; split++) {
      sum += partials[split * args.quads + i];
    }
    let lanes = 4 * (i % args.rowQuads) + vec4u(0, 1, 2, 3) - args.shift; // lanes before the first wrap around to large numbers
    let isOwn = (lanes < vec4u(args.channels)) & vec4<bool>(i / args.rowQuads % args.period < args.rows);
    gradients[args.result + i] = select(vec4f(), sum, isOwn);
  }
}
