// How a depthwise convolution's weights lie.

// Where those of four channels start.
@inline
export function weightsOf(weights: u32, channel: u32, channels: u32, kernel: u32): u32 {
  const panel = channel & ~7;
  return weights + 4 * (panel * kernel * kernel + channel - panel);
}

// Bytes from tap to tap.
@inline
export function weightStep(channel: u32, channels: u32): u32 {
  return channels - (channel & ~7) > 4 ? 32 : 16;
}

// Ones in so many lanes, zeros behind them.
@inline
export function lanesFrom(channels: u32): v128 {
  return i32x4.lt_u(i32x4(0, 1, 2, 3), i32x4.splat(channels));
}
