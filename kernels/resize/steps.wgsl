// A resized pixel, in int8: integers in floats, rounded as in lib/weights/quantized.ts.
//
// Weights    (weights-*.wgsl) [outHeight · outWidth] vec4: shares of the four inputs, which add up to 2^14

// The inputs of an output pixel.
struct Source {
  topLeft: u32,
  topRight: u32,
  bottomLeft: u32,
  bottomRight: u32,
  shares: vec4f,
}

fn source(sample: u32, pixel: u32, args: Args) -> Source {
  let top = before(pixel / args.outWidth, args.inHeight, args.outHeight);
  let left = before(pixel % args.outWidth, args.inWidth, args.outWidth);
  let right = (min(left + 1, args.inWidth - 1) - left) * args.inPitch;
  let bottom = (min(top + 1, args.inHeight - 1) - top) * args.inWidth * args.inPitch;
  let first = sample + args.inOffset + (top * args.inWidth + left) * args.inPitch;
  return Source(first, first + right, first + bottom, first + bottom + right, weight(args.weights + pixel));
}

// The first of two inputs along one axis.
fn before(i: u32, inSize: u32, outSize: u32) -> u32 {
  return min(i * (inSize - 1) / (max(outSize, 2) - 1), max(inSize, 2) - 2);
}

fn resized(origin: Source, quad: u32) -> vec4f {
  let upper = arena[origin.topLeft + quad] * origin.shares.x + arena[origin.topRight + quad] * origin.shares.y;
  let lower = arena[origin.bottomLeft + quad] * origin.shares.z + arena[origin.bottomRight + quad] * origin.shares.w;
  return floor((upper + lower + 8192) * 0x1p-14);
}
