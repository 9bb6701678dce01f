// Bilinear resize, corners aligned: source = i · (in − 1) / (out − 1). An invocation computes four channels of one pixel,
// then of those that lie a whole dispatch further on. Channels are read from a quad's start on, but may be written anywhere.
//
// Constants  LANES (workgroup size)
// Dispatch   x: output pixels · quads / LANES, y: remaining samples, z: steps

struct Args {
  quads: u32,
  inPitch: u32, // vec4s
  inOffset: u32, // vec4s
  inSize: u32,
  channels: u32,
  outPitch: u32, // floats
  outOffset: u32, // floats
  outSize: u32,
  arenaStart: u32, // vec4s
  @size(28) samplePitch: u32, // vec4s
}

fn source(i: u32, inSize: u32, outSize: u32) -> f32 {
  return f32(i * (inSize - 1)) / f32(max(outSize, 2) - 1);
}

@compute @workgroup_size(LANES)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  if (id.y >= remaining[0]) {
    return;
  }
  let args = steps[id.z];
  let sample = args.arenaStart + remaining[1 + id.y] * args.samplePitch;
  for (var i = id.x; i < args.outSize * args.outSize * args.quads; i += groups.x * LANES) {
    let pixel = i / args.quads;
    let quad = i % args.quads;
    let y = source(pixel / args.outSize, args.inSize, args.outSize);
    let x = source(pixel % args.outSize, args.inSize, args.outSize);
    let top = u32(y);
    let left = u32(x);
    let bottom = min(top + 1, args.inSize - 1);
    let right = min(left + 1, args.inSize - 1);
    let in = sample + args.inOffset + quad;
    let upper = mix(
      arena[in + (top * args.inSize + left) * args.inPitch],
      arena[in + (top * args.inSize + right) * args.inPitch],
      fract(x),
    );
    let lower = mix(
      arena[in + (bottom * args.inSize + left) * args.inPitch],
      arena[in + (bottom * args.inSize + right) * args.inPitch],
      fract(x),
    );
    let value = mix(upper, lower, fract(y));
    let out = 4 * sample + args.outOffset + pixel * args.outPitch + 4 * quad;
    for (var c = 0u; c < min(4, args.channels - 4 * quad); c++) {
      arena[(out + c) / 4][(out + c) % 4] = value[c];
    }
  }
}
