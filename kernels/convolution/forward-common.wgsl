// What the convolution kernels share: their arguments, and the ReLU.

struct Args {
  kernel: u32,
  stride: u32,
  inQuads: u32, // vec4s of channels read
  inPitch: u32, // vec4s from pixel to pixel
  inOffset: u32, // vec4s from the start of a sample
  inSize: u32,
  outChannels: u32,
  outQuads: u32,
  outPitch: u32, // floats from pixel to pixel
  outOffset: u32, // floats from the start of a sample
  outSize: u32,
  weights: u32, // vec4s
  tiles: u32, // pixel tiles of a sample; not for convolution-shared
  arenaStart: u32, // vec4s before the first sample
  samplePitch: u32, // vec4s from sample to sample
  across: u32, // not for convolution-shared
}

// Keeps NaN, which marks an overflow; max and comparisons may lose it, but not those of bits.
fn relu(x: vec4f) -> vec4f {
  let bits = bitcast<vec4u>(x);
  return select(x, vec4f(), (bits >= vec4u(0x80000000)) & (bits <= vec4u(0xff800000)));
}
