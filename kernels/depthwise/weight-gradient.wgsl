// Gradient of a depthwise convolution's weights, summed over a part of the pixels. An invocation computes four channels of one
// tap of the kernel. There are no early returns: CPU drivers share loads only where all lanes are certain to be active.
//
// Constants  LANES (workgroup size)
// Dispatch   x · y: taps · quads · splits / LANES
// Partials   [split][kernel · kernel][inQuads] vec4
// Arena      starts with zeros, which are read for pixels outside the image

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let args = steps[0];
  let index = (group.y * groups.x + group.x) * LANES + lane;
  let quads = args.kernel * args.kernel * args.inQuads;
  let split = index / quads;
  let quad = index % args.inQuads;
  let tap = index % quads / args.inQuads;
  let top = tap / args.kernel - args.kernel / 2;
  let left = tap % args.kernel - args.kernel / 2;
  let first = split * args.rows;
  let end = select(0, min(first + args.rows, remaining[0] * args.gradHeight), split < args.splits);
  var sum = vec4f();
  for (var row = first; row < end; row++) {
    let sample = args.arenaStart + row / args.gradHeight * args.samplePitch + quad;
    // Coordinates above and left of the image wrap around to large numbers, so one comparison per axis is enough.
    let y = row % args.gradHeight * args.stride + top;
    let origin = sample + args.inOffset + y * args.inWidth * args.inPitch;
    var grad = sample + args.gradOffset + row % args.gradHeight * args.gradWidth * args.gradPitch;
    var x = left;
    for (var i = 0u; i < args.gradWidth; i++) {
      let inside = (y < args.inHeight) & (x < args.inWidth);
      sum = fma(arena[select(0, origin + x * args.inPitch, inside)], arena[grad], sum);
      grad += args.gradPitch;
      x += args.stride;
    }
  }
  if (split < args.splits) {
    partials[args.partials + index] = sum;
  }
}
