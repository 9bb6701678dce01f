// Gradient of the gates' inputs. One invocation computes four channels.
//
// Constants  LANES (workgroup size)
// Dispatch   x: quads / LANES, y: samples
// Arena      starts with zeros, which are read for pixels after the last

@compute @workgroup_size(LANES)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let args = steps[0];
  let sample = args.arenaStart + id.y * args.samplePitch;
  let area = args.inHeight * args.inWidth;
  let isOwn = id.x < args.outQuads;
  let end = select(0, area, isOwn);
  let origin = sample + args.inOffset + id.x;
  let gradient = sample + args.gradOffset + id.x;
// #for p in 4
  var sum${p} = vec4f();
// #end
  for (var first = 0u; first < end; first += 4) {
// #for p in 4
    let at${p} = select(0, origin + (first + ${p}) * args.inPitch, first + ${p} < area);
    let grad${p} = select(0, gradient + (first + ${p}) * args.gradPitch, first + ${p} < area);
    sum${p} = fma(arena[at${p}], arena[grad${p}], sum${p});
// #end
  }
  if (isOwn) {
    let slope = gateSlope(arena[sample + args.gatesOffset + id.x], args);
    storeGradient(sample, id.x, ((sum0 + sum1) + (sum2 + sum3)) * slope, args);
  }
}
