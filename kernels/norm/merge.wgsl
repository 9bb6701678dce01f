// Mean and variance of each channel over the whole batch, from those of its parts. One invocation computes four channels.
//
// Constants  LANES (workgroup size)
// Dispatch   x: quads / LANES
// Partials   as statistics.wgsl writes them
// Gradients  at `statistics` [mean][biased variance], at `running` [mean][unbiased variance], each [quads] vec4

@compute @workgroup_size(LANES)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let args = steps[0];
  let parts = select(0, args.samples * args.chunks, id.x < args.quads);
  let count = f32(args.samples * args.area);
  var mean = vec4f();
  for (var part = 0u; part < parts; part++) {
    mean = fma(vec4f(pixels(part, args) / count), partials[part * 2 * args.quads + id.x], mean);
  }
  var squares = vec4f();
  for (var part = 0u; part < parts; part++) {
    let at = part * 2 * args.quads + id.x;
    let difference = partials[at] - mean;
    squares += fma(vec4f(pixels(part, args)), difference * difference, partials[at + args.quads]);
  }
  if (id.x >= args.quads) {
    return;
  }
  gradients[args.statistics + id.x] = mean;
  gradients[args.statistics + args.quads + id.x] = squares / count;
  gradients[args.running + id.x] = mean;
  gradients[args.running + args.quads + id.x] = squares / max(count - 1, 1);
}

// Pixels of a part.
fn pixels(part: u32, args: Args) -> f32 {
  return f32((args.area - part % args.chunks + args.chunks - 1) / args.chunks);
}
