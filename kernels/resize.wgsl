// Bilinear resize, corners aligned: source = i · (in − 1) / (out − 1). An invocation computes one channel of one
// pixel, since the channels written may start anywhere in a quad, then of those that lie a whole dispatch further on.
//
// Constants  LANES (workgroup size)
// Dispatch   x: output pixels · channels / LANES, y: remaining samples, z: steps

struct Args {
  channels: u32,
  inPitch: u32, // floats
  inOffset: u32, // floats
  inSize: u32,
  outPitch: u32, // floats
  outOffset: u32, // floats
  outSize: u32,
  arenaStart: u32, // vec4s
  @size(32) samplePitch: u32, // vec4s
}

@group(0) @binding(0) var<storage, read_write> arena: array<vec4f>;
@group(0) @binding(2) var<storage, read> remaining: array<u32>;
@group(0) @binding(3) var<uniform> steps: array<Args, 16>;

fn source(i: u32, inSize: u32, outSize: u32) -> f32 {
  return f32(i * (inSize - 1)) / f32(max(outSize, 2) - 1);
}

fn load(at: u32) -> f32 {
  return arena[at / 4][at % 4];
}

@compute @workgroup_size(LANES)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  if (id.y >= remaining[0]) {
    return;
  }
  let args = steps[id.z];
  let sample = 4 * (args.arenaStart + remaining[1 + id.y] * args.samplePitch);
  for (var i = id.x; i < args.outSize * args.outSize * args.channels; i += groups.x * LANES) {
    let pixel = i / args.channels;
    let channel = i % args.channels;
    let y = source(pixel / args.outSize, args.inSize, args.outSize);
    let x = source(pixel % args.outSize, args.inSize, args.outSize);
    let top = u32(y);
    let left = u32(x);
    let bottom = min(top + 1, args.inSize - 1);
    let right = min(left + 1, args.inSize - 1);
    let in = sample + args.inOffset + channel;
    let upper = mix(
      load(in + (top * args.inSize + left) * args.inPitch),
      load(in + (top * args.inSize + right) * args.inPitch),
      fract(x),
    );
    let lower = mix(
      load(in + (bottom * args.inSize + left) * args.inPitch),
      load(in + (bottom * args.inSize + right) * args.inPitch),
      fract(x),
    );
    let out = sample + args.outOffset + pixel * args.outPitch + channel;
    arena[out / 4][out % 4] = mix(upper, lower, fract(y));
  }
}
