// Mean, and sum of squared deviations from it, of each channel over a part of a sample's pixels. One invocation computes four
// channels. Squares are of differences from the first pixel: with a mean far from zero, rounding would hide the variance.
//
// Constants  LANES (workgroup size)
// Dispatch   x · z: quads · chunks / LANES, y: samples
// Partials   [sample][chunk][mean, squares][inQuads] vec4

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
  let area = args.inHeight * args.inWidth;
  let end = select(0, area, chunk < args.chunks);
  var at = args.arenaStart + group.y * args.samplePitch + args.inOffset + chunk * args.inPitch + quad;
  let first = arena[at];
  var sum = vec4f();
  var squares = vec4f();
  for (var pixel = chunk; pixel < end; pixel += args.chunks) {
    let difference = arena[at] - first;
    sum += difference;
    squares = fma(difference, difference, squares);
    at += args.chunks * args.inPitch;
  }
  let mean = sum / f32((area - chunk + args.chunks - 1) / args.chunks);
  let partial = args.partials + (group.y * args.chunks + chunk) * 2 * args.inQuads + quad;
  if (chunk < args.chunks) {
    partials[partial] = first + mean;
    partials[partial + args.inQuads] = fma(-sum, mean, squares);
  }
}
