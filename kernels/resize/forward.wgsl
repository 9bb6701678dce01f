// Bilinear resize, corners aligned: source = i · (in − 1) / (out − 1). An invocation computes a quad of channels of one
// pixel, then of further pixels at a distance of the dispatch's size. If the output starts within a quad, each of its quads
// combines two neighbouring quads of the input.
//
// Constants  LANES (workgroup size)
// Dispatch   x: output pixels · quads / LANES, y: remaining samples, z: steps

// The inputs of an output pixel.
struct Source {
  topLeft: u32,
  topRight: u32,
  bottomLeft: u32,
  bottomRight: u32,
  right: f32, // shares, in [0, 1)
  bottom: f32,
}

fn source(sample: u32, pixel: u32, args: Args) -> Source {
  let y = at(pixel / args.outWidth, args.inHeight, args.outHeight);
  let x = at(pixel % args.outWidth, args.inWidth, args.outWidth);
  let top = u32(y);
  let left = u32(x);
  let right = (min(left + 1, args.inWidth - 1) - left) * args.inPitch;
  let bottom = (min(top + 1, args.inHeight - 1) - top) * args.inWidth * args.inPitch;
  let first = sample + args.inOffset + (top * args.inWidth + left) * args.inPitch;
  return Source(first, first + right, first + bottom, first + bottom + right, fract(x), fract(y));
}

// Along one side.
fn at(i: u32, before: u32, after: u32) -> f32 {
  return f32(i * (before - 1)) / f32(max(after, 2) - 1);
}

fn resized(origin: Source, quad: u32) -> vec4f {
  let upper = mix(arena[origin.topLeft + quad], arena[origin.topRight + quad], origin.right);
  let lower = mix(arena[origin.bottomLeft + quad], arena[origin.bottomRight + quad], origin.right);
  return mix(upper, lower, origin.bottom);
}

@compute @workgroup_size(LANES)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let args = steps[id.z];
  let sample = args.arenaStart + remaining[1 + id.y] * args.samplePitch;
  // There are no early returns: CPU drivers share loads only where all lanes are certain to be active.
  let end = select(0, args.outHeight * args.outWidth * args.outQuads, id.y < remaining[0]);
  for (var i = id.x; i < end; i += groups.x * LANES) {
    let pixel = i / args.outQuads;
    let quad = i % args.outQuads;
    let origin = source(sample, pixel, args);
    // Quads next to the input only fill lanes that are not written.
    var value = resized(origin, min(quad, args.inQuads - 1));
    if (args.outShift > 0) {
      let before = resized(origin, max(quad, 1) - 1);
      switch args.outShift {
        case 1: { value = vec4f(before.w, value.xyz); }
        case 2: { value = vec4f(before.zw, value.xy); }
        default: { value = vec4f(before.yzw, value.x); }
      }
    }
    store(sample + pixel * args.outPitch, quad, value, args);
  }
}
