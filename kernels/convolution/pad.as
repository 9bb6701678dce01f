// Copies channels of samples into a border of zeros, so that kernels need not handle the image's edge.
//
// from   [sample][height][width], `pitch` bytes from pixel to pixel
// to     [sample][height + 2 · border][width + 2 · border][channels]. Whole quads are copied: the extra lanes after a
//        pixel's channels are overwritten by the next pixel

function pad(
  from: u32,
  fromBytes: u32,
  pitch: u32,
  height: u32,
  width: u32,
  channels: u32,
  border: u32,
  to: u32,
  samples: u32,
): void {
  const bytes: u32 = 4 * channels;
  const edge = border * (width + 2 * border) * bytes;
  for (; samples > 0; samples--, from += fromBytes) {
    memory.fill(to, 0, edge);
    to += edge;
    let at = from;
    for (let y: u32 = 0; y < height; y++) {
      memory.fill(to, 0, border * bytes);
      to += border * bytes;
      for (let x: u32 = 0; x < width; x++) {
        for (let q: u32 = 0; q < bytes; q += 16) v128.store(to + q, v128.load(at + q));
        at += pitch;
        to += bytes;
      }
      memory.fill(to, 0, border * bytes);
      to += border * bytes;
    }
    memory.fill(to, 0, edge);
    to += edge;
  }
}

// The step whose input, with its border, is in a thread's scratch memory.
let copied: u32 = 0;

// For a new sample, the scratch memory contains no input.
export function forgetCopy(): void {
  copied = 0;
}

// The same for a step, unless another of its parts was computed by this thread and found the same input.
export function padFor(
  step: u32,
  parts: u32,
  from: u32,
  fromBytes: u32,
  pitch: u32,
  height: u32,
  width: u32,
  channels: u32,
  border: u32,
  to: u32,
  samples: u32,
): void {
  if (parts > 1 && copied == step) return;
  pad(from, fromBytes, pitch, height, width, channels, border, to, samples);
  copied = step;
}
