// The mean of each channel over all pixels, computed from their sum as in floats.wgsl or steps.wgsl. One invocation
// computes four channels.
//
// Constants  LANES (workgroup size)
// Dispatch   x: quads / LANES, y: remaining samples, z: steps
// Arena      starts with zeros, which are read for pixels after the last

@compute @workgroup_size(LANES)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let args = steps[id.z];
  let sample = args.arenaStart + remaining[1 + id.y] * args.samplePitch;
  let area = args.inHeight * args.inWidth;
  // There are no early returns: CPU drivers share loads only where all lanes are certain to be active.
  let isOwn = id.y < remaining[0] && id.x < args.outQuads;
  let end = select(0, area, isOwn);
  let origin = sample + args.inOffset + id.x;
// #for p in 8
  var sum${p} = vec4f();
// #end
  for (var first = 0u; first < end; first += 8) {
// #for p in 8
    sum${p} += arena[select(0, origin + (first + ${p}) * args.inPitch, first + ${p} < area)];
// #end
  }
  let sum = ((sum0 + sum1) + (sum2 + sum3)) + ((sum4 + sum5) + (sum6 + sum7));
  if (isOwn) {
    store(sample, id.x, squeezed(sum, area, id.x, args), args);
  }
}
