// Sums over a part of a sample's pixels of g, the gradient of batch norm's output, and of g · x̂, where x̂ is the
// normalised input. One invocation computes four channels.
//
// Constants  LANES (workgroup size)
// Dispatch   x · z: quads · chunks / LANES, y: samples
// Partials   [sample][chunk][g · x̂, g][inQuads] vec4

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
  let sample = args.arenaStart + group.y * args.samplePitch + quad;
  let own = batchNorm(quad, args.inQuads, args);
  var weights = vec4f();
  var biases = vec4f();
  var before = sample + args.inOffset + chunk * args.inPitch;
  var after = sample + args.gradOffset + chunk * args.gradPitch;
  for (var pixel = chunk; pixel < end; pixel += args.chunks) {
    let difference = arena[before] - own.mean;
    let gradient = passed(arena[after], difference, own, args);
    weights = fma(gradient, difference, weights);
    biases += gradient;
    before += args.chunks * args.inPitch;
    after += args.chunks * args.gradPitch;
  }
  let partial = args.partials + (group.y * args.chunks + chunk) * 2 * args.inQuads + quad;
  if (chunk < args.chunks) {
    partials[partial] = weights * own.inverse;
    partials[partial + args.inQuads] = biases;
  }
}
