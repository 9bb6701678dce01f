// The gradient of what a convolution wrote, in its place: weight · (g − mean of g − x̂ · mean of g · x̂) / deviation. One
// invocation computes four channels of a part of a sample's pixels; padding lanes stay zero, for so is their weight.
//
// Constants  LANES (workgroup size)
// Dispatch   x: quads · chunks / LANES, y: samples
// Gradients  at `parameters` [sum of g · x̂][sum of g], each [inQuads] vec4

@compute @workgroup_size(LANES)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let args = steps[0];
  let quad = id.x % args.inQuads;
  let chunk = id.x / args.inQuads;
  let end = select(0, args.inSize * args.inSize, chunk < args.chunks);
  let sample = args.arenaStart + id.y * args.samplePitch;
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
