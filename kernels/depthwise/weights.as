// The layout of a depthwise convolution's weights.

// The address of the weights of four channels.
@inline
export function weightsOf(weights: u32, channel: u32, channels: u32, kernel: u32): u32 {
  const panel = channel & ~7;
  return weights + 4 * (panel * kernel * kernel + channel - panel);
}

// Bytes from one tap to the next.
@inline
export function weightStep(channel: u32, channels: u32): u32 {
  return channels - (channel & ~7) > 4 ? 32 : 16;
}

// Ones in the given number of lanes, zeros in the others.
@inline
export function lanesFrom(channels: u32): v128 {
  return i32x4.lt_u(i32x4(0, 1, 2, 3), i32x4.splat(channels));
}
