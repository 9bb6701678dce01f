// Sums over a part of a sample's pixels of g, the gradient where the ReLU lets it through, and of g · x̂, x̂ the normalised
// input. One invocation computes four channels.
//
// Constants  LANES (workgroup size)
// Dispatch   x: quads · chunks / LANES, y: samples
// Partials   [sample][chunk][g · x̂, g][inQuads] vec4

@compute @workgroup_size(LANES)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let args = steps[0];
  if (id.x >= args.inQuads * args.chunks) {
    return;
  }
  let quad = id.x % args.inQuads;
  let chunk = id.x / args.inQuads;
  let area = args.inSize * args.inSize;
  let sample = args.arenaStart + id.y * args.samplePitch + quad;
  let own = batchNorm(quad, args.inQuads, args);
  var weights = vec4f();
  var biases = vec4f();
  for (var pixel = chunk; pixel < area; pixel += args.chunks) {
    let difference = arena[sample + args.inOffset + pixel * args.inPitch] - own.mean;
    let gradient = passed(arena[sample + args.gradOffset + pixel * args.gradPitch], difference, own, args);
    weights = fma(gradient, difference, weights);
    biases += gradient;
  }
  let partial = args.partials + (id.y * args.chunks + chunk) * 2 * args.inQuads + quad;
  partials[partial] = weights * own.inverse;
  partials[partial + args.inQuads] = biases;
}
