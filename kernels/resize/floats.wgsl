// A resized pixel, in floating point.

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

// The position in the original along one axis.
fn at(i: u32, before: u32, after: u32) -> f32 {
  return f32(i * (before - 1)) / f32(max(after, 2) - 1);
}

fn resized(origin: Source, quad: u32) -> vec4f {
  let upper = mix(arena[origin.topLeft + quad], arena[origin.topRight + quad], origin.right);
  let lower = mix(arena[origin.bottomLeft + quad], arena[origin.bottomRight + quad], origin.right);
  return mix(upper, lower, origin.bottom);
}
