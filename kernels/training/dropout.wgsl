// Sets whole channels of samples to zero and scales the others, in place: in the input of a classifier's pooling, or in its
// gradient. The choice depends only on the step's seed, the exit, the sample and the channel, so that both passes choose the
// same. An invocation computes four channels of one pixel, then of further pixels at a distance of the dispatch's size.
//
// Constants  LANES (workgroup size)
// Dispatch   x: pixels · quads / LANES, y: samples

@compute @workgroup_size(LANES)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let args = steps[0];
  let sample = args.arenaStart + id.y * args.samplePitch;
  // The step's seed comes after the samples' indices.
  let seed = remaining[1 + remaining[0]];
  let own = mixed(mixed(seed + args.exit) ^ (args.first + id.y));
  for (var i = id.x; i < args.outHeight * args.outWidth * args.outQuads; i += groups.x * LANES) {
    let pixel = i / args.outQuads;
    let quad = i % args.outQuads;
    let at = sample + pixel * args.outPitch;
    let first = 4 * quad - args.outShift;
    var factors = vec4f();
    factors.x = factor(own, first, args);
    factors.y = factor(own, first + 1, args);
    factors.z = factor(own, first + 2, args);
    factors.w = factor(own, first + 3, args);
    store(at, quad, arena[at + args.outOffset + quad] * factors, args);
  }
}

fn factor(own: u32, channel: u32, args: Args) -> f32 {
  return select(args.scale, 0.0, mixed(own ^ channel) < args.limit);
}

// Murmur3's finaliser.
fn mixed(bits: u32) -> u32 {
  var x = (bits ^ (bits >> 16)) * 0x85ebca6bu;
  x = (x ^ (x >> 13)) * 0xc2b2ae35u;
  return (x ^ (x >> 16)) + 0x6d2b79f5u;
}
