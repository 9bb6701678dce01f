// Batch norm and activation. One invocation computes four channels of a part of a sample's pixels.
//
// Constants  LANES (workgroup size)
// Dispatch   x · z: quads · chunks / LANES, y: samples

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let args = steps[0];
  let index = (group.z * groups.x + group.x) * LANES + lane;
  let quad = index % args.outQuads;
  let chunk = index / args.outQuads;
  let end = select(0, args.outHeight * args.outWidth, chunk < args.chunks);
  let sample = args.arenaStart + group.y * args.samplePitch;
  var own = batchNorm(quad, args.outQuads, args);
  if (args.runningOnly > 0) {
    let at = args.parameters + quad;
    own = norm(weight(at + 2 * args.outQuads), weight(at + 3 * args.outQuads), at, args.outQuads);
  }
  var before = sample + args.inOffset + chunk * args.inPitch + quad;
  var after = sample + chunk * args.outPitch;
  for (var pixel = chunk; pixel < end; pixel += args.chunks) {
    store(after, quad, activate(fma(arena[before] - own.mean, own.scale, own.bias), args), args);
    before += args.chunks * args.inPitch;
    after += args.chunks * args.outPitch;
  }
}
