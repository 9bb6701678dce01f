// Replaces a convolution's output by its gradient: weight · (g − mean of g − x̂ · mean of g · x̂) / deviation. One
// invocation computes four channels of a part of a sample's pixels; padding lanes stay zero because their weight is zero.
//
// Constants  LANES (workgroup size)
// Dispatch   x · z: quads · chunks / LANES, y: samples
// Gradients  at `parameters` [sum of g · x̂][sum of g], each [inQuads] vec4

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let args = steps[0];
  let index = (group.z * groups.x + group.x) * LANES + lane;
  let quad = index % args.inQuads;
  let chunk = index / args.inQuads;
  let end = select(0, args.inHeight * args.inWidth, chunk < args.chunks);
  let sample = args.arenaStart + group.y * args.samplePitch;
  let own = batchNorm(quad, args.inQuads, args);
  let slope = gradients[args.parameters + quad] * own.inverse / args.count;
  let mean = gradients[args.parameters + args.inQuads + quad] / args.count;
  var before = sample + args.inOffset + chunk * args.inPitch + quad;
  var after = sample + args.gradOffset + chunk * args.gradPitch + quad;
  for (var pixel = chunk; pixel < end; pixel += args.chunks) {
    let difference = arena[before] - own.mean;
    let gradient = passed(arena[after], difference, own, args);
    arena[before] = own.scale * (gradient - fma(difference, slope, mean));
    before += args.chunks * args.inPitch;
    after += args.chunks * args.gradPitch;
  }
}
